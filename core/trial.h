#pragma once

// A trial's states and the one table of transitions between them.
//
//   waiting -> running -> { pausing -> paused -> waiting, stopping } -> completed | stopped | failed
//
// `waiting` = may run as soon as a slot is free: granted again after a failure that may be retried, a lost worker, a
// promotion. A trial ends in exactly one of the last three, with its cause; only a person takes it back from stopped or
// failed to waiting (tune retry). `withdrawn` = granted ahead, never started,
// and the experiment ended: it does not count.

#include <string_view>

#include "core/ids.h"

namespace tune {

enum class TrialState { kWaiting, kRunning, kPausing, kPaused, kStopping, kCompleted, kStopped, kFailed, kWithdrawn };

/// Why a trial is where it is. Stored as the text of cause_name.
enum class Cause {
  kNone,
  kOwnEnd,    ///< the trainable returned
  kStopRule,  ///< `stop`
  kMaxT,      ///< the scheduler's max_t
  kScheduler,
  kUser,
  kBudget,  ///< time, failures, target or plateau of the experiment
  kException,
  kExit,  ///< exit code that is not 0
  kSignal,
  kMemory,
  kTimeLimit,
  kHang,        ///< no report for limits.silence
  kOutput,      ///< beyond limits.output
  kBadReport,   ///< objective or time_attr missing, or time_attr that does not grow
  kLoad,        ///< library, program or checkpoint could not be loaded
  kLostWorker,  ///< worker, fork server or controller died: never uses up a retry
};

bool is_final(TrialState state);
bool may_become(TrialState from, TrialState to);

/// `waiting running paused completed stopped failed`: what tables show (pausing and stopping are running).
std::string_view status_name(TrialState state);
/// The exact state, as the log and the trial table store it, and back.
std::string_view state_name(TrialState state);
bool state_from_name(std::string_view name, TrialState& out);

std::string_view cause_name(Cause cause);
bool cause_from_name(std::string_view name, Cause& out);

}  // namespace tune

#pragma once

// One attempt as its worker sees it: what it was told, what it has said, when it must be ended by force, and how its
// end is told. No descriptor and no clock in here: times are given.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/messages.h"
#include "core/wire/envelope.h"

namespace tune {

/// The end that an attempt gets if it is killed now.
struct Sentence {
  EndKind how = EndKind::kFailed;
  Cause cause = Cause::kNone;
  std::string text;
};

struct RunningAttempt {
  Assign assign;
  std::vector<std::int64_t> slots;  ///< of its worker's
  double began = 0;                 ///< running_seconds when its trial was told to begin
  double heard = 0;                 ///< ... of its last report, or of the answer it waited for
  Seq seq = 0;                      ///< of its last message
  Seq waits_for = 0;                ///< seq of the report whose answer it waits for, or 0
  bool held = false;                ///< nothing is read from it at present: its silence is not its own
  Seq answered = 0;                 ///< seq of the last answer the trial was told
  Wait wait;                        ///< as the trial was told
  bool told_to_leave = false;
  std::optional<double> leave_by;           ///< then it is killed
  Sentence if_it_stays;                     ///< with this sentence
  std::optional<Sentence> killed;           ///< it was
  std::optional<Ended> own_end;             ///< what the trial itself said
  std::uint64_t memory_baseline = 0;        ///< what its process had of its own before
  std::uint64_t kills_baseline = 0;         ///< processes of its own memory group that the kernel had killed before
  std::uint64_t shared_kills_baseline = 0;  ///< ... of the group that the worker is in
  double cpu_baseline = 0;

  wire::AttemptKey key() const { return {assign.trial, assign.attempt}; }
  /// Running seconds of the trial over all its attempts.
  double elapsed(double now) const { return assign.elapsed + (now - began); }
};

/// The trial is told to leave, by `kind`: if it has not left `grace` seconds from `now`, it is killed. The earliest of
/// several such times counts.
void must_leave(RunningAttempt& attempt, OrderKind kind, double grace, const std::string& why, double now);

/// When limits must be looked at next; nothing: never, as it is.
std::optional<double> next_deadline(const RunningAttempt& attempt);

/// What is due at `now`.
struct Due {
  std::optional<Sentence> kill;
  std::optional<std::string> stop;  ///< stop.time is reached: to be told to stop, with this reason
};
Due what_is_due(const RunningAttempt& attempt, double now);

/// Of one of whose processes the kernel has killed some at its limit.
Sentence memory_sentence(const RunningAttempt& attempt);

/// Whether SIGKILL that was not ours ended its process (`status` as of waitpid), or the program that ran in it.
bool was_killed(const RunningAttempt& attempt, int status);

/// Whether the kernel killed for want of memory while an attempt ran.
enum class MemoryKill {
  kNo,
  kSomewhere,  ///< it did, on this machine; of which group is not known
  kHere,       ///< it killed a process of the worker's group
};

/// How an attempt ended whose process ended with `status` (as of waitpid): by its sentence, in its own words, or as the
/// status tells. `tail`: the last lines it printed.
Ended how_it_ended(const RunningAttempt& attempt, int status, const std::string& tail, MemoryKill memory_kill,
                   double now);

/// A message of the trial is kept under the number attempt.seq + 1. `waits`: the trial stands still until its answer.
void took_message(RunningAttempt& attempt, bool waits, double now);

/// An answer of the controller. True: the trial must be told, since it waits for it, is to leave, waits next at another
/// place, or its window of unanswered reports gets full.
bool take_answer(RunningAttempt& attempt, const Ack& ack, double now);

}  // namespace tune

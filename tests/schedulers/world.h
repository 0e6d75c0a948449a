#pragma once

// A small world for one scheduler: slots, trials that report seeded random scores, fail, end by themselves, and jump
// over rungs. It keeps the history of all that was asked and told, so that another instance can be walked through it.

#include <optional>
#include <string>
#include <vector>

#include "schedulers/scheduler.h"

namespace tune::test {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::int64_t slots = 4;
  std::int64_t trials = 100;  ///< budget
  std::int64_t most_events = 100'000;
  std::uint64_t jump_in = 0;         ///< one report in so many jumps over up to 8 steps; 0: none
  std::uint64_t fail_in = 0;         ///< one event in so many is a failure
  std::uint64_t end_in = 0;          ///< one in so many a trial that ends by itself
  std::uint64_t nan_in = 0;          ///< one report in so many is a NaN
  std::uint64_t scores = 1'000'000;  ///< different values: few make ties
};

/// One step of the history: what was asked, with the answer, or what was told.
struct Happening {
  enum class Kind { kReport, kAsk, kEnded };
  Kind kind = Kind::kReport;
  // kReport
  SchedulerReport report;
  std::optional<SchedulerVerdict> verdict;
  // kAsk
  Supply supply;
  std::optional<Proposal> proposal;
  TrialId started{-1};  ///< by a proposal of kStartNew
  // kEnded, and the trial concerned by the others
  TrialId trial{-1};
  bool failed = false;
  EventNumber event;
};

struct WorldResult {
  std::vector<Happening> history;
  std::int64_t started = 0, completed = 0, stopped = 0, failed = 0, ended_alone = 0, parked = 0;
  bool ran_dry = false;  ///< nothing runs, and the scheduler wants nothing
};

/// Runs the scheduler until nothing runs and it wants nothing, or most_events have happened.
WorldResult run_world(Scheduler& scheduler, const WorldOptions& options);

/// Tells the scheduler what happened; asks nothing.
void fold(Scheduler& scheduler, const Happening& happening);

/// What the scheduler says at this point of the history: its answer, then what it says of the trial concerned.
std::string answer(const Scheduler& scheduler, const Happening& happening);
std::string recorded_answer(const Happening& happening);
/// What it says of a trial at any time: next point and whether it may go on.
std::string standing(const Scheduler& scheduler, TrialId trial);

}  // namespace tune::test

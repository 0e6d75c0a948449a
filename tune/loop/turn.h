#pragma once

// One turn's rows: the events and decisions, and the projections that follow from them.

#include <map>
#include <set>
#include <string>

#include "experiments/spec.h"
#include "experiments/store/store.h"
#include "tune/controller/controller.h"
#include "tune/loop/order.h"

namespace tune {

class TurnBuilder {
 public:
  /// `worker`: name of this host. `stored`: as the rows of the turns before have it.
  TurnBuilder(std::uint64_t seed, std::string worker, const Controller& stored);

  /// `counts`: the report is a first-time one.
  void add(LogEntry entry, Arrived& arrived, bool counts);
  bool empty() const { return rows_.entries.empty(); }
  const std::vector<LogEntry>& entries() const { return rows_.entries; }

  /// The rows, ready to commit; begins the next turn. `now`: Unix seconds; `status`: of the experiment.
  TurnRows take(const Controller& controller, double now, const std::string& status);

 private:
  void touch(TrialId trial) { touched_.insert(trial); }
  void touch_moved_up(const Controller& controller);
  TrialRow trial_row(const Controller& controller, const TrialRecord& trial, double now) const;

  std::uint64_t seed_;
  std::string worker_;
  TurnRows rows_;
  std::set<TrialId> touched_;
  std::set<TrialId> started_, finished_;
  std::set<TrialId> ahead_;                 // wait for a slot, as their rows say
  std::map<TrialId, std::string> metrics_;  // of the last report that counts
};

/// Folds an event that the controller accepts, and asks and folds the decisions upon it: they are added to `entry`. A
/// person's command that cannot be done is refused here.
void decide(Controller& controller, EventOrder& order, LogEntry& entry);

/// Of the experiment, for lists: `running`, `paused`, `finished`, `failed`.
std::string status_of(const Controller& controller);
/// Why it ends; empty while it goes on.
std::string end_reason(const Controller& controller);

}  // namespace tune

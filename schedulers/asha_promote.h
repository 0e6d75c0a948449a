#pragma once

// ASHA, variant promote (see asha.h): the paper's Algorithm 2. A trial pauses at every rung, with a checkpoint; a free
// slot goes to the best trial not promoted yet among the best floor(m/eta) of the highest rung that has one.
//
// Draining: when no new configuration will come, nothing runs and nothing is promotable, the best parked trial of the
// highest rung is promoted all the same, until one trial has trained to its end: to max_t, or to an end of its own or
// of a stopper before that.
//
// A report that crosses several rungs is entered at each from the lowest while it is among the best floor(m/eta) there
// (promoted on the spot: the training is done), and parks at the first where it is not. Promoted from there later, its
// next report counts at the next rung. A trial that is at max_t ends, wherever it ranks: nothing is left to train.
//
// Release of checkpoints: ranks only get worse, so with N trials in all an entry of rank j > floor(N/eta) is never
// promoted. Its checkpoint goes, except the best parked one's of each rung while draining may need it; a NaN's always
// does. Should more trials be allowed later, an entry without a checkpoint that is promoted starts from zero.
//
// With `grace_period: auto` the best that rung_trust.h says are promoted in place of floor(m/eta), and probes whatever
// their rank. A rung may lose its trust and let more go on, so only a NaN's checkpoint goes.
//
// Trials that are parked when the experiment ends, end as stopped. If it goes on after all (more trials are allowed),
// they are where they were: they count, and may be promoted.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "schedulers/asha_plan.h"
#include "schedulers/rung_ranks.h"
#include "schedulers/rung_trust.h"

namespace tune {

class AshaPromote final : public Scheduler {
 public:
  explicit AshaPromote(AshaPlan plan);
  AshaPromote(const AshaPromote&) = delete;
  AshaPromote& operator=(const AshaPromote&) = delete;

  std::string_view name() const override { return "asha"; }
  int rules() const override { return trust_ ? 3 : 2; }
  std::string_view time_attr() const override { return plan_.time_attr; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override;
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override;
  bool may_resume(TrialId trial) const override;
  bool keeps_parked() const override { return true; }

  void on_started(TrialId trial, const Placement& placement, const Config&) override {
    stands_.start(trial, placement);
  }
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override;
  void on_proposal(const Proposal& proposal) override;
  void on_ended(TrialId trial, bool failed, EventNumber event) override;
  void on_revived(TrialId trial) override;
  void on_trials_allowed(std::optional<std::int64_t> trials) override { plan_.trials = trials; }

 private:
  struct Rung {
    double level = 0;
    RungRanks entries;                ///< all that ever came here
    std::set<RungEntry> parked;       ///< numbers that wait for promotion
    std::set<RungEntry> held;         ///< parked, NaN included, whose checkpoint is still kept
    std::set<RungEntry> let_through;  ///< parked, to go on whatever their rank (grace_period: auto)
  };
  struct RungId {
    std::size_t bracket = 0, rung = 0;
  };
  struct Parked {
    RungId where;
    RungEntry entry;
  };
  /// What this report comes to.
  struct Climb {
    std::size_t end = 0;       ///< one beyond the last rung it is entered at
    bool parks = false;        ///< at the last of them
    bool at_top = false;       ///< has reached max_t
    bool let_through = false;  ///< parks, to go on whatever its rank: a probe (grace_period: auto)
    std::string reason;
  };
  Climb climb(const AshaStand& stand, const SchedulerReport& report) const;
  /// Of so many entries in a rung of level index `rung`, how many may go on.
  std::int64_t top_of(std::size_t rung, std::int64_t entries) const {
    return trust_ ? trust_->keeps(rung, entries) : entries / plan_.eta;
  }
  void fold_trust(const AshaStand& stand, const Climb& climb, const SchedulerReport& report, std::size_t end);

  Rung& at(RungId id) { return rungs_[id.bracket][id.rung]; }
  const Rung& at(RungId id) const { return rungs_[id.bracket][id.rung]; }
  std::int64_t promotes(RungId id) const { return top_of(id.rung, at(id).entries.size()); }
  /// The parked one that goes on next, if any may.
  std::optional<RungEntry> promotable(RungId id) const;
  std::optional<Proposal> release() const;
  std::optional<Proposal> promote() const;
  std::optional<Proposal> drain() const;
  void leave_rung(TrialId trial);

  AshaPlan plan_;
  AshaStands stands_;
  std::vector<std::vector<Rung>> rungs_;  ///< by bracket
  std::vector<RungId> from_the_top_;      ///< all rungs, highest level first, then lowest bracket
  std::map<TrialId, Parked> parked_;      ///< where each paused trial waits
  std::set<TrialId> strays_;              ///< paused by other rules than these, where there is no rung
  std::optional<RungTrust> trust_;        ///< grace_period: auto
  bool trained_to_end_ = false;           ///< some trial was
};

}  // namespace tune

#pragma once

// ASHA, variant stop (see asha.h): at a rung a trial goes on iff fewer than max(1, floor(m/eta)) of the m entries, its
// own included, are strictly better. So the first arrival always goes on, equal scores never stop each other, and of n
// trials with independent scores sum over k of max(1, floor(k/eta))/k are expected to pass a rung. No trial pauses.
//
// With `grace_period: auto` a rung keeps max(1, what rung_trust.h says) of m, and now and then a probe goes on whatever
// its rank. A trial that comes to a rung is also held against those below, which may have proved themselves only after
// it had passed; but the best that has come to a rung goes on.

#include <optional>
#include <set>
#include <vector>

#include "schedulers/asha_plan.h"
#include "schedulers/rung_ranks.h"
#include "schedulers/rung_trust.h"

namespace tune {

class AshaStop final : public Scheduler {
 public:
  explicit AshaStop(AshaPlan plan);
  AshaStop(const AshaStop&) = delete;
  AshaStop& operator=(const AshaStop&) = delete;

  std::string_view name() const override { return "asha"; }
  int rules() const override { return trust_ ? 2 : 1; }
  std::string_view time_attr() const override { return plan_.time_attr; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override;
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override { return {stands_.next_level(trial), false}; }
  bool may_resume(TrialId trial) const override { return paused_.contains(trial); }

  void on_started(TrialId trial, const Placement& placement, const Config&) override {
    stands_.start(trial, placement);
  }
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override;
  void on_proposal(const Proposal& proposal) override;
  void on_ended(TrialId trial, bool failed, EventNumber event) override;
  void on_revived(TrialId trial) override;

 private:
  /// What this report comes to: the rungs it is entered at, and whether it fails the last of them.
  struct Climb {
    std::size_t end = 0;  ///< one beyond the last level it is entered at
    bool failed = false;
    bool at_top = false;  ///< has passed all rungs and reached max_t
    // grace_period: auto
    bool is_probe = false;                  ///< goes on whatever its rank, to try the rungs
    std::optional<std::size_t> probed_at;   ///< from this rung on, which would have turned it away
    std::optional<std::size_t> lost_below;  ///< the rung that it had passed, and fails now
    std::string reason;
  };
  Climb climb(const AshaStand& stand, const SchedulerReport& report) const;
  /// Enters it at one rung; whether it goes on.
  bool enter(Climb& climb, std::size_t bracket, std::size_t rung, const Score& score) const;
  /// grace_period: auto: whether it still ranks high enough in every rung below, by what they have proved since. The
  /// best of the rung that it has come to does in any case, as somebody passes each rung.
  bool still_passes(Climb& climb, const AshaStand& stand, const SchedulerReport& report) const;
  void fold_trust(const AshaStand& stand, const Climb& climb, const SchedulerReport& report, std::size_t end);

  const AshaPlan plan_;
  AshaStands stands_;
  std::vector<std::vector<RungRanks>> rungs_;  ///< by bracket and rung
  std::optional<RungTrust> trust_;             ///< grace_period: auto
  std::set<TrialId> paused_;                   ///< by other rules than these, which pause nobody
};

}  // namespace tune

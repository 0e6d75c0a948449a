#include "schedulers/asha_stop.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace tune {

AshaStop::AshaStop(AshaPlan plan) : plan_(std::move(plan)), stands_(plan_) {
  for (const auto& levels : plan_.levels) rungs_.emplace_back(levels.size() - 1);
}

AshaStop::Climb AshaStop::climb(const AshaStand& stand, const SchedulerReport& report) const {
  const auto& levels = stands_.levels(stand);
  const std::size_t reached = stands_.reached(stand, report.t);
  Climb climb;
  climb.end = stand.next;
  for (; climb.end < reached && climb.end + 1 < levels.size() && !climb.failed; ++climb.end) {
    const RungRanks& rung = rungs_[stand.bracket][climb.end];
    const std::int64_t entries = rung.size() + 1;
    const std::int64_t keeps = std::max<std::int64_t>(1, entries / plan_.eta);
    const std::int64_t better = rung.better_than(report.score);
    climb.failed = !report.score.is_number() || better >= keeps;
    if (!climb.reason.empty()) climb.reason += "; ";
    climb.reason += report.score.is_number()
                        ? fmt::format("rank {} of {} in rung {}, keeps {}", better + 1, entries,
                                      format_real(levels[climb.end]), keeps)
                        : fmt::format("NaN in rung {}, which keeps numbers only", format_real(levels[climb.end]));
  }
  climb.reason += coarse_note(climb.end - stand.next);
  climb.at_top = !climb.failed && reached == levels.size();
  return climb;
}

std::optional<SchedulerVerdict> AshaStop::judge(const SchedulerReport& report) const {
  const AshaStand* stand = stands_.find(report.trial);
  if (stand == nullptr || !stands_.crosses(*stand, report.t)) return std::nullopt;
  Climb climb = this->climb(*stand, report);
  if (climb.failed) return SchedulerVerdict{Verdict::kStop, false, std::move(climb.reason)};
  if (!climb.at_top) return SchedulerVerdict{Verdict::kContinue, false, std::move(climb.reason)};
  const std::string top = "reached max_t " + format_real(plan_.max_t());
  if (plan_.stop_last_trials) return SchedulerVerdict{Verdict::kStop, true, top};
  return SchedulerVerdict{Verdict::kContinue, false, top + ", goes on"};
}

void AshaStop::on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) {
  AshaStand* stand = stands_.find(report.trial);
  if (stand == nullptr) return;
  if (verdict != nullptr && verdict->verdict == Verdict::kPause) paused_.insert(report.trial);
  if (!stands_.crosses(*stand, report.t)) return;

  const std::size_t reached = stands_.reached(*stand, report.t);
  const std::size_t rungs = stands_.levels(*stand).size() - 1;
  // Who was told to go on, or ended for another reason than its rank, has been at every rung it came by.
  const bool stopped = verdict != nullptr && verdict->verdict == Verdict::kStop;
  const std::size_t end = stopped ? climb(*stand, report).end : std::min(reached, rungs);
  for (std::size_t rung = stand->next; rung < end; ++rung) {
    rungs_[stand->bracket][rung].insert({report.score, report.trial});
  }
  stand->next = stopped ? end : reached;
}

std::optional<Proposal> AshaStop::propose(const Supply& supply) const {
  if (!supply.slot_free) return std::nullopt;
  if (!paused_.empty()) {
    return Proposal::about(Proposal::Kind::kResume, *paused_.begin(), "goes on: under these rules no trial pauses");
  }
  if (!supply.new_allowed) return std::nullopt;
  const Placement placement = plan_.place(stands_.next_trial());
  return Proposal::start_new(placement, plan_.place_words(placement));
}

void AshaStop::on_proposal(const Proposal& proposal) {
  if (proposal.kind == Proposal::Kind::kResume) paused_.erase(proposal.trial);
}

void AshaStop::on_ended(TrialId trial, bool failed, EventNumber event) {
  const AshaStand* stand = stands_.find(trial);
  std::optional<Score> failure;
  if (failed && stand != nullptr && stands_.before_rung(*stand)) {
    failure = Score::failed(event);
    rungs_[stand->bracket][stand->next].insert({*failure, trial});
  }
  stands_.end(trial, failure);
  paused_.erase(trial);
}

void AshaStop::on_revived(TrialId trial) {
  AshaStand* stand = stands_.revive(trial);
  if (stand == nullptr || !stand->failure) return;
  rungs_[stand->bracket][stand->next].erase({*stand->failure, trial});
  stand->failure.reset();
}

}  // namespace tune

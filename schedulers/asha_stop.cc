#include "schedulers/asha_stop.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace tune {

AshaStop::AshaStop(AshaPlan plan) : plan_(std::move(plan)), stands_(plan_) {
  for (const auto& levels : plan_.levels) rungs_.emplace_back(levels.size() - 1);
  if (plan_.auto_grace) trust_.emplace(plan_.levels.front(), plan_.eta);
}

bool AshaStop::enter(Climb& climb, std::size_t bracket, std::size_t rung, const Score& score) const {
  const RungRanks& ranks = rungs_[bracket][rung];
  const std::string level = format_real(plan_.levels[bracket][rung]);
  if (!climb.reason.empty()) climb.reason += "; ";
  if (!score.is_number()) {
    climb.reason += fmt::format("NaN in rung {}, which keeps numbers only", level);
    return false;
  }
  const std::int64_t entries = ranks.size() + 1, better = ranks.better_than(score);
  const std::int64_t keeps = std::max<std::int64_t>(1, trust_ ? trust_->keeps(rung, entries) : entries / plan_.eta);
  climb.reason += fmt::format("rank {} of {} in rung {}, keeps {}", better + 1, entries, level, keeps);
  if (trust_) climb.reason += fmt::format(" ({})", trust_->words(rung));
  if (better < keeps) return true;
  if (!trust_ || !(climb.is_probe || trust_->wants_probe(rung))) return false;
  climb.reason += ", goes on to try the rungs";
  if (!climb.is_probe) climb.probed_at = rung;
  climb.is_probe = true;
  return true;
}

bool AshaStop::still_passes(Climb& climb, const AshaStand& stand, const SchedulerReport& report) const {
  const bool is_best = rungs_[stand.bracket][climb.end - 1].better_than(report.score) == 0;
  if (climb.is_probe || is_best) return true;
  for (std::size_t rung = 0; rung < stand.next; ++rung) {
    const RungRanks& ranks = rungs_[stand.bracket][rung];
    const std::int64_t better = ranks.better_than(trust_->score_at(report.trial, rung));
    const std::int64_t keeps = std::max<std::int64_t>(1, trust_->keeps(rung, ranks.size()));
    if (better < keeps) continue;
    climb.lost_below = rung;
    climb.reason += fmt::format("; rank {} of {} in rung {}, which by now keeps {} ({})", better + 1, ranks.size(),
                                format_real(stands_.levels(stand)[rung]), keeps, trust_->words(rung));
    return false;
  }
  return true;
}

AshaStop::Climb AshaStop::climb(const AshaStand& stand, const SchedulerReport& report) const {
  const auto& levels = stands_.levels(stand);
  const std::size_t reached = stands_.reached(stand, report.t);
  Climb climb;
  climb.end = stand.next;
  climb.is_probe = trust_ && trust_->is_probe(report.trial);
  for (; climb.end < reached && climb.end + 1 < levels.size() && !climb.failed; ++climb.end) {
    climb.failed = !enter(climb, stand.bracket, climb.end, report.score);
  }
  climb.reason += coarse_note(climb.end - stand.next);
  climb.at_top = !climb.failed && reached == levels.size();
  if (trust_ && !climb.failed && !climb.at_top) {
    climb.failed = !still_passes(climb, stand, report);
  }
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
  const Climb climb = stopped || trust_ ? this->climb(*stand, report) : Climb();
  const std::size_t end = stopped ? climb.end : std::min(reached, rungs);
  if (trust_) fold_trust(*stand, climb, report, stopped && !climb.at_top ? end : reached);
  for (std::size_t rung = stand->next; rung < end; ++rung) {
    rungs_[stand->bracket][rung].insert({report.score, report.trial});
  }
  stand->next = stopped ? end : reached;
}

void AshaStop::fold_trust(const AshaStand& stand, const Climb& climb, const SchedulerReport& report, std::size_t end) {
  for (std::size_t rung = stand.next; rung < end; ++rung) trust_->arrive(report.trial, rung, report.score);
  if (climb.probed_at && end > *climb.probed_at) trust_->make_probe(report.trial, *climb.probed_at);
  if (climb.lost_below) trust_->turn_back(report.trial, *climb.lost_below);
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

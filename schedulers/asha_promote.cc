#include "schedulers/asha_promote.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace tune {

AshaPromote::AshaPromote(AshaPlan plan) : plan_(std::move(plan)), stands_(plan_) {
  for (std::size_t bracket = 0; bracket < plan_.levels.size(); ++bracket) {
    const auto& levels = plan_.levels[bracket];
    auto& rungs = rungs_.emplace_back(levels.size() - 1);
    for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
      rungs[rung].level = levels[rung];
      from_the_top_.push_back({bracket, rung});
    }
  }
  std::stable_sort(from_the_top_.begin(), from_the_top_.end(),
                   [&](RungId a, RungId b) { return at(a).level > at(b).level; });
  if (plan_.auto_grace) trust_.emplace(plan_.levels.front(), plan_.eta);
}

AshaPromote::Climb AshaPromote::climb(const AshaStand& stand, const SchedulerReport& report) const {
  const std::size_t reached = stands_.reached(stand, report.t);
  Climb climb;
  climb.at_top = reached == stands_.levels(stand).size();
  for (climb.end = stand.next; climb.end < reached && !climb.parks; ++climb.end) {
    if (!stands_.before_rung({stand.bracket, climb.end})) break;
    const Rung& rung = rungs_[stand.bracket][climb.end];
    const std::int64_t entries = rung.entries.size() + 1;
    const std::int64_t top = top_of(climb.end, entries);
    const std::int64_t rank = rung.entries.rank({report.score, report.trial});
    const bool promoted = climb.end + 1 < reached && report.score.is_number() && rank <= top;
    climb.parks = !promoted;
    climb.let_through = trust_ && report.score.is_number() && rank > top &&
                        (trust_->is_probe(report.trial) || trust_->wants_probe(climb.end));
    if (!climb.reason.empty()) climb.reason += "; ";
    climb.reason += report.score.is_number()
                        ? fmt::format("{} rung {}: rank {} of {}, top {}", promoted ? "passes" : "waits in",
                                      format_real(rung.level), rank, entries, top)
                        : fmt::format("NaN in rung {}, which promotes numbers only", format_real(rung.level));
    if (trust_ && report.score.is_number()) climb.reason += fmt::format(" ({})", trust_->words(climb.end));
    if (climb.let_through) climb.reason += ", goes on to try the rungs";
  }
  climb.reason += coarse_note(climb.end - stand.next);
  return climb;
}

std::optional<SchedulerVerdict> AshaPromote::judge(const SchedulerReport& report) const {
  const AshaStand* stand = stands_.find(report.trial);
  if (stand == nullptr || !stands_.crosses(*stand, report.t)) return std::nullopt;
  Climb climb = this->climb(*stand, report);
  const std::string top = "reached max_t " + format_real(plan_.max_t());
  if (climb.at_top && plan_.stop_last_trials) return SchedulerVerdict{Verdict::kStop, true, top};
  if (climb.parks) return SchedulerVerdict{Verdict::kPause, false, std::move(climb.reason)};
  return SchedulerVerdict{Verdict::kContinue, false, top + ", goes on"};
}

void AshaPromote::on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) {
  AshaStand* stand = stands_.find(report.trial);
  if (stand == nullptr) return;
  if (report.t >= plan_.max_t()) trained_to_end_ = true;

  const std::size_t before = stand->next, reached = stands_.reached(*stand, report.t);
  const std::size_t rungs = stands_.levels(*stand).size() - 1;
  const Climb climb = this->climb(*stand, report);
  const Verdict told = verdict == nullptr ? Verdict::kContinue : verdict->verdict;
  // Who was told to go on is at every rung it came by, and waits in none.
  const std::size_t end = told == Verdict::kContinue ? std::max(before, std::min(reached, rungs)) : climb.end;
  const RungEntry entry{report.score, report.trial};
  for (std::size_t rung = before; rung < end; ++rung) rungs_[stand->bracket][rung].entries.insert(entry);
  if (trust_) fold_trust(*stand, climb, report, climb.at_top || told == Verdict::kContinue ? reached : end);
  stand->next = told == Verdict::kContinue ? std::max(before, reached) : end;

  if (told != Verdict::kPause) return;
  if (!climb.parks) {
    strays_.insert(report.trial);
    return;
  }
  const RungId where{stand->bracket, end - 1};
  if (report.score.is_number()) at(where).parked.insert(entry);
  if (climb.let_through) at(where).let_through.insert(entry);
  at(where).held.insert(entry);
  parked_.insert_or_assign(report.trial, Parked{where, entry});
}

void AshaPromote::fold_trust(const AshaStand& stand, const Climb& climb, const SchedulerReport& report,
                             std::size_t end) {
  for (std::size_t rung = stand.next; rung < end; ++rung) trust_->arrive(report.trial, rung, report.score);
  if (climb.let_through) trust_->make_probe(report.trial, climb.end - 1);
}

// --- What to do about trials that do not run -------------------------------------------------------------------------

std::optional<RungEntry> AshaPromote::promotable(RungId id) const {
  const Rung& rung = at(id);
  if (rung.parked.empty()) return std::nullopt;
  if (rung.entries.rank(*rung.parked.begin()) <= promotes(id)) return *rung.parked.begin();
  if (!rung.let_through.empty()) return *rung.let_through.begin();
  return std::nullopt;
}

std::optional<Proposal> AshaPromote::propose(const Supply& supply) const {
  if (auto proposal = release()) return proposal;
  if (!supply.slot_free) return std::nullopt;
  if (!strays_.empty()) {
    return Proposal::about(Proposal::Kind::kResume, *strays_.begin(), "goes on: these rules have no rung here");
  }
  if (auto proposal = promote()) return proposal;
  if (supply.new_allowed) {
    const Placement placement = plan_.place(stands_.next_trial());
    return Proposal::start_new(placement, plan_.place_words(placement));
  }
  if (plan_.drain && !trained_to_end_ && supply.over && supply.running == 0) return drain();
  return std::nullopt;
}

std::optional<Proposal> AshaPromote::release() const {
  for (const auto& bracket : rungs_) {
    for (std::size_t at = 0; at < bracket.size(); ++at) {
      const Rung& rung = bracket[at];
      if (rung.held.empty()) continue;
      const RungEntry& worst = *rung.held.rbegin();
      if (!worst.score.is_number()) {
        return Proposal::about(Proposal::Kind::kUnpark, worst.trial,
                               fmt::format("NaN in rung {} is never promoted", format_real(rung.level)));
      }
      const bool may_drain = plan_.drain && !trained_to_end_ && worst.trial == rung.parked.begin()->trial;
      if (may_drain || trust_ || !plan_.trials) continue;
      const std::int64_t rank = rung.entries.rank(worst), most = top_of(at, *plan_.trials);
      if (rank <= most) continue;
      return Proposal::about(Proposal::Kind::kUnpark, worst.trial,
                             fmt::format("rank {} of {} in rung {}: {} trials promote at most {}", rank,
                                         rung.entries.size(), format_real(rung.level), *plan_.trials, most));
    }
  }
  return std::nullopt;
}

std::optional<Proposal> AshaPromote::promote() const {
  for (const RungId id : from_the_top_) {
    const auto best = promotable(id);
    if (!best) continue;
    const Rung& rung = at(id);
    const std::int64_t rank = rung.entries.rank(*best), top = promotes(id);
    std::string reason = fmt::format("promoted from rung {}: rank {} of {}, top {}", format_real(rung.level), rank,
                                     rung.entries.size(), top);
    if (trust_) reason += fmt::format(" ({}){}", trust_->words(id.rung), rank > top ? ", to try the rungs" : "");
    return Proposal::about(Proposal::Kind::kResume, best->trial, std::move(reason));
  }
  return std::nullopt;
}

std::optional<Proposal> AshaPromote::drain() const {
  for (const RungId id : from_the_top_) {
    const Rung& rung = at(id);
    if (rung.parked.empty()) continue;
    const RungEntry& best = *rung.parked.begin();
    return Proposal::about(
        Proposal::Kind::kResume, best.trial,
        fmt::format("drained from rung {}: rank {} of {}, and no trial has reached max_t {}", format_real(rung.level),
                    rung.entries.rank(best), rung.entries.size(), format_real(plan_.max_t())));
  }
  return std::nullopt;
}

SchedulePoint AshaPromote::next_point(TrialId trial) const {
  const AshaStand* stand = stands_.find(trial);
  return {stands_.next_level(trial), stand != nullptr && stands_.before_rung(*stand)};
}

bool AshaPromote::may_resume(TrialId trial) const {
  if (strays_.contains(trial)) return true;
  const auto parked = parked_.find(trial);
  return parked != parked_.end() && at(parked->second.where).held.contains(parked->second.entry);
}

void AshaPromote::leave_rung(TrialId trial) {
  strays_.erase(trial);
  const auto parked = parked_.find(trial);
  if (parked == parked_.end()) return;
  Rung& rung = at(parked->second.where);
  rung.parked.erase(parked->second.entry);
  rung.let_through.erase(parked->second.entry);
  rung.held.erase(parked->second.entry);
  parked_.erase(parked);
}

void AshaPromote::on_proposal(const Proposal& proposal) {
  if (proposal.kind == Proposal::Kind::kResume) leave_rung(proposal.trial);
  if (proposal.kind != Proposal::Kind::kUnpark) return;
  const auto parked = parked_.find(proposal.trial);
  if (parked != parked_.end()) at(parked->second.where).held.erase(parked->second.entry);
}

void AshaPromote::on_ended(TrialId trial, bool failed, EventNumber event) {
  const AshaStand* stand = stands_.find(trial);
  if (stand == nullptr) return;
  std::optional<Score> failure;
  const bool ran = !parked_.contains(trial) && !strays_.contains(trial);
  if (ran && failed && stands_.before_rung(*stand)) {
    failure = Score::failed(event);
    rungs_[stand->bracket][stand->next].entries.insert({*failure, trial});
  }
  if (ran && !failed) trained_to_end_ = true;
  leave_rung(trial);
  stands_.end(trial, failure);
}

void AshaPromote::on_revived(TrialId trial) {
  leave_rung(trial);  // parked when the experiment ended
  AshaStand* stand = stands_.revive(trial);
  if (stand == nullptr || !stand->failure) return;
  rungs_[stand->bracket][stand->next].entries.erase({*stand->failure, trial});
  stand->failure.reset();
}

}  // namespace tune

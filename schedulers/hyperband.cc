#include "schedulers/hyperband.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "core/text.h"
#include "schedulers/halving.h"
#include "schedulers/rung_options.h"
#include "schedulers/rung_trust.h"
#include "schedulers/rungs.h"
#include "schedulers/tables.h"

namespace tune {
namespace {

/// What a bracket is made of, by its number: 0 is the first one opened.
class BracketPlan {
 public:
  explicit BracketPlan(const Options& options)
      : eta_(options.integer("reduction_factor")),
        counts_(options.text("time_attr") == "training_iteration"),
        largest_first_(options.text("order") == "largest_first"),
        max_t_(options.real("max_t")) {
    // auto: the largest bracket there could be, as far as the lowest level that ASHA's auto would watch.
    const double r = !has_auto_grace(options) ? options.real("grace_period")
                     : counts_ ? static_cast<double>(auto_levels(static_cast<std::int64_t>(max_t_)).front())
                               : real_auto_levels(max_t_).front();
    s_max_ = counts_ ? s_max(static_cast<std::int64_t>(r), static_cast<std::int64_t>(max_t_), eta_)
                     : real_s_max(r, max_t_, eta_);
    const Value* rounds = options.find("max_rounds");
    if (rounds != nullptr && rounds->is_integer()) max_rounds_ = rounds->integer();
  }

  double max_t() const { return max_t_; }
  std::int64_t eta() const { return eta_; }
  std::int64_t largest_s() const { return s_max_; }
  std::int64_t s(std::int64_t bracket) const {
    const std::int64_t k = bracket % (s_max_ + 1);
    return largest_first_ ? s_max_ - k : k;
  }
  bool exists(std::int64_t bracket) const { return !max_rounds_ || bracket / (s_max_ + 1) < *max_rounds_; }
  std::int64_t members(std::int64_t bracket) const { return hyperband_n(s_max_, eta_, s(bracket)); }
  /// With the levels of bracket `most_s` at most.
  HalvingBracket make(std::int64_t bracket, std::int64_t most_s) const {
    const std::int64_t planned = s(bracket), built = std::min(planned, most_s);
    return {levels(built), members(bracket), eta_, planned - built};
  }
  std::string words(std::int64_t bracket) const {
    return fmt::format("bracket {} (s = {}, round {})", bracket, s(bracket), bracket / (s_max_ + 1) + 1);
  }

  /// Of a bracket s, the last of which is max_t; those of a smaller bracket are the last of these.
  std::vector<double> levels(std::int64_t s) const {
    if (counts_) {
      const auto whole = hyperband_levels(static_cast<std::int64_t>(max_t_), eta_, s);
      return {whole.begin(), whole.end()};
    }
    std::vector<double> levels(static_cast<std::size_t>(s) + 1, max_t_);
    for (std::size_t i = levels.size() - 1; i-- > 0;) levels[i] = levels[i + 1] / static_cast<double>(eta_);
    return levels;
  }

 private:
  std::int64_t eta_, s_max_ = 0;
  bool counts_, largest_first_;
  double max_t_;
  std::optional<std::int64_t> max_rounds_;
};

class HyperBand final : public Scheduler {
 public:
  HyperBand(std::string_view name, const Options& options)
      : name_(name),
        plan_(options),
        time_attr_(options.text("time_attr")),
        stop_last_trials_(options.boolean("stop_last_trials")),
        drain_(options.boolean("drain")),
        levels_(plan_.levels(plan_.largest_s())) {
    if (has_auto_grace(options)) trust_.emplace(levels_, plan_.eta());
  }

  std::string_view name() const override { return name_; }
  int rules() const override { return trust_ ? 2 : 1; }
  std::string_view time_attr() const override { return time_attr_; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override;
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override;
  bool may_resume(TrialId trial) const override;

  void on_started(TrialId trial, const Placement& placement, const Config&) override;
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override;
  void on_proposal(const Proposal& proposal) override;
  void on_ended(TrialId trial, bool failed, EventNumber event) override;
  /// Its bracket did not wait for it: it runs to max_t by itself.
  void on_revived(TrialId trial) override { loners_.insert(trial); }

 private:
  const HalvingBracket* bracket_of(TrialId trial) const {
    const auto found = home_.find(trial);
    return found == home_.end() ? nullptr : &brackets_.at(found->second);
  }
  /// It takes part no more, though it may run.
  void leave(TrialId trial);
  /// The bracket that the next new trial joins; negative: none is left.
  std::int64_t next_bracket() const;
  /// The largest s all levels of which have proved themselves (grace_period: auto).
  std::int64_t proved_s() const;
  void fold_trust(const SchedulerReport& report);

  std::string name_;
  BracketPlan plan_;
  std::string time_attr_;
  bool stop_last_trials_, drain_;
  std::vector<double> levels_;              ///< of the largest bracket
  std::optional<RungTrust> trust_;          ///< grace_period: auto
  std::map<TrialId, std::size_t> trusted_;  ///< how many of levels_ each trial has reached

  std::map<std::int64_t, HalvingBracket> brackets_;  ///< those that are not over
  std::int64_t opened_ = 0;                          ///< brackets so far
  std::map<TrialId, std::int64_t> home_;             ///< bracket of each member
  std::set<TrialId> loners_;                         ///< of no bracket, on their way to max_t
  std::set<TrialId> strays_;                         ///< paused by other rules: they just go on
};

std::optional<SchedulerVerdict> HyperBand::judge(const SchedulerReport& report) const {
  const HalvingBracket* bracket = bracket_of(report.trial);
  if (bracket == nullptr && !loners_.contains(report.trial)) return std::nullopt;
  if (report.t >= plan_.max_t()) {
    const std::string top = "reached max_t " + format_real(plan_.max_t());
    if (stop_last_trials_) return SchedulerVerdict{Verdict::kStop, true, top};
    return SchedulerVerdict{Verdict::kContinue, false, top + ", goes on"};
  }
  if (bracket == nullptr || report.t < bracket->next_level(report.trial)) return std::nullopt;
  return SchedulerVerdict{
      Verdict::kPause, false,
      fmt::format("waits in {}: {}", plan_.words(home_.at(report.trial)), bracket->arrivals(report.trial))};
}

std::int64_t HyperBand::next_bracket() const {
  if (!brackets_.empty() && brackets_.rbegin()->second.open()) return brackets_.rbegin()->first;
  std::int64_t number = opened_;
  while (trust_ && proved_s() == 0 && plan_.s(number) > 0) ++number;
  return plan_.exists(number) ? number : -1;
}

std::int64_t HyperBand::proved_s() const {
  std::int64_t s = 0;
  while (s < plan_.largest_s() && trust_->is_proved(static_cast<std::size_t>(plan_.largest_s() - s - 1))) ++s;
  return s;
}

void HyperBand::fold_trust(const SchedulerReport& report) {
  for (std::size_t& next = trusted_[report.trial]; next < levels_.size() && report.t >= levels_[next]; ++next) {
    trust_->arrive(report.trial, next, report.score);
  }
}

std::optional<Proposal> HyperBand::propose(const Supply& supply) const {
  for (const auto& [number, bracket] : brackets_) {
    const auto act = bracket.next(supply.over && drain_);
    if (!act || (!act->stop && !supply.slot_free)) continue;
    return Proposal::about(
        act->stop ? Proposal::Kind::kStop : Proposal::Kind::kResume, act->trial,
        fmt::format("{} of {}: {}", act->stop ? "loser" : "winner", plan_.words(number), act->reason));
  }
  if (!supply.slot_free) return std::nullopt;
  if (!strays_.empty()) {
    return Proposal::about(Proposal::Kind::kResume, *strays_.begin(), "goes on: these rules have no level here");
  }
  const std::int64_t number = next_bracket();
  if (!supply.new_allowed || number < 0) return std::nullopt;
  const auto open = brackets_.find(number);
  const std::int64_t joined = open == brackets_.end() ? 0 : open->second.joined();
  std::string reason = fmt::format("{}, member {} of {}", plan_.words(number), joined + 1, plan_.members(number));
  if (trust_ && joined == 0) {
    // The lowest level it has, or what keeps it from being larger.
    const std::int64_t proved = proved_s(), s = std::min(plan_.s(number), proved), told = s > 0 ? s : 1;
    if (told <= plan_.largest_s() && (s > 0 || proved == 0)) {
      const auto level = static_cast<std::size_t>(plan_.largest_s() - told);
      reason += fmt::format("; {} {}: {}", s > 0 ? "begins to halve at" : "halves nowhere yet, not even at",
                            format_real(levels_[level]), trust_->words(level));
    }
  }
  return Proposal::start_new({number}, std::move(reason));
}

SchedulePoint HyperBand::next_point(TrialId trial) const {
  if (const HalvingBracket* bracket = bracket_of(trial))
    return {bracket->next_level(trial), bracket->before_last(trial)};
  if (loners_.contains(trial)) return {plan_.max_t(), false};
  return {};
}

bool HyperBand::may_resume(TrialId trial) const {
  if (strays_.contains(trial)) return true;
  const HalvingBracket* bracket = bracket_of(trial);
  return bracket != nullptr && bracket->is_waiting(trial);
}

void HyperBand::on_started(TrialId trial, const Placement& placement, const Config&) {
  const std::int64_t number = std::max<std::int64_t>(placement.bracket, 0);
  auto bracket = brackets_.find(number);
  if (bracket == brackets_.end()) {
    const std::int64_t most_s = trust_ ? proved_s() : plan_.largest_s();
    bracket = brackets_.emplace(number, plan_.make(number, most_s)).first;
  }
  opened_ = std::max(opened_, number + 1);
  bracket->second.add(trial);
  home_[trial] = number;
}

void HyperBand::on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) {
  if (trust_) fold_trust(report);
  const Verdict told = verdict == nullptr ? Verdict::kContinue : verdict->verdict;
  if (told == Verdict::kStop) return;  // on_ended() follows
  const auto home = home_.find(report.trial);
  const bool is_member = home != home_.end();
  if (told == Verdict::kPause) {
    if (is_member && brackets_.at(home->second).before_last(report.trial)) {
      brackets_.at(home->second).arrive(report.trial, report.score);
    } else {
      strays_.insert(report.trial);
    }
    return;
  }
  // Other rules, or stop_last_trials: false, let it run past its level: the others do not wait for it.
  if (is_member && report.t >= brackets_.at(home->second).next_level(report.trial)) {
    leave(report.trial);
    loners_.insert(report.trial);
  }
  if (report.t >= plan_.max_t()) loners_.erase(report.trial);
}

void HyperBand::on_proposal(const Proposal& proposal) {
  if (proposal.kind != Proposal::Kind::kResume) return;
  if (strays_.erase(proposal.trial) > 0) return;
  const auto home = home_.find(proposal.trial);
  if (home == home_.end()) return;
  HalvingBracket& bracket = brackets_.at(home->second);
  if (bracket.is_waiting(proposal.trial)) bracket.promote(proposal.trial);
}

void HyperBand::leave(TrialId trial) {
  const auto home = home_.find(trial);
  if (home == home_.end()) return;
  const auto bracket = brackets_.find(home->second);
  bracket->second.leave(trial);
  if (bracket->second.over()) brackets_.erase(bracket);
  home_.erase(home);
}

void HyperBand::on_ended(TrialId trial, bool /*failed*/, EventNumber) {
  leave(trial);
  loners_.erase(trial);
  strays_.erase(trial);
}

AlgorithmInfo bracket_info(std::string name, std::vector<std::string> aliases, std::string help) {
  AlgorithmInfo info;
  info.name = std::move(name);
  info.aliases = std::move(aliases);
  info.help = std::move(help);
  info.options = {
      tables::time_attr("training_iteration"),
      tables::max_t(81),
      tables::grace_period(1, "No level lies below this. auto: none that has not proved to predict the end."),
      tables::reduction_factor(3),
      tables::boolean("stop_last_trials", true, "End trials that reach max_t."),
      tables::choice("order", {"largest_first", "smallest_first"}, "Which bracket is filled first."),
      tables::integer("max_rounds", 1, Value(), "Rounds over all brackets; no limit by default."),
      tables::boolean("drain", true, "When no new trial will come, halve a bracket that is not full."),
  };
  info.capabilities.needs_checkpoints = true;
  info.check = check_rung_options;
  return info;
}

}  // namespace

AlgorithmInfo hyperband_info() { return bracket_info("hyperband", {}, "Synchronous successive halving in brackets."); }
AlgorithmInfo bohb_info() { return bracket_info("hb_bohb", {"bohb"}, "HyperBand's brackets, for search: bohb."); }

std::unique_ptr<Scheduler> make_hyperband(std::string_view name, const SchedulerContext& context) {
  return std::make_unique<HyperBand>(name, context.options);
}

}  // namespace tune

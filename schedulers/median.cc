#include "schedulers/median.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "schedulers/tables.h"

namespace tune {
namespace {

class MedianStopping final : public Scheduler {
 public:
  explicit MedianStopping(const SchedulerContext& context)
      : time_attr_(context.options.text("time_attr")),
        grace_(context.options.real("grace_period")),
        slice_(context.options.real("min_time_slice")),
        least_peers_(context.options.integer("min_samples_required")),
        hard_stop_(context.options.boolean("hard_stop")),
        allowed_(context.trials),
        means_(context.options.text("peers") == "reached" ? PeerMeans::Peers::kReached : PeerMeans::Peers::kCompleted,
               grace_, time_attr_ == "training_iteration") {}

  std::string_view name() const override { return "median_stopping_rule"; }
  int rules() const override { return 1; }
  std::string_view time_attr() const override { return time_attr_; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override;
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override;
  bool may_resume(TrialId trial) const override { return weak_by_.contains(trial) || sliced_by_.contains(trial); }

  void on_started(TrialId trial, const Placement&, const Config&) override {
    stands_[trial] = {};
    ++started_;
  }
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override;
  void on_proposal(const Proposal& proposal) override;
  void on_ended(TrialId trial, bool failed, EventNumber event) override;
  void on_revived(TrialId trial) override { means_.reopen(trial); }
  void on_trials_allowed(std::optional<std::int64_t> trials) override { allowed_ = trials; }

 private:
  struct Stand {
    std::optional<double> best;  ///< of its numbers; signed
    double t = 0;                ///< of its last report
    double resumed_at = 0;       ///< t when it last took a slot
    bool second_chance = false;  ///< paused once for its results; not judged again
  };

  std::optional<double> best_with(const Stand& stand, const Score& score) const {
    if (!score.is_number()) return stand.best;
    return stand.best ? std::min(*stand.best, score.u) : score.u;
  }
  /// Whether somebody would use the slot.
  bool somebody_waits() const { return !sliced_.empty() || !allowed_ || started_ < *allowed_; }
  bool may_pause() const { return !hard_stop_ || slice_ > 0; }
  void leave(TrialId trial);

  std::string time_attr_;
  double grace_, slice_;
  std::int64_t least_peers_;
  bool hard_stop_;
  std::optional<std::int64_t> allowed_;
  std::int64_t started_ = 0;
  PeerMeans means_;
  std::map<TrialId, Stand> stands_;
  // Paused ones, in the order in which they go on: with poor results by score, for their slice by time.
  std::set<std::pair<Score, TrialId>> weak_;
  std::map<TrialId, Score> weak_by_;
  std::set<std::pair<double, TrialId>> sliced_;
  std::map<TrialId, double> sliced_by_;
};

std::optional<SchedulerVerdict> MedianStopping::judge(const SchedulerReport& report) const {
  const auto found = stands_.find(report.trial);
  if (found == stands_.end() || report.t < grace_) return std::nullopt;
  const Stand& stand = found->second;
  if (stand.second_chance) return std::nullopt;
  const PeerMeans::Median median = means_.median(report.trial, report.t);
  if (median.peers < least_peers_) {
    std::string reason = fmt::format("{} of {} peers at {}", median.peers, least_peers_, format_real(report.t));
    if (slice_ > 0 && report.t - stand.resumed_at > slice_ && somebody_waits()) {
      return SchedulerVerdict{Verdict::kPause, false, reason + ": its time slice is over, others wait"};
    }
    return SchedulerVerdict{Verdict::kContinue, false, std::move(reason)};
  }
  // Strictly worse: a number than a better median; no number at all than any median that is one.
  const std::optional<double> best = best_with(stand, report.score);
  const bool is_worse = median.value && (!best || *best > *median.value);
  // Signed values: what a person maximises is negative here, and the score does not tell. So only ranks are worded.
  std::string reason = fmt::format("its best is {} the median of {} running means at {}",
                                   is_worse ? "worse than" : "no worse than", median.peers, format_real(report.t));
  if (!is_worse) return SchedulerVerdict{Verdict::kContinue, false, std::move(reason)};
  return SchedulerVerdict{hard_stop_ ? Verdict::kStop : Verdict::kPause, false, std::move(reason)};
}

std::optional<Proposal> MedianStopping::propose(const Supply& supply) const {
  if (!supply.slot_free) return std::nullopt;
  if (supply.new_allowed) return Proposal::start_new({}, "");
  if (!sliced_.empty()) {
    const auto& [t, trial] = *sliced_.begin();
    return Proposal::about(Proposal::Kind::kResume, trial, fmt::format("its turn again, at {}", format_real(t)));
  }
  if (supply.over && !weak_.empty()) {
    return Proposal::about(Proposal::Kind::kResume, weak_.begin()->second, "no new trial wants the slot");
  }
  return std::nullopt;
}

SchedulePoint MedianStopping::next_point(TrialId trial) const {
  const auto found = stands_.find(trial);
  if (found == stands_.end() || found->second.second_chance) return {};
  return {grace_, may_pause()};
}

void MedianStopping::on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) {
  means_.add(report.trial, report.t, report.score);
  const auto found = stands_.find(report.trial);
  if (found == stands_.end()) return;
  Stand& stand = found->second;
  stand.best = best_with(stand, report.score);
  stand.t = report.t;
  if (verdict == nullptr || verdict->verdict != Verdict::kPause) return;
  const bool by_slice = means_.median(report.trial, report.t).peers < least_peers_;
  leave(report.trial);
  if (by_slice) {
    sliced_.insert({report.t, report.trial});
    sliced_by_[report.trial] = report.t;
  } else {
    const Score score = stand.best ? Score{ScoreClass::kNumber, *stand.best, report.score.event}
                                   : Score{ScoreClass::kNaN, 0, report.score.event};
    weak_.insert({score, report.trial});
    weak_by_[report.trial] = score;
  }
}

void MedianStopping::leave(TrialId trial) {
  if (const auto weak = weak_by_.find(trial); weak != weak_by_.end()) {
    weak_.erase({weak->second, trial});
    weak_by_.erase(weak);
  }
  if (const auto sliced = sliced_by_.find(trial); sliced != sliced_by_.end()) {
    sliced_.erase({sliced->second, trial});
    sliced_by_.erase(sliced);
  }
}

void MedianStopping::on_proposal(const Proposal& proposal) {
  if (proposal.kind != Proposal::Kind::kResume) return;
  Stand& stand = stands_[proposal.trial];
  stand.second_chance = stand.second_chance || weak_by_.contains(proposal.trial);
  stand.resumed_at = stand.t;
  leave(proposal.trial);
}

void MedianStopping::on_ended(TrialId trial, bool failed, EventNumber) {
  leave(trial);
  if (!failed) means_.complete(trial);
}

std::vector<OptionFault> check_median(const Options& options) {
  if (options.text("time_attr").empty()) return {{"time_attr", "time_attr is empty", "the default is time_total_s"}};
  return {};
}

}  // namespace

AlgorithmInfo median_info() {
  AlgorithmInfo info;
  info.name = "median_stopping_rule";
  info.aliases = {"medianstopping", "median"};
  info.help = "Stops a trial whose best is worse than the median of the others' running means.";
  info.options = {
      tables::time_attr("time_total_s"),
      tables::real("grace_period", 0, 60, "No trial is stopped before this, and nothing before it counts."),
      tables::integer("min_samples_required", 1, Value(3), "Other trials needed for a median."),
      tables::real("min_time_slice", 0, 0,
                   "With too few others for a median, pause a trial after so much when somebody waits; 0: never."),
      tables::boolean("hard_stop", true,
                      "Stop trials below the median; false: pause them until nobody wants the slot."),
      tables::choice("peers", {"reached", "completed"},
                     "Trials compared with: all that reached the same time, or completed ones only."),
  };
  info.check = check_median;
  return info;
}

std::unique_ptr<Scheduler> make_median(const SchedulerContext& context) {
  return std::make_unique<MedianStopping>(context);
}

}  // namespace tune

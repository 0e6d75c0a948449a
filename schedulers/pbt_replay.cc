#include "schedulers/pbt_replay.h"

#include <fmt/format.h>

#include <map>

#include "core/text.h"
#include "schedulers/tables.h"

namespace tune {
namespace {

struct ScheduleEntry {
  Step at = 0;
  std::optional<TrialId> draws_as;  ///< none: as before
  Config config;                    ///< of `at` 0: empty, the search gives the first one
};

class PbtReplay final : public Scheduler {
 public:
  PbtReplay(std::vector<ScheduleEntry> schedule, double max_t) : schedule_(std::move(schedule)), max_t_(max_t) {}

  std::string_view name() const override { return "pbt_replay"; }
  int rules() const override { return 1; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override {
    if (report.t >= max_t_) return SchedulerVerdict{Verdict::kStop, true, "reached max_t " + format_real(max_t_)};
    const std::size_t past = past_by(report.trial, report.step);
    if (past == places_.at(report.trial).past) return std::nullopt;
    return SchedulerVerdict{Verdict::kPause, false, fmt::format("its schedule changes at {}", schedule_[past - 1].at)};
  }
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId trial) const override {
    const auto place = places_.find(trial);
    if (place == places_.end()) return {};
    if (place->second.past == schedule_.size()) return {max_t_, false};
    const auto at = static_cast<double>(schedule_[place->second.past].at);
    return at < max_t_ ? SchedulePoint{at, true} : SchedulePoint{max_t_, false};
  }
  bool may_resume(TrialId trial) const override { return paused_.contains(trial); }
  TrialId draws_as(TrialId trial) const override {
    const auto place = places_.find(trial);
    for (std::size_t i = place == places_.end() ? 0 : place->second.past; i > 0; --i) {
      if (schedule_[i - 1].draws_as) return *schedule_[i - 1].draws_as;
    }
    return trial;
  }

  void on_started(TrialId trial, const Placement&, const Config&) override {
    places_[trial].past = !schedule_.empty() && schedule_.front().at == 0 ? 1 : 0;
  }
  void on_report(const SchedulerReport& report, const SchedulerVerdict* verdict) override {
    if (verdict != nullptr && verdict->verdict == Verdict::kPause) {
      paused_[report.trial] = {past_by(report.trial, report.step), report.checkpoint};
    }
  }
  void on_proposal(const Proposal& proposal) override {
    if (proposal.kind == Proposal::Kind::kResume) paused_.erase(proposal.trial);
    const auto paused = paused_.find(proposal.trial);
    if (proposal.kind == Proposal::Kind::kExploit && paused != paused_.end()) {
      places_[proposal.trial].past = paused->second.past;
    }
  }
  void on_ended(TrialId trial, bool, EventNumber) override { paused_.erase(trial); }

 private:
  struct Place {
    std::size_t past = 0;  ///< entries that hold or have held
  };
  struct Paused {
    std::size_t past = 0;  ///< what it shall be
    std::optional<CheckpointId> checkpoint;
  };
  /// How many entries the trial has come to by this iteration.
  std::size_t past_by(TrialId trial, Step step) const {
    std::size_t past = places_.at(trial).past;
    while (past < schedule_.size() && schedule_[past].at <= step) ++past;
    return past;
  }

  std::vector<ScheduleEntry> schedule_;  // ascending
  double max_t_;
  std::map<TrialId, Place> places_;
  std::map<TrialId, Paused> paused_;
};

std::optional<Proposal> PbtReplay::propose(const Supply& supply) const {
  if (!supply.slot_free) return std::nullopt;
  if (paused_.empty()) return supply.new_allowed ? std::optional(Proposal::start_new({}, "")) : std::nullopt;
  const auto& [trial, paused] = *paused_.begin();
  if (places_.at(trial).past == paused.past) {
    return Proposal::about(Proposal::Kind::kResume, trial, "goes on by its schedule");
  }
  const ScheduleEntry& entry = schedule_[paused.past - 1];
  if (!paused.checkpoint) {
    return Proposal::about(Proposal::Kind::kStop, trial,
                           fmt::format("its schedule changes at {}, and it has nothing saved to go on from", entry.at));
  }
  Proposal change = Proposal::about(Proposal::Kind::kExploit, trial,
                                    fmt::format("entry {} of its schedule, at {}", paused.past, entry.at));
  change.donor = trial;
  change.checkpoint = *paused.checkpoint;
  change.config = entry.config;
  return change;
}

// --- Options
// ----------------------------------------------------------------------------------------------------------

std::vector<OptionFault> check_pbt_replay(const Options& options) {
  const auto fault = [](std::string message) {
    return std::vector<OptionFault>{{"schedule", std::move(message), "- {at: 20, config: {lr: 0.01}}"}};
  };
  const Value* schedule = options.find("schedule");
  if (schedule == nullptr || !schedule->is_list()) return fault("schedule is no list");
  std::int64_t last = -1;
  for (const Value& entry : schedule->list()) {
    const Value *at = entry.find("at"), *config = entry.find("config"), *trial = entry.find("trial");
    if (at == nullptr || !at->is_integer() || at->integer() < 0) {
      return fault("an entry of schedule needs `at`, an iteration from 0");
    }
    if (at->integer() <= last) return fault(fmt::format("at {} comes after at {}", at->integer(), last));
    last = at->integer();
    if (trial != nullptr && (!trial->is_integer() || trial->integer() < 0)) {
      return fault(fmt::format("trial of the entry at {} is no number of a trial", last));
    }
    if (config != nullptr && last == 0) {
      return fault("the configuration at 0 is that of search.points_to_evaluate");
    }
    if (last > 0 && (config == nullptr || !config->is_map())) {
      return fault(fmt::format("the entry at {} needs `config`, a map of all parameters", last));
    }
    for (const auto& [key, value] : entry.map()) {
      if (key != "at" && key != "config" && key != "trial") return fault(fmt::format("unknown key '{}'", key));
    }
  }
  return {};
}

}  // namespace

AlgorithmInfo pbt_replay_info() {
  AlgorithmInfo info;
  info.name = "pbt_replay";
  info.help = "Trains a schedule of configurations, such as the one PBT found (tune retrain writes it).";
  info.options = {
      tables::required("schedule", "List of {at: iteration, config: all parameters, trial: whose random draws}."),
      tables::max_t(100)};
  info.check = check_pbt_replay;
  return info;
}

Result<std::unique_ptr<Scheduler>> make_pbt_replay(const SchedulerContext& context) {
  std::vector<ScheduleEntry> schedule;
  const std::vector<std::string> paths = context.space->paths();
  for (const Value& given : context.options.find("schedule")->list()) {
    ScheduleEntry entry;
    entry.at = given.find("at")->integer();
    if (const Value* trial = given.find("trial")) entry.draws_as = TrialId{trial->integer()};
    if (const Value* config = given.find("config")) {
      for (const auto& [path, value] : config->map()) {
        if (context.space->find(path) == nullptr) {
          return fail(
              ErrorCode::kBadInput,
              fmt::format("scheduler pbt_replay: the entry at {} names '{}', which is no parameter", entry.at, path),
              did_you_mean_hint(path, paths));
        }
        entry.config.set(path, value);
      }
    }
    schedule.push_back(std::move(entry));
  }
  return std::make_unique<PbtReplay>(std::move(schedule), context.options.real("max_t"));
}

}  // namespace tune

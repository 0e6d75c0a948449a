#include "tune/session/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"
#include "core/text.h"
#include "schedulers/asha_plan.h"
#include "tune/controller/simulation.h"
#include "tune/loop/recovery.h"

namespace tune {
namespace {

constexpr std::int64_t kExampleTrials = 100;
constexpr std::int64_t kMostReports = 1000;  // of a trial, where a scheduler looks at every one
constexpr const char* kTime = "planned time";

/// Where trials report: a scheduler that looks at rungs alone needs no report between them.
std::vector<double> levels_of(const ExperimentSpec& spec, bool counts) {
  const Options& options = spec.scheduler.options;
  std::vector<double> levels;
  const Value* max_t = options.find("max_t");
  if (max_t != nullptr && max_t->number()) {
    if (spec.scheduler.type == "asha") {
      levels = AshaPlan::from({0, nullptr, options, std::nullopt}).levels.front();
    } else {
      const double step = std::max(1.0, std::ceil(*max_t->number() / static_cast<double>(kMostReports)));
      const auto before_last = static_cast<std::int64_t>(std::ceil(*max_t->number() / step)) - 1;
      for (std::int64_t i = 1; i <= before_last; ++i) levels.push_back(static_cast<double>(i) * step);
      levels.push_back(*max_t->number());
    }
  }
  if (const auto last = spec.stop.training_iteration; last && counts) {
    const auto end = static_cast<double>(*last);
    std::erase_if(levels, [&](double level) { return level >= end; });
    levels.push_back(end);
  }
  return levels;
}

/// What of the file the plan does not foresee.
std::vector<std::string> notes_of(const ExperimentSpec& spec, bool counts) {
  std::vector<std::string> notes;
  const auto& budget = spec.budget;
  if (budget.time) notes.push_back(fmt::format("budget.time of {} may end it earlier", format_duration(*budget.time)));
  if (budget.plateau) notes.emplace_back("budget.plateau may end it earlier");
  if (budget.failures) notes.emplace_back("budget.failures may end it earlier");
  const bool has_target = std::ranges::any_of(spec.objectives, [](const Objective& o) { return o.target.has_value(); });
  if (has_target) notes.emplace_back("the objective's target may end it earlier");
  const StopRules& stop = spec.stop;
  if (!stop.metrics.empty() || !stop.condition.empty() || stop.plateau || stop.time ||
      (stop.training_iteration && !counts)) {
    notes.emplace_back("stop may end trials earlier, by what they report");
  }
  if (spec.resources.elastic != Elastic::kNone) {
    notes.emplace_back("resources.elastic lends free slots, which makes trials faster by nobody knows how much");
  }
  if (spec.scheduler.type != "fifo") notes.emplace_back("a trial that ends by itself, fails or is retried changes it");
  return notes;
}

/// The experiment with nothing left that a made-up score could trip over.
ExperimentSpec simplified(const ExperimentSpec& spec, std::int64_t trials) {
  ExperimentSpec plain = spec;
  plain.budget = {};
  plain.budget.trials = trials;
  plain.stop = {};
  for (Objective& objective : plain.objectives) objective.target.reset();
  if (plain.scheduler.options.find("time_attr") != nullptr) plain.scheduler.options.set("time_attr", kTime);
  return plain;
}

enum class ScoreOrder { kRandom, kEachBetter };

Result<PlannedRun> simulate(const ExperimentSpec& spec, const std::vector<double>& levels, std::int64_t slots,
                            ScoreOrder order) {
  const std::uint64_t seed = spec.search.seed.value_or(0);
  auto controller = make_controller(spec, seed);
  if (!controller) return pass_on(std::move(controller));
  const auto cost = [&](Step step) {
    const auto i = static_cast<std::size_t>(step - 1);
    return i >= levels.size() ? 0.0 : levels[i] - (i == 0 ? 0 : levels[i - 1]);
  };
  const SimulatedTrial trial = [&](TrialId id, const Config&, Step step) -> std::optional<Metrics> {
    if (step > static_cast<Step>(levels.size())) return std::nullopt;
    const double badness =
        order == ScoreOrder::kRandom ? RandomStream(seed, "plan", id.value).uniform() : -static_cast<double>(id.value);
    Metrics metrics{{kTime, levels[static_cast<std::size_t>(step - 1)]}};
    for (const Objective& objective : spec.objectives) {
      metrics.emplace_back(objective.metric, objective.mode == Mode::kMin ? badness : -badness);
    }
    return metrics;
  };
  SimulationOptions options;
  options.slots = slots;
  options.leave_cost = 0;
  options.cost_of = [&](TrialId, Step step) { return cost(step); };
  Simulation simulation(*std::move(controller), trial, options);
  simulation.run();

  PlannedRun run;
  run.slots = slots;
  std::vector<std::int64_t> reached(levels.size(), 0);
  std::vector<double> spent(levels.size(), 0);
  for (const LogEntry& entry : simulation.log()) {
    if (const auto* report = std::get_if<Reported>(&entry.event.body)) {
      spent[static_cast<std::size_t>(report->step - 1)] += cost(report->step);
    }
  }
  std::vector<bool> ends(levels.size(), false);  // where some trial trained no further
  for (std::int64_t i = 0; i < simulation.controller().trials(); ++i) {
    const Step last = simulation.controller().trial(TrialId{i}).last_step;
    for (Step step = 1; step <= last; ++step) ++reached[static_cast<std::size_t>(step - 1)];
    if (last > 0) ends[static_cast<std::size_t>(last - 1)] = true;
  }
  double since = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    since += spent[i];
    run.total += spent[i];
    if (!ends[i] && spec.scheduler.type != "asha") continue;
    run.rungs.push_back({levels[i], reached[i], since});
    since = 0;
  }
  run.duration = simulation.now();
  return run;
}

}  // namespace

Result<Plan> plan_experiment(const ExperimentSpec& spec, std::int64_t slots) {
  const Value* time_attr = spec.scheduler.options.find("time_attr");
  Plan plan;
  plan.unit = time_attr != nullptr && time_attr->is_text() ? time_attr->text() : "training_iteration";
  const bool counts = plan.unit == "training_iteration";
  plan.notes = notes_of(spec, counts);

  auto controller = make_controller(spec, spec.search.seed.value_or(0));
  if (!controller) return pass_on(std::move(controller));
  const auto size = controller->search_size();
  plan.unbounded = !spec.budget.trials && !size;
  plan.trials = std::min(spec.budget.trials.value_or(size.value_or(kExampleTrials)), size.value_or(INT64_MAX));

  std::vector<double> levels = levels_of(spec, counts);
  plan.open_ended = levels.empty();
  if (plan.open_ended) return plan;
  const Value* stops_last = spec.scheduler.options.find("stop_last_trials");
  const bool goes_beyond = stops_last != nullptr && stops_last->is_bool() && !stops_last->boolean();
  if (goes_beyond && !(counts && spec.stop.training_iteration)) {
    plan.notes.emplace_back("stop_last_trials is off: trials go on beyond max_t until they end by themselves");
  }
  plan.longest = levels.back();

  const ExperimentSpec plain = simplified(spec, plan.trials);
  for (const std::int64_t count : {std::int64_t{1}, slots}) {
    if (count == 1 && !plan.runs.empty()) continue;
    auto run = simulate(plain, levels, count, ScoreOrder::kRandom);
    if (!run) return pass_on(std::move(run));
    plan.runs.push_back(*std::move(run));
  }
  auto most = simulate(plain, levels, 1, ScoreOrder::kEachBetter);
  if (!most) return pass_on(std::move(most));
  if (most->total > plan.runs.front().total) plan.most = *std::move(most);
  return plan;
}

}  // namespace tune

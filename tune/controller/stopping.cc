// The stoppers: `stop` of one trial, and the plateau rule of the experiment. Names and meanings are Ray Tune's, except
// that a metric's bound has a direction (Ray's dictionary is always >=, which is wrong for a loss).

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "tune/controller/state.h"

namespace tune {
namespace {

template <class Values>
double population_deviation(const Values& values) {
  double mean = 0;
  for (double v : values) mean += v;
  mean /= static_cast<double>(values.size());
  double squares = 0;
  for (double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

StopAnswer stop_completed(std::string reason) {
  return {true, TrialState::kCompleted, Cause::kStopRule, std::move(reason)};
}

StopAnswer ask_metrics(const StopRules& rules, const Metrics& metrics) {
  for (const MetricStop& rule : rules.metrics) {
    const auto value = find_metric(metrics, rule.metric);
    if (!value || std::isnan(*value)) continue;
    if (rule.above ? *value >= rule.bound : *value <= rule.bound) {
      return stop_completed(fmt::format("stop: {} {} is {} {}", rule.metric, format_real(*value),
                                        rule.above ? "at or above" : "at or below", format_real(rule.bound)));
    }
  }
  return {};
}

StopAnswer ask_condition(const Expression& condition, const PendingReport& report) {
  const auto value = condition.evaluate([&](std::string_view name) -> std::optional<double> {
    if (name == "training_iteration") return static_cast<double>(report.scheduler.step);
    return find_metric(report.metrics, name);
  });
  if (!value) {
    return {true, TrialState::kFailed, Cause::kBadReport,
            fmt::format("stop.if '{}': {}; reported [{}]", condition.text(), value.error().message,
                        metric_names(report.metrics))};
  }
  if (*value == 0) return {};
  return stop_completed(fmt::format("stop.if '{}' holds", condition.text()));
}

StopAnswer ask_plateau(const TrialPlateau& rule, const Window* window, const TrialRecord& trial, double newest) {
  if (trial.reports + 1 < rule.grace_period) return {};
  if (rule.metric_threshold) {
    const bool passed = rule.mode == Mode::kMin ? newest <= *rule.metric_threshold : newest >= *rule.metric_threshold;
    if (!passed) return {};
  }
  std::vector<double> values;
  if (window != nullptr) values.assign(window->begin(), window->end());
  values.push_back(newest);
  const auto wanted = static_cast<std::size_t>(rule.num_results);
  if (values.size() < wanted) return {};
  values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(wanted));
  const double deviation = population_deviation(values);
  if (!(deviation < rule.std)) return {};
  return stop_completed(fmt::format("stop.plateau: {} varies by {} over {} reports, less than {}", rule.metric,
                                    format_real(deviation), rule.num_results, format_real(rule.std)));
}

}  // namespace

StopAnswer ask_stop_rules(const Controller::State& state, const TrialRecord& trial, const PendingReport& report) {
  const StopRules& rules = state.options.stop;
  if (rules.training_iteration && report.scheduler.step >= *rules.training_iteration) {
    return stop_completed(fmt::format("stop: training_iteration {}", *rules.training_iteration));
  }
  if (rules.time && trial.elapsed >= *rules.time) {
    return {true, TrialState::kStopped, Cause::kStopRule,
            fmt::format("stop: ran for {}", format_duration(trial.elapsed))};
  }
  if (StopAnswer answer = ask_metrics(rules, report.metrics); answer.stop) return answer;
  if (state.stop_condition) {
    if (StopAnswer answer = ask_condition(*state.stop_condition, report); answer.stop) return answer;
  }
  if (rules.plateau) {
    const auto newest = find_metric(report.metrics, rules.plateau->metric);
    if (!newest) {
      return {
          true, TrialState::kFailed, Cause::kBadReport,
          fmt::format("stop.plateau names '{}'; reported [{}]", rules.plateau->metric, metric_names(report.metrics))};
    }
    const auto window = state.windows.find(trial.id);
    return ask_plateau(*rules.plateau, window == state.windows.end() ? nullptr : &window->second, trial, *newest);
  }
  return {};
}

bool rules_look_at_every_report(const ControllerOptions& options) {
  const StopRules& stop = options.stop;
  if (options.elastic != Elastic::kNone) return true;
  if (!stop.metrics.empty() || !stop.condition.empty() || stop.plateau || options.budget.plateau) return true;
  for (const Objective& objective : options.objectives) {
    if (objective.target) return true;
  }
  return false;
}

bool top_is_flat(const Controller::State& state) {
  const ExperimentPlateau& rule = *state.options.budget.plateau;
  if (static_cast<std::int64_t>(state.bests.size()) < rule.top) return false;
  std::vector<double> top;
  for (const auto& [score, trial] : state.bests) {
    top.push_back(score.u);
    if (static_cast<std::int64_t>(top.size()) == rule.top) break;
  }
  return population_deviation(top) <= rule.std;
}

}  // namespace tune

#include "trainables/simulated/conditions.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "core/portable_math.h"
#include "core/rng.h"
#include "core/text.h"

namespace tune {
namespace {

constexpr const char* kForms = "write seconds, metric:NAME, lognormal(MU,SIGMA) or uniform(LOW,HIGH)";

tl::unexpected<Error> bad_cost(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kBadInput, fmt::format("step cost '{}': {}", text, why), kForms);
}

/// The two numbers of `name(a,b)`; nothing if it is something else.
std::optional<std::pair<double, double>> pair_of(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() < name.size() + 2) return std::nullopt;
  text.remove_prefix(name.size());
  if (text.front() != '(' || text.back() != ')') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view word) {
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    return parse_real(word);
  };
  const auto first = number(text.substr(0, comma)), second = number(text.substr(comma + 1));
  if (!first || !second || !std::isfinite(*first) || !std::isfinite(*second)) return std::nullopt;
  return std::pair{*first, *second};
}

/// Seconds until something that happens with `rate` a second does: exponential, by inversion.
double time_until(double rate, double u) { return portable::log(1 - u) / portable::log(1 - rate); }

Result<void> in_range(std::string_view name, double value, double most_excluded) {
  if (value >= 0 && value < most_excluded) return {};
  const std::string range =
      std::isinf(most_excluded) ? "0 or more" : fmt::format("0 or more and below {}", most_excluded);
  return fail(ErrorCode::kBadInput, fmt::format("{} must be {}, got {}", name, range, format_real(value)));
}

}  // namespace

Result<StepCost> parse_step_cost(std::string_view text) {
  StepCost cost;
  constexpr std::string_view kMetric = "metric:";
  if (text.starts_with(kMetric)) {
    cost.kind = StepCost::Kind::kMetric;
    cost.metric = text.substr(kMetric.size());
    if (cost.metric.empty()) return bad_cost(text, "the metric has no name");
    return cost;
  }
  if (const auto pair = pair_of(text, "lognormal")) {
    cost = {StepCost::Kind::kLogNormal, pair->first, pair->second, {}};
    if (cost.second < 0) return bad_cost(text, "sigma must be 0 or more");
    if (std::abs(cost.first) > 500 || cost.second > 50) return bad_cost(text, "no time lies in that range");
    return cost;
  }
  if (const auto pair = pair_of(text, "uniform")) {
    cost = {StepCost::Kind::kUniform, pair->first, pair->second, {}};
    if (cost.first < 0 || cost.second < cost.first) return bad_cost(text, "it needs 0 <= low <= high");
    return cost;
  }
  const auto seconds = parse_real(text);
  if (!seconds) return bad_cost(text, "it is no cost");
  if (!std::isfinite(*seconds) || *seconds < 0) return bad_cost(text, "it must be finite, and 0 or more");
  cost.first = *seconds;
  return cost;
}

std::string to_text(const StepCost& cost) {
  switch (cost.kind) {
    case StepCost::Kind::kConstant: return format_real(cost.first);
    case StepCost::Kind::kMetric: return "metric:" + cost.metric;
    case StepCost::Kind::kLogNormal:
      return fmt::format("lognormal({},{})", format_real(cost.first), format_real(cost.second));
    case StepCost::Kind::kUniform:
      return fmt::format("uniform({},{})", format_real(cost.first), format_real(cost.second));
  }
  return {};
}

Result<void> check(const SimulatedConditions& conditions) {
  if (conditions.workers < 1 || conditions.workers > SimulatedConditions::kMostWorkers) {
    return fail(ErrorCode::kBadInput, fmt::format("workers must lie in 1 to {}, got {}",
                                                  SimulatedConditions::kMostWorkers, conditions.workers));
  }
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  for (const auto& [name, value, most] :
       {std::tuple{"straggler", conditions.straggler, kNoLimit}, std::tuple{"end-cost", conditions.end, kNoLimit},
        std::tuple{"crash-rate", conditions.crash_rate, 1.0},
        std::tuple{"lost-worker-rate", conditions.loss_rate, 1.0}}) {
    if (auto fits = in_range(name, value, most); !fits) return fits;
  }
  return {};
}

std::string to_text(const SimulatedConditions& conditions) {
  std::string text = fmt::format("{} worker{}, a step costs {}", conditions.workers, conditions.workers == 1 ? "" : "s",
                                 to_text(conditions.step));
  for (const auto& [name, value] :
       {std::pair{"end cost", conditions.end}, std::pair{"straggler", conditions.straggler},
        std::pair{"crash rate", conditions.crash_rate}, std::pair{"lost-worker rate", conditions.loss_rate}}) {
    if (value > 0) text += fmt::format(", {} {}", name, format_real(value));
  }
  return text + fmt::format(", seed {}", conditions.seed);
}

Result<SimulatedStep> draw_step(const SimulatedConditions& conditions, TrialId trial, Attempt attempt, Step step,
                                const Metrics& metrics, std::int64_t slots) {
  const auto stream = [&](const char* purpose, const std::string& path) {
    return RandomStream(conditions.seed, purpose, trial.value, path);
  };
  const std::string here = fmt::format("{}/{}", attempt.value, step);
  const StepCost& cost = conditions.step;
  double seconds = cost.first;
  if (cost.kind == StepCost::Kind::kMetric) {
    const auto value = find_metric(metrics, cost.metric);
    if (!value) {
      return fail(ErrorCode::kTrial, fmt::format("a step costs {}, but trial {} reported [{}]", to_text(cost),
                                                 trial.value, metric_names(metrics)));
    }
    if (!std::isfinite(*value) || *value < 0) {
      return fail(ErrorCode::kTrial,
                  fmt::format("a step costs {}, but trial {} reported {} at step {}, which is no time", to_text(cost),
                              trial.value, format_real(*value), step));
    }
    seconds = *value;
  } else if (cost.kind == StepCost::Kind::kLogNormal) {
    seconds = portable::exp(cost.first + cost.second * stream("step cost", here).normal());
  } else if (cost.kind == StepCost::Kind::kUniform) {
    seconds = cost.first + (cost.second - cost.first) * stream("step cost", here).uniform();
  }
  seconds /= static_cast<double>(slots);
  if (conditions.straggler > 0) {
    seconds *= 1 + conditions.straggler * std::abs(stream("straggler", std::to_string(attempt.value)).normal());
  }

  SimulatedStep drawn{SimulatedStep::Fate::kDone, seconds};
  for (const auto& [fate, rate, purpose] : {std::tuple{SimulatedStep::Fate::kCrash, conditions.crash_rate, "crash"},
                                            std::tuple{SimulatedStep::Fate::kLoss, conditions.loss_rate, "loss"}}) {
    if (rate <= 0) continue;
    const double until = time_until(rate, stream(purpose, here).uniform());
    if (until < drawn.seconds) drawn = {fate, until};
  }
  return drawn;
}

}  // namespace tune

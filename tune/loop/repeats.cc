#include "tune/loop/repeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace tune {
namespace {

constexpr double kTolerance = 1e-6;

bool is_same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= kTolerance * std::max(std::abs(a), std::abs(b));
}

}  // namespace

std::optional<std::string> RepeatCheck::look(const Store& store, const ExperimentSpec& spec, const Reported& report) {
  if (told_) return std::nullopt;
  const auto committed = store.committed_metrics(report.trial, report.step);
  if (!committed || !*committed) return std::nullopt;  // the next commit says what is wrong with the database
  for (const Objective& objective : spec.objectives) {
    const auto before = find_metric(**committed, objective.metric), now = find_metric(report.metrics, objective.metric);
    if (!before || !now || is_same(*before, *now)) continue;
    told_ = true;
    return fmt::format(
        "trial {} does not go on exactly from where it was: at iteration {} it reported {} {} before and {} now; the "
        "first value counts (save all of its state, and take random numbers from its seed)",
        report.trial.value, report.step, objective.metric, format_real(*before), format_real(*now));
  }
  return std::nullopt;
}

}  // namespace tune

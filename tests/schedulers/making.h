#pragma once

// Schedulers for tests, by a row of options.

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "schedulers/scheduler.h"

namespace tune::test {

using OptionRow = std::vector<std::pair<std::string, Value>>;

inline std::unique_ptr<Scheduler> make(std::string_view type, const OptionRow& options,
                                       std::optional<std::int64_t> trials = std::nullopt, std::uint64_t seed = 1) {
  SchedulerContext context;
  context.options = Options(options);
  context.trials = trials;
  context.seed = seed;
  auto made = make_scheduler(type, std::move(context));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

inline SchedulerReport report_of(std::int64_t trial, double t, double value, std::int64_t event) {
  return {TrialId{trial}, static_cast<Step>(t), t, Score::of(value, Mode::kMin, EventNumber{event}),
          EventNumber{event}};
}

/// Judges, folds the answer, and says what it was.
inline std::optional<SchedulerVerdict> tell(Scheduler& scheduler, const SchedulerReport& report) {
  auto verdict = scheduler.judge(report);
  scheduler.on_report(report, verdict ? &*verdict : nullptr);
  return verdict;
}

}  // namespace tune::test

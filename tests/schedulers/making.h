#pragma once

// Schedulers for tests, by a row of options.

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "schedulers/scheduler.h"

namespace tune::test {

using OptionRow = std::vector<std::pair<std::string, Value>>;

/// One parameter of each kind that changes in training.
inline const Space& test_space() {
  static const Space kSpace = [] {
    const auto parameter = [](std::string path, Domain domain) {
      Parameter p;
      p.path = std::move(path);
      p.domain = std::move(domain);
      return p;
    };
    std::vector<SpaceFault> faults;
    return *Space::build(
        {parameter("lr", LogUniform{1e-4, 1e-1}), parameter("momentum", Uniform{0, 1}),
         parameter("units", RandInt{1, 65}), parameter("rate", QUniform{0, 1, 0.1}), parameter("shift", Uniform{-1, 1}),
         parameter("kind", Choice{{"a", "b", "c"}, {}, false}), parameter("fixed", Constant{Value(3)})},
        {"units + rate * 10 <= 70"}, faults);
  }();
  return kSpace;
}

inline std::unique_ptr<Scheduler> make(std::string_view type, const OptionRow& options,
                                       std::optional<std::int64_t> trials = std::nullopt, std::uint64_t seed = 1) {
  SchedulerContext context;
  context.options = Options(options);
  context.trials = trials;
  context.seed = seed;
  context.space = &test_space();
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

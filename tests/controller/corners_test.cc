// The corners that an experiment may be driven into: each ends cleanly, and says what it did.

#include <algorithm>

#include "brain.h"
#include "ruled.h"

namespace tune::test {
namespace {

using namespace testing;

class Corner : public TestWithParam<Ruled> {
 protected:
  /// Runs to its end: every trial has one, and a reason.
  static Simulation ended(const Ruled& ruled, const Schedule& schedule) {
    Simulation run = simulation_of(ruled, schedule);
    EXPECT_TRUE(run.run(kMost)) << "it stands still";
    const Counts& counts = run.controller().counts();
    EXPECT_EQ(counts.finished(), schedule.trials);
    for (std::int64_t i = 0; i < run.controller().trials(); ++i) {
      EXPECT_FALSE(run.controller().trial(TrialId{i}).reason.empty());
    }
    EXPECT_TRUE(run.controller().ending());
    return run;
  }
  static Schedule calm(std::int64_t trials, std::int64_t slots) {
    Schedule schedule;
    schedule.trials = trials;
    schedule.slots = slots;
    return schedule;
  }
};

TEST_P(Corner, APopulationBelowFour) {
  for (std::int64_t trials = 1; trials <= 3; ++trials) ended(GetParam(), calm(trials, 2));
}

TEST_P(Corner, OneSlot) { ended(GetParam(), calm(30, 1)); }

TEST_P(Corner, MoreSlotsThanTrials) { ended(GetParam(), calm(5, 64)); }

TEST_P(Corner, FewerTrialsThanABracket) {
  const Simulation run = ended(GetParam(), calm(7, 3));
  EXPECT_GE(run.controller().counts().completed, 1);
}

TEST_P(Corner, ABudgetThatEndsInTheMiddleOfABracket) {
  for (const std::int64_t trials : {28, 41, 50}) ended(GetParam(), calm(trials, 5));
}

TEST_P(Corner, ATrialThatNeverReports) {
  Schedule schedule = calm(12, 3);
  schedule.last = 0;
  const Simulation run = ended(GetParam(), schedule);
  EXPECT_EQ(run.controller().counts().completed, 12);
  EXPECT_EQ(run.controller().trial(TrialId{0}).reason, "ended by itself");
}

TEST_P(Corner, AllTrialsFail) {
  Schedule schedule = calm(12, 3);
  schedule.crashes = 1;
  schedule.retries = 0;
  const Simulation run = ended(GetParam(), schedule);
  EXPECT_EQ(run.controller().counts().failed, 12);
  EXPECT_THAT(run.controller().trial(TrialId{0}).reason, HasSubstr("died by a simulated signal"));
}

TEST_P(Corner, EveryWorkerIsLostAgainAndAgain) {
  Schedule schedule = calm(4, 2);
  schedule.losses = 1;
  const Simulation run = ended(GetParam(), schedule);
  EXPECT_EQ(run.controller().counts().failed, 4);
  EXPECT_THAT(run.controller().trial(TrialId{0}).reason, HasSubstr("times in a row"));
}

TEST_P(Corner, NothingButNaN) {
  Schedule schedule = calm(20, 4);
  schedule.nans = 1;
  const Simulation run = ended(GetParam(), schedule);
  EXPECT_EQ(run.controller().best(), nullptr);
  EXPECT_GT(run.controller().counts().nan_reports, 0);
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Corner, ValuesIn(all_ruled()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(PopulationCorner, QuantilesOfZeroAndAHalf) {
  for (const double quantile : {0.0, 0.5}) {
    for (const Ruled& ruled : all_ruled()) {
      if (ruled.type != "pbt" && ruled.type != "pb2") continue;
      Ruled changed = ruled;
      std::erase_if(changed.options, [](const auto& option) { return option.first == "quantile_fraction"; });
      changed.options.emplace_back("quantile_fraction", quantile);
      Schedule schedule;
      schedule.trials = 6;
      schedule.slots = 4;
      Simulation run = simulation_of(changed, schedule);
      ASSERT_TRUE(run.run(kMost)) << ruled.name;
      std::int64_t exploits = 0;
      for (const LogEntry& entry : run.log()) {
        exploits += std::ranges::count_if(
            entry.decisions, [](const Decision& d) { return std::holds_alternative<ExploitTrial>(d.body); });
      }
      EXPECT_EQ(exploits > 0, quantile > 0) << ruled.name;
    }
  }
}

}  // namespace
}  // namespace tune::test

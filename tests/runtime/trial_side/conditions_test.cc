#include "trainables/simulated/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tune {
namespace {

using namespace testing;

SimulatedStep drawn(const SimulatedConditions& conditions, std::int64_t trial, std::int32_t attempt, Step step) {
  return *draw_step(conditions, {trial}, {attempt}, step, {});
}

TEST(StepCost, IsReadAsItIsWritten) {
  for (const char* text : {"1", "0.25", "metric:seconds", "lognormal(0,0.5)", "uniform(0.5,2)"}) {
    const auto cost = parse_step_cost(text);
    ASSERT_TRUE(cost) << text;
    EXPECT_EQ(to_text(*cost), text);
  }
  EXPECT_EQ(to_text(*parse_step_cost("lognormal( -1 , 2 )")), "lognormal(-1,2)");
}

TEST(StepCost, SaysWhatIsWrongAndWhatToWrite) {
  for (const char* text : {"", "x", "-1", "inf", "nan", "metric:", "lognormal(1)", "lognormal(0,-1)", "lognormal(0,1",
                           "lognormal(a,b)", "lognormal(9999,1)", "uniform(2,1)", "uniform(-1,1)", "normal(0,1)"}) {
    const auto cost = parse_step_cost(text);
    ASSERT_FALSE(cost) << text;
    EXPECT_THAT(cost.error().hint, HasSubstr("lognormal(MU,SIGMA)")) << text;
  }
}

TEST(Conditions, AreRefusedOutsideOfTheirRanges) {
  SimulatedConditions conditions;
  EXPECT_TRUE(check(conditions));
  conditions.workers = 10'001;
  EXPECT_FALSE(check(conditions));
  conditions.workers = 1;
  conditions.crash_rate = 1;
  EXPECT_THAT(check(conditions).error().message, HasSubstr("crash-rate must be 0 or more and below 1"));
  conditions.crash_rate = -0.1;
  EXPECT_FALSE(check(conditions));
  conditions.crash_rate = 0;
  conditions.straggler = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(check(conditions));
}

TEST(Conditions, DrawTheSameWhateverWasDrawnBefore) {
  SimulatedConditions conditions;
  conditions.step = *parse_step_cost("lognormal(0,1)");
  const double first = drawn(conditions, 3, 1, 5).seconds;
  drawn(conditions, 3, 1, 6);
  EXPECT_EQ(drawn(conditions, 3, 1, 5).seconds, first);
  EXPECT_NE(drawn(conditions, 4, 1, 5).seconds, first);
  EXPECT_NE(drawn(conditions, 3, 2, 5).seconds, first);
  conditions.seed = 1;
  EXPECT_NE(drawn(conditions, 3, 1, 5).seconds, first);
}

TEST(Conditions, DrawLognormalStepsWithTheRightQuartiles) {
  SimulatedConditions conditions;
  conditions.step = *parse_step_cost("lognormal(1,0.5)");
  std::vector<double> seconds;
  for (std::int64_t trial = 0; trial < 4000; ++trial) seconds.push_back(drawn(conditions, trial, 1, 1).seconds);
  std::ranges::sort(seconds);
  EXPECT_NEAR(seconds[1000], 1.940, 0.09);  // exp(1 - 0.6745 / 2)
  EXPECT_NEAR(seconds[2000], 2.718, 0.11);
  EXPECT_NEAR(seconds[3000], 3.808, 0.18);
}

TEST(Conditions, MakeAWholeAttemptStraggle) {
  SimulatedConditions conditions;
  conditions.straggler = 2;
  const double once = drawn(conditions, 0, 1, 1).seconds;
  EXPECT_GT(once, 1);
  EXPECT_EQ(drawn(conditions, 0, 1, 9).seconds, once);
  EXPECT_NE(drawn(conditions, 0, 2, 1).seconds, once);
}

TEST(Conditions, BreakALongStepEarly) {
  SimulatedConditions conditions;
  conditions.step.first = 1e9;
  conditions.crash_rate = 0.5;
  const SimulatedStep step = drawn(conditions, 0, 1, 1);
  EXPECT_EQ(step.fate, SimulatedStep::Fate::kCrash);
  EXPECT_LT(step.seconds, 100);
}

TEST(Conditions, AreToldInWords) {
  SimulatedConditions conditions;
  conditions.workers = 1000;
  conditions.straggler = 0.5;
  conditions.seed = 7;
  EXPECT_EQ(to_text(conditions), "1000 workers, a step costs 1, straggler 0.5, seed 7");
}

}  // namespace
}  // namespace tune

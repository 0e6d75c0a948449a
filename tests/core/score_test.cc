#include "core/score.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/core/numbers.h"

namespace tune {
namespace {

Score minimised(double value, std::int64_t event = 1) { return Score::of(value, Mode::kMin, EventNumber{event}); }
Score maximised(double value, std::int64_t event = 1) { return Score::of(value, Mode::kMax, EventNumber{event}); }

TEST(Score, IsSignedAtTheDoor) {
  EXPECT_TRUE(strictly_better(minimised(1), minimised(2)));
  EXPECT_TRUE(strictly_better(maximised(2), maximised(1)));
}

TEST(Score, RanksNumbersBeforeNaNBeforeFailures) {
  const Score failed = Score::failed(EventNumber{1});
  EXPECT_TRUE(strictly_better(minimised(kInfinity), minimised(kNaN)));
  EXPECT_TRUE(strictly_better(minimised(kNaN), failed));
  EXPECT_TRUE(strictly_better(minimised(-kInfinity), minimised(-1e308)));
  EXPECT_FALSE(minimised(kNaN).is_number());
  EXPECT_TRUE(minimised(kInfinity).is_number());
}

TEST(Score, LetsEqualScoresNotBeatEachOther) {
  EXPECT_FALSE(strictly_better(minimised(1, 1), minimised(1, 2)));
  EXPECT_FALSE(strictly_better(minimised(1, 2), minimised(1, 1)));
  EXPECT_FALSE(strictly_better(minimised(kNaN, 1), minimised(kNaN, 2)));
  EXPECT_FALSE(strictly_better(minimised(0.0), minimised(-0.0)));
}

TEST(Score, BreaksTiesByTheEarlierReport) {
  EXPECT_LT(minimised(1, 1), minimised(1, 2));
  EXPECT_LT(minimised(kNaN, 1), minimised(kNaN, 2));
  EXPECT_EQ(minimised(kNaN, 3), minimised(kNaN, 3));
}

TEST(Score, OrdersTotallyWithNaN) {
  std::vector<Score> scores;
  std::int64_t event = 0;
  for (double value : {3.0, kNaN, -kInfinity, 0.0, kNaN, kInfinity, -0.0, 3.0})
    scores.push_back(minimised(value, ++event));
  scores.push_back(Score::failed(EventNumber{++event}));
  std::sort(scores.begin(), scores.end());
  std::vector<std::int64_t> order;
  for (const Score& score : scores) order.push_back(score.event.value);
  EXPECT_EQ(order, (std::vector<std::int64_t>{3, 4, 7, 1, 8, 6, 2, 5, 9}));
}

}  // namespace
}  // namespace tune

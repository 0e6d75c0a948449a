// The model of PB2 on functions one knows.

#include "schedulers/time_varying_gp.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tune::test {
namespace {

TEST(TimeVaryingGp, FindsTheTopOfAFixedHill) {
  std::vector<GpPoint> points;
  std::vector<double> y;
  for (int i = 0; i < 30; ++i) {
    const double x = (i * 7 % 30) / 30.0;
    points.push_back({static_cast<double>(i), {x}});
    y.push_back(-(x - 0.6) * (x - 0.6));
  }
  const TimeVaryingGp model(points, y);
  double best = 0, top = -1e9;
  for (int i = 0; i <= 100; ++i) {
    const double mean = model.predict({30, {i / 100.0}}).mean;
    if (mean > top) top = mean, best = i / 100.0;
  }
  EXPECT_NEAR(best, 0.6, 0.03);
}

TEST(TimeVaryingGp, IsSureWhereItHasSeenAndUnsureElsewhere) {
  const TimeVaryingGp model({{0, {0.1}}, {1, {0.12}}, {2, {0.11}}, {3, {0.13}}}, {1, 1.1, 0.9, 1});
  EXPECT_LT(model.predict({3, {0.12}}).deviation, model.predict({3, {0.9}}).deviation);
  EXPECT_LE(model.predict({3, {0.9}}).deviation, 1);
}

TEST(TimeVaryingGp, CountsPendingPointsForTheDeviationOnly) {
  TimeVaryingGp model({{0, {0.1}}, {1, {0.5}}, {2, {0.3}}}, {1, 3, 2});
  const auto before = model.predict({3, {0.9}});
  model.add_pending({{3, {0.9}}});
  const auto after = model.predict({3, {0.9}});
  EXPECT_EQ(after.mean, before.mean);
  EXPECT_LT(after.deviation, before.deviation);
}

TEST(TimeVaryingGp, TakesEqualValuesAndEqualPoints) {
  const TimeVaryingGp model({{1, {0.5}}, {1, {0.5}}, {1, {0.5}}}, {2, 2, 2});
  const auto prediction = model.predict({1, {0.5}});
  EXPECT_EQ(prediction.mean, 0);
  EXPECT_TRUE(std::isfinite(prediction.deviation));
}

}  // namespace
}  // namespace tune::test

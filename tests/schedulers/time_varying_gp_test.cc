// The model of PB2 on functions one knows.

#include "schedulers/time_varying_gp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/rng.h"

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
  model.set_pending({{3, {0.9}}});
  const auto after = model.predict({3, {0.9}});
  EXPECT_EQ(after.mean, before.mean);
  EXPECT_LT(after.deviation, before.deviation);
}

TEST(TimeVaryingGp, PendingPointsTakeThePlaceOfTheOnesBefore) {
  const std::vector<GpPoint> points{{0, {0.1}}, {1, {0.5}}, {2, {0.3}}};
  TimeVaryingGp told_once(points, {1, 3, 2}), told_again = told_once;
  told_again.set_pending({{3, {0.2}}, {3, {0.7}}, {3, {0.1}}});
  for (TimeVaryingGp* model : {&told_once, &told_again}) model->set_pending({{3, {0.2}}, {3, {0.9}}});
  for (const double x : {0.0, 0.25, 0.9}) {
    EXPECT_EQ(told_once.predict({3, {x}}).deviation, told_again.predict({3, {x}}).deviation);
  }
}

TEST(TimeVaryingGp, FindsTheBestCandidateAsAskingEachOneDoes) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, "gp", 0);
    std::vector<GpPoint> points;
    std::vector<double> y;
    for (int i = 0; i < 40; ++i) {
      points.push_back({static_cast<double>(i) / 4, {random.uniform(), random.uniform()}});
      y.push_back(points.back().x[0] - points.back().x[1] + 0.3 * random.uniform());
    }
    std::vector<std::vector<double>> candidates;
    for (int i = 0; i < 60; ++i) candidates.push_back({random.uniform(), random.uniform()});
    candidates.push_back(candidates.front());
    for (const std::ptrdiff_t shared : {0, 40, 61}) {  // told once, the others at each search
      const auto more = candidates.begin() + shared;
      TimeVaryingGp model(points, y, {candidates.begin(), more});
      model.set_pending({{11, {0.9, 0.1}}, {11, {0.3, 0.5}}});
      model.set_pending({{11, {0.9, 0.1}}, {11, {0.5, 0.5}}});
      for (const double kappa : {0.5, 1.5, 4.0}) {
        std::size_t best = 0;
        double best_score = -1e300;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
          const auto [mean, deviation] = model.predict({11, candidates[i]});
          if (mean + kappa * deviation > best_score + 1e-12) best_score = mean + kappa * deviation, best = i;
        }
        EXPECT_EQ(model.best(11, {more, candidates.end()}, kappa), candidates[best]);
      }
    }
  }
}

TEST(TimeVaryingGp, SearchesAgainAsIfForTheFirstTime) {
  RandomStream random(1, "gp", 0);
  std::vector<GpPoint> points, pending;
  std::vector<double> y;
  std::vector<std::vector<double>> candidates;
  for (int i = 0; i < 40; ++i) {
    points.push_back({static_cast<double>(i) / 4, {random.uniform()}});
    y.push_back(random.uniform());
    candidates.push_back({random.uniform()});
  }
  TimeVaryingGp model(points, y, candidates);
  std::set<std::vector<double>> found;
  for (int i = 0; i < 12; ++i) {
    if (i == 6) pending.erase(pending.begin() + 2);
    const double t = i % 3 == 2 ? 12 : 11;
    TimeVaryingGp anew(points, y, candidates);
    for (TimeVaryingGp* asked : {&model, &anew}) asked->set_pending(pending);
    const auto best = model.best(t, {{0.5}}, 2);
    EXPECT_EQ(best, anew.best(t, {{0.5}}, 2)) << i;
    found.insert(best);
    pending.push_back({t, best});
  }
  EXPECT_GT(found.size(), 3);  // what is pending drives them apart
}

TEST(TimeVaryingGp, TakesEqualValuesAndEqualPoints) {
  const TimeVaryingGp model({{1, {0.5}}, {1, {0.5}}, {1, {0.5}}}, {2, 2, 2});
  const auto prediction = model.predict({1, {0.5}});
  EXPECT_EQ(prediction.mean, 0);
  EXPECT_TRUE(std::isfinite(prediction.deviation));
}

}  // namespace
}  // namespace tune::test

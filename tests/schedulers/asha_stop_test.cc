// ASHA, variant stop: what counting gives, and what it does not depend on.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/rng.h"
#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

/// How many of these scores, in this order, pass the rung at 1.
std::int64_t survivors(const std::vector<double>& scores, std::int64_t eta) {
  const auto scheduler = make("asha", {{"max_t", 100}, {"reduction_factor", Value(eta)}});
  std::int64_t passed = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto trial = static_cast<std::int64_t>(i);
    scheduler->on_started(TrialId{trial}, {}, {});
    passed += tell(*scheduler, report_of(trial, 1, scores[i], trial + 1))->verdict == Verdict::kContinue;
  }
  return passed;
}

/// n! times the sum over k of max(1, floor(k/eta))/k.
std::int64_t expected_over_all_orders(std::int64_t n, std::int64_t eta) {
  std::int64_t factorial = 1, sum = 0;
  for (std::int64_t k = 2; k <= n; ++k) factorial *= k;
  for (std::int64_t k = 1; k <= n; ++k) sum += factorial / k * std::max<std::int64_t>(1, k / eta);
  return sum;
}

TEST(AshaStop, PassesExactlyTheExpectedNumberOverAllOrders) {
  for (const std::int64_t eta : {2, 3, 4}) {
    for (const std::int64_t n : {4, 6}) {
      std::vector<double> scores(static_cast<std::size_t>(n));
      std::iota(scores.begin(), scores.end(), 0.0);
      std::int64_t passed = 0;
      do passed += survivors(scores, eta);
      while (std::next_permutation(scores.begin(), scores.end()));
      EXPECT_EQ(passed, expected_over_all_orders(n, eta)) << "n " << n << " eta " << eta;
    }
  }
}

TEST(AshaStop, PassesAboutAQuarterOfManyTrials) {
  // 12.7 of 50 and 249 of 1000 for a factor of 4, by the same sum; here one order.
  RandomStream random(3, "scores", 0);
  double passed = 0;
  for (int order = 0; order < 200; ++order) {
    std::vector<double> scores(50);
    for (double& score : scores) score = random.uniform();
    passed += static_cast<double>(survivors(scores, 4));
  }
  EXPECT_NEAR(passed / 200, 12.7, 0.5);
}

TEST(AshaStop, NeverStopsEqualScores) { EXPECT_EQ(survivors(std::vector<double>(100, 0.25), 4), 100); }

TEST(AshaStop, DecidesTheSameOfAnyMonotoneMapOfTheMetric) {
  const auto verdicts = [](double (*map)(double)) {
    const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}});
    RandomStream random(11, "scores", 0);
    std::vector<std::string> all;
    for (std::int64_t trial = 0; trial < 300; ++trial) {
      scheduler->on_started(TrialId{trial}, {}, {});
      for (const double t : {1.0, 3.0, 9.0}) {
        const double loss = 1 + std::floor(1000 * random.uniform());
        const auto verdict = tell(*scheduler, report_of(trial, t, map(loss), trial * 3 + static_cast<std::int64_t>(t)));
        all.push_back(verdict->reason);
        if (verdict->verdict == Verdict::kStop) break;
      }
    }
    return all;
  };
  const auto plain = verdicts([](double x) { return x; });
  EXPECT_EQ(plain, verdicts([](double x) { return std::log(x); }));
  EXPECT_EQ(plain, verdicts([](double x) { return x * x * x; }));
  EXPECT_EQ(plain, verdicts([](double x) { return -1 / x; }));
}

TEST(AshaStop, EndsEveryTrialOfARandomSchedule) {
  WorldOptions options;
  options.seed = 20260101;
  SCOPED_TRACE(testing::Message() << "seed " << options.seed);
  options.trials = 2000;
  options.jump_in = 5;
  options.fail_in = 50;
  options.end_in = 80;
  options.nan_in = 40;
  options.scores = 500;
  const auto scheduler = make("asha", {{"max_t", 50}, {"reduction_factor", 3}, {"brackets", 3}});
  const WorldResult result = run_world(*scheduler, options);
  EXPECT_GT(result.history.size(), 10'000U);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.started, 2000);
  EXPECT_EQ(result.parked, 0);
  EXPECT_EQ(result.completed + result.stopped + result.failed + result.ended_alone, 2000);
  EXPECT_GT(result.completed, 0);
}

TEST(AshaStop, DrawsBracketsInProportionToHyperBandsNumbers) {
  // R = 27, eta = 3: 27, 12, 6 and 4 trials of 49.
  const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"brackets", 4}});
  std::vector<double> counts(4);
  constexpr int kDraws = 49'000;
  for (std::int64_t trial = 0; trial < kDraws; ++trial) {
    const auto proposal = scheduler->propose({true, true, false, 0});
    ++counts[static_cast<std::size_t>(proposal->placement.bracket)];
    scheduler->on_started(TrialId{trial}, proposal->placement, {});
    scheduler->on_ended(TrialId{trial}, false, EventNumber{trial});
  }
  double chi_square = 0;
  for (const auto& [bracket, weight] : {std::pair{0, 27.0}, {1, 12.0}, {2, 6.0}, {3, 4.0}}) {
    const double expected = kDraws * weight / 49;
    const double difference = counts[static_cast<std::size_t>(bracket)] - expected;
    chi_square += difference * difference / expected;
  }
  EXPECT_LT(chi_square, 16.27);  // 3 degrees of freedom, p = 0.001
}

TEST(AshaStop, DrawsABracketFromSeedAndTrialAlone) {
  const OptionRow options{{"max_t", 27}, {"reduction_factor", 3}, {"brackets", 4}};
  const auto one = make("asha", options, std::nullopt, 5), other = make("asha", options, std::nullopt, 5);
  const auto stranger = make("asha", options, std::nullopt, 6);
  other->on_started(TrialId{41}, {3}, {});  // other history, same next trial below
  one->on_started(TrialId{41}, {0}, {});
  bool differs = false;
  for (std::int64_t trial = 42; trial < 80; ++trial) {
    const Placement placement = one->propose({true, true, false, 0})->placement;
    EXPECT_EQ(placement, other->propose({true, true, false, 0})->placement);
    one->on_started(TrialId{trial}, placement, {});
    other->on_started(TrialId{trial}, placement, {});
    stranger->on_started(TrialId{trial - 1}, {}, {});
    differs |= !(placement == stranger->propose({true, true, false, 0})->placement);
  }
  EXPECT_TRUE(differs);
}

TEST(AshaStop, TakesABracketItDoesNotKnowForTheNearest) {
  const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}});
  scheduler->on_started(TrialId{0}, {7}, {});
  scheduler->on_started(TrialId{1}, {-1}, {});
  EXPECT_EQ(scheduler->next_point(TrialId{0}).t, 1);
  EXPECT_EQ(scheduler->next_point(TrialId{1}).t, 1);
}

TEST(AshaStop, KnowsNothingOfTrialsThatAreOver) {
  const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}});
  EXPECT_FALSE(scheduler->judge(report_of(3, 9, 0.5, 1)));
  scheduler->on_report(report_of(3, 9, 0.5, 1), nullptr);
  scheduler->on_ended(TrialId{3}, true, EventNumber{2});
  EXPECT_TRUE(std::isinf(scheduler->next_point(TrialId{3}).t));
  EXPECT_FALSE(scheduler->may_resume(TrialId{3}));
}

}  // namespace
}  // namespace tune::test

// The invented learning curves: their published values, and that a trial which was interrupted equals one that was not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainables/builtin_by_name.h"
#include "tests/trainables/fake_host.h"
#include "trainables/builtin/builtin.h"
#include "trainables/builtin/functions.h"
#include "trainables/builtin/games.h"

namespace tune {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tune::testing::FakeHost;
using Parameters = std::map<std::string, FakeHost::Parameter>;

Parameters middle(Parameters more = {}) {
  for (int i = 1; i <= 6; ++i) more.emplace("x" + std::to_string(i), 0.5);
  return more;
}

std::vector<double> losses(std::string_view name, const Parameters& config, std::uint64_t seed = 42) {
  FakeHost host;
  host.config = config;
  host.seed = seed;
  host.run(builtin(name));
  EXPECT_THAT(host.failures, IsEmpty());
  std::vector<double> values;
  for (const auto& report : host.reports) values.push_back(report.metric("loss"));
  return values;
}

TEST(MfHartmann, HasItsPublishedValuesWithoutNoise) {
  const auto fair = losses("mf_hartmann6", middle({{"noise", 0.0}}));
  ASSERT_THAT(fair, SizeIs(100));
  EXPECT_NEAR(fair[0], -0.401289, 1e-6);
  EXPECT_NEAR(fair[9], -0.453302, 1e-6);
  EXPECT_NEAR(fair[49], -0.489657, 1e-6);
  EXPECT_NEAR(fair[99], -0.505315, 1e-6);
  const auto terrible = losses("mf_hartmann6", middle({{"noise", 0.0}, {"bias", 4.0}}));
  EXPECT_NEAR(terrible[0], 0.326894, 1e-6);
  EXPECT_NEAR(terrible[9], -0.089210, 1e-6);
}

TEST(MfHartmann, ItsNoiseOnlyAddsAndIsGoneAtTheEnd) {
  const Parameters config = middle({{"noise", 5.0}, {"bias", 0.0}});
  const auto noisy = losses("mf_hartmann6", config);
  for (const double loss : noisy) EXPECT_GE(loss, functions::hartmann6(std::vector<double>(6, 0.5)));
  EXPECT_GT(noisy[0], noisy[99] + 0.1);
  EXPECT_DOUBLE_EQ(noisy[99], functions::hartmann6(std::vector<double>(6, 0.5)));
  EXPECT_EQ(noisy, losses("mf_hartmann6", config, 7)) << "the noise belongs to the configuration, not to the trial";
  Parameters other = config;
  other["noise_seed"] = std::int64_t{1};
  EXPECT_NE(noisy, losses("mf_hartmann6", other));
}

TEST(MfHartmann, CostsAddUpToOneFullEvaluation) {
  FakeHost host;
  host.config = middle({{"epochs", std::int64_t{81}}});
  host.run(builtin("mf_hartmann3"));
  ASSERT_THAT(host.reports, SizeIs(81));
  double cost = 0;
  for (const auto& report : host.reports) cost += report.metric("cost");
  EXPECT_NEAR(cost, 1, 1e-12);
  EXPECT_NEAR(host.reports[0].metric("cost"), 0.05 + 0.95 / 81 / 81, 1e-12);
  EXPECT_DOUBLE_EQ(host.reports[3].metric("true_loss"), host.reports[80].metric("loss"));
}

TEST(CountingOnes, CountsOnesAndDrawsTheRest) {
  const Parameters config = {
      {"c1", std::int64_t{1}}, {"c2", std::int64_t{0}}, {"c3", std::int64_t{1}}, {"p1", 1.0}, {"p2", 0.0}, {"p3", 0.5}};
  const auto values = losses("counting_ones", config);
  ASSERT_THAT(values, SizeIs(81));
  // Only p3 is random; the mean of 729 draws has a standard deviation of 0.0185.
  for (const double value : values) {
    EXPECT_LE(value, -3);
    EXPECT_GE(value, -4);
  }
  EXPECT_NEAR(values.back(), -3.5, 4 * 0.0185);
  EXPECT_NE(values, losses("counting_ones", config, 43));
}

TEST(CrossingCurve, ItsEarlyLeaderLoses) {
  Parameters low = middle({{"v", 0.4}}), high = middle({{"v", 0.9}});
  const auto patient = losses("crossing_curve", low), hasty = losses("crossing_curve", high);
  EXPECT_LT(hasty[3], patient[3]);
  EXPECT_LT(patient[99], hasty[99]);
  EXPECT_NEAR(hasty[0], functions::hartmann3(std::vector<double>(3, 0.5)) + 0.45 * 3.8627797873 + 5, 1e-12);
}

TEST(NoisyCurve, ScattersAroundItsMeanLessAndLess) {
  const auto values = losses("noisy_curve", middle());
  double early = 0, late = 0;
  for (int t = 1; t <= 100; ++t) {
    const double mean = functions::hartmann3(std::vector<double>(3, 0.5)) + 5 / std::sqrt(t);
    (t <= 50 ? early : late) += std::abs(values[static_cast<std::size_t>(t - 1)] - mean);
  }
  EXPECT_GT(early, 2 * late);
  EXPECT_GT(late, 0);
}

TEST(DivergingCurve, BreaksAsOftenAsItIsAskedTo) {
  int nan = 0, inf = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const double last = losses("diverging_curve", middle({{"nan_rate", 0.25}, {"inf_rate", 0.1}}), seed).back();
    nan += std::isnan(last);
    inf += std::isinf(last);
  }
  EXPECT_NEAR(nan, 100, 4 * std::sqrt(400 * 0.25 * 0.75));
  EXPECT_NEAR(inf, 40, 4 * std::sqrt(400 * 0.1 * 0.9));
}

TEST(PbtQuadratic, GetsHalfwayWithOneCoordinateAndToTheTopWithBoth) {
  EXPECT_NEAR(losses("pbt_quadratic", {{"h0", 1.0}, {"h1", 0.0}}).back(), -0.39, 1e-3);
  EXPECT_NEAR(losses("pbt_quadratic", {{"h0", 1.0}, {"h1", 1.0}}).back(), -1.2, 1e-3);
}

TEST(PbtDrift, NoConstantRateFollows) {
  for (const double lr : {1e-1, 3e-3, 1e-4}) {
    double sum = 0;
    for (const double error : losses("pbt_drift", {{"lr", lr}})) sum += error;
    EXPECT_GE(sum / 100, 0.74) << lr;
  }
}

TEST(Pb2Bump, StandingStillGainsAQuarter) {
  EXPECT_NEAR(losses("pb2_bump", {{"x", 0.5}}).back() / 60, -0.41, 0.02);  // the best standpoint
  EXPECT_NEAR(losses("pb2_bump", {{"x", 0.2}}).back(), -games::bump_gain(0.2, 1) * 10, 5);
}

struct Subject {
  std::string name;
  Parameters config;
};

TEST(Benchmarks, AnInterruptedTrialEqualsOneThatWasNot) {
  const std::vector<Subject> subjects = {
      {"mf_hartmann6", middle({{"noise", 3.0}})},
      {"counting_ones", {{"p1", 0.3}, {"p2", 0.8}}},
      {"noisy_curve", middle()},
      {"diverging_curve", middle({{"nan_rate", 0.0}, {"inf_rate", 1.0}})},
      {"crossing_curve", middle({{"v", 0.3}})},
      {"pbt_quadratic", {{"h0", 0.4}, {"h1", 0.1}}},
      {"pb2_bump", {{"x", 0.4}}},
  };
  for (const Subject& subject : subjects) {
    SCOPED_TRACE(subject.name);
    const auto unbroken = losses(subject.name, subject.config);
    FakeHost host;
    host.config = subject.config;
    host.leave_at = 17;
    host.save_on_leave = true;
    host.run(builtin(subject.name));
    host.resume_from_last();
    host.leave_at.reset();
    host.run(builtin(subject.name));
    ASSERT_EQ(host.reports.size(), unbroken.size());
    for (std::size_t i = 0; i < unbroken.size(); ++i) EXPECT_EQ(host.reports[i].metric("loss"), unbroken[i]) << i;
  }
}

TEST(Benchmarks, RefuseWhatTheyCannotBe) {
  const auto failure = [](std::string_view name, const Parameters& config) {
    FakeHost host;
    host.config = config;
    host.run(builtin(name));
    EXPECT_THAT(host.reports, IsEmpty());
    return host.failures.empty() ? std::string("none") : host.failures[0].text;
  };
  EXPECT_THAT(failure("mf_hartmann6", middle({{"noise", -1.0}})), HasSubstr("'noise'"));
  EXPECT_THAT(failure("mf_hartmann6", middle({{"epochs", std::int64_t{0}}})), HasSubstr("'epochs'"));
  EXPECT_THAT(failure("counting_ones", {{"p1", 1.5}}), HasSubstr("'p1'"));
  EXPECT_THAT(failure("counting_ones", {{"c1", std::int64_t{2}}}), HasSubstr("'c1'"));
  EXPECT_THAT(failure("counting_ones", {}), HasSubstr("c1, c2"));
  EXPECT_THAT(failure("crossing_curve", middle({{"v", 2.0}})), HasSubstr("'v'"));
  EXPECT_THAT(failure("diverging_curve", middle({{"nan_rate", 2.0}})), HasSubstr("'nan_rate'"));
  EXPECT_THAT(failure("pbt_drift", {{"lr", 0.0}}), HasSubstr("'lr'"));
  FakeHost host;
  host.config = middle();
  host.checkpoint = "PK\3\4";
  host.run(builtin("mf_hartmann6"));
  ASSERT_THAT(host.failures, SizeIs(1));
  EXPECT_THAT(host.failures[0].text, HasSubstr("no checkpoint"));
}

}  // namespace
}  // namespace tune

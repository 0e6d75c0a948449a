#include "core/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/numbers.h"

namespace tune {
namespace {

TEST(Metrics, RoundTripThroughJson) {
  const Metrics metrics{{"loss", 0.1}, {"whole", 3}, {"low", -kInfinity}, {"tiny", 5e-324}, {"zero", -0.0}};
  EXPECT_EQ(metrics_to_json(metrics), R"({"loss":0.1,"whole":3.0,"low":"-Infinity","tiny":5e-324,"zero":-0.0})");
  const Metrics back = metrics_from_json(metrics_to_json(metrics)).value();
  EXPECT_EQ(back, metrics);
  EXPECT_TRUE(std::signbit(back[4].second));
}

TEST(Metrics, ReadNaNInBothForms) {
  EXPECT_TRUE(std::isnan(metrics_from_json(R"({"a":"NaN"})").value()[0].second));
  EXPECT_TRUE(std::isnan(metrics_from_json(R"({"a":NaN})").value()[0].second));
}

TEST(Metrics, ReadIntegersAndBools) {
  EXPECT_EQ(metrics_from_json(R"({"n":3,"b":true})").value(), (Metrics{{"n", 3}, {"b", 1}}));
}

TEST(Metrics, RefuseOtherTexts) {
  EXPECT_EQ(metrics_from_json(R"({"n":"nan"})").error().message, "metric 'n' is not a number");
  EXPECT_FALSE(metrics_from_json("[]"));
}

TEST(Metrics, StoreTheFirstOfANameGivenTwice) {
  EXPECT_EQ(metrics_to_json({{"a", 1}, {"b", 2}, {"a", 3}}), R"({"a":1.0,"b":2.0})");
  Metrics many;
  for (int i = 0; i < 100; ++i) many.emplace_back("m" + std::to_string(i), i);
  const Metrics once = many;
  for (int i = 0; i < 100; i += 7) many.emplace_back("m" + std::to_string(i), -1);
  EXPECT_EQ(metrics_from_json(metrics_to_json(many)).value(), once);
}

TEST(Metrics, StayReadableWithNamesThatAreNoUtf8) {
  EXPECT_EQ(metrics_from_json(metrics_to_json({{"\xFF", 1}, {"\xFE", 2}})).value(), (Metrics{{"\xEF\xBF\xBD", 1}}));
}

TEST(Metrics, AreFoundByNameAndListed) {
  const Metrics metrics{{"loss", 0.1}, {"accuracy", 0.9}};
  EXPECT_EQ(find_metric(metrics, "accuracy"), 0.9);
  EXPECT_EQ(find_metric(metrics, "acc"), std::nullopt);
  EXPECT_EQ(metric_names(metrics), "loss, accuracy");
}

}  // namespace
}  // namespace tune

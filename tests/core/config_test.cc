#include "core/config.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/json.h"

namespace tune {
namespace {

TEST(Config, ReplacesInPlaceAndAppends) {
  Config config;
  config.set("a", 1);
  config.set("b", 2);
  config.set("a", "x");
  EXPECT_EQ(config, (Config{{{"a", "x"}, {"b", 2}}}));
  EXPECT_EQ(config.find("c"), nullptr);
}

TEST(Config, NestsItsGroups) {
  const Config config{{{"model.hidden", 16}, {"lr", 0.1}, {"model.opt.name", "sgd"}}};
  EXPECT_EQ(to_json(to_nested(config)), R"({"model":{"hidden":16,"opt":{"name":"sgd"}},"lr":0.1})");
}

TEST(Config, FlattensByThePathsOfTheSpace) {
  const std::vector<std::string> paths{"lr", "model.hidden", "model.layer", "model.opt.name"};
  const Config config{{{"lr", 0.1}, {"model.hidden", 16}, {"model.layer", Map{{"kind", "conv"}}}}};
  EXPECT_EQ(from_nested(to_nested(config), paths),
            config);  // the map-valued choice stays a leaf, the absent one absent
}

TEST(Config, KeepsKindsInItsFlatForm) {
  const Config config{{{"a.b", 1},
                       {"c", 1.0},
                       {"d", "1"},
                       {"e", List{true, Value()}},
                       {"f", std::numeric_limits<double>::quiet_NaN()},
                       {"g", -std::numeric_limits<double>::infinity()},
                       {"h", "NaN"}}};
  EXPECT_EQ(from_flat_json(to_flat_json(config)), config);
  EXPECT_EQ(to_flat_json(Config{{{"a.b", 1}}}), R"({"a.b":1})");
  EXPECT_EQ(from_flat_json("{}"), Config{});
}

TEST(Config, RefusesWhatIsNoObject) {
  EXPECT_FALSE(from_flat_json("[1]"));
  EXPECT_FALSE(from_flat_json("{\"a\":"));
}

}  // namespace
}  // namespace tune

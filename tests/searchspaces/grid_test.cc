#include <gmock/gmock.h>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::ElementsAre;

TEST(Grid, TakesTheFullProductOfAllDiscreteParametersTheLastFastest) {
  const Space space =
      space_of({parameter("a", choice({"x", "y"})), parameter("b", RandInt{1, 3}), parameter("c", grid({true, false})),
                parameter("d", QUniform{0.1, 0.1, 0.1}), parameter("s", Derived{"b * 10", true})});
  const auto sampler = sampler_of("grid", space);
  EXPECT_EQ(sampler->size(), 8);
  EXPECT_EQ(config_text(*sampler, 0), R"({"a":"x","b":1,"c":true,"d":0.1,"s":10})");
  EXPECT_EQ(config_text(*sampler, 1), R"({"a":"x","b":1,"c":false,"d":0.1,"s":10})");
  EXPECT_EQ(config_text(*sampler, 2), R"({"a":"x","b":2,"c":true,"d":0.1,"s":20})");
  EXPECT_EQ(config_text(*sampler, 7), R"({"a":"y","b":2,"c":false,"d":0.1,"s":20})");
  EXPECT_EQ(config_text(*sampler, 8), "end");
  EXPECT_EQ(reason_of(*sampler, 4), "grid cell 5 of 8");
}

TEST(Grid, RefusesContinuousAndUnboundedParametersByName) {
  const Space lr = space_of({parameter("a", choice({1})), parameter("lr", LogUniform{1e-4, 1})});
  EXPECT_EQ(make_sampler("grid", {&lr, 1, {}, {}}).error().message,
            "'lr' is continuous, which algorithm grid cannot take");
  const Space noise = space_of({parameter("noise", QNormal{0, 1, 0.5})});
  EXPECT_EQ(make_sampler("grid", {&noise, 1, {}, {}}).error().message,
            "'noise' is unbounded, which algorithm grid cannot take");
}

TEST(Grid, SkipsCellsThatViolateConstraints) {
  const Space space = space_of({parameter("a", RandInt{1, 4}), parameter("b", RandInt{1, 4})}, {"a * b == 6"});
  const auto sampler = sampler_of("grid", space);
  EXPECT_EQ(sampler->size(), 2);
  EXPECT_THAT(config_texts(*sampler, 3), ElementsAre(R"({"a":2,"b":3})", R"({"a":3,"b":2})", "end"));
}

TEST(Grid, FollowsConditions) {
  const Space space = space_of({parameter("m", RandInt{1, 3}, {{"o", {"sgd"}}}),
                                parameter("o", choice({"adam", "sgd"})), parameter("n", choice({7, 8}), {{"m", {2}}})});
  const auto sampler = sampler_of("grid", space);
  EXPECT_EQ(sampler->size(), 4);
  EXPECT_THAT(config_texts(*sampler, 5),
              ElementsAre(R"({"o":"adam"})", R"({"m":1,"o":"sgd"})", R"({"m":2,"o":"sgd","n":7})",
                          R"({"m":2,"o":"sgd","n":8})", "end"));
}

TEST(Grid, PutsTheCellsOfAPointFirst) {
  const Space space = space_of({parameter("a", RandInt{1, 4}), parameter("b", RandInt{1, 3})});
  const auto sampler = sampler_of("grid", space, {Config{{{"a", 2}}}});
  EXPECT_EQ(sampler->size(), 6);
  EXPECT_THAT(config_texts(*sampler, 7),
              ElementsAre(R"({"a":2,"b":1})", R"({"a":2,"b":2})", R"({"a":1,"b":1})", R"({"a":1,"b":2})",
                          R"({"a":3,"b":1})", R"({"a":3,"b":2})", "end"));
}

TEST(Grid, HugeProductsAreNeverListed) {
  const Space space = space_of({parameter("a", RandInt{0, INT64_MAX}), parameter("b", RandInt{0, 4})});
  const auto sampler = sampler_of("grid", space);
  EXPECT_EQ(sampler->size(), INT64_MAX);
  EXPECT_EQ(config_text(*sampler, 4'000'000'003), R"({"a":1000000000,"b":3})");
}

}  // namespace
}  // namespace tune

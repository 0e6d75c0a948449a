#include "searchspaces/sampler.h"

#include <gmock/gmock.h>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SamplerCatalogue, ListsAllAndSaysWhichAreBuilt) {
  std::vector<std::string> built, others;
  for (const AlgorithmInfo& info : sampler_catalogue()) {
    (info.capabilities.built ? built : others).push_back(info.name);
    EXPECT_FALSE(info.help.empty());
  }
  EXPECT_THAT(built, ElementsAre("random", "grid", "sobol"));
  EXPECT_THAT(others, ElementsAre("tpe", "gp", "cmaes", "nsga2", "bohb", "dehb"));
}

TEST(SamplerCatalogue, EveryBuiltOneIsMadeUnderItsName) {
  const Space space = space_of({parameter("a", choice({1, 2}))});
  for (const AlgorithmInfo& info : sampler_catalogue()) {
    const auto sampler = make_sampler(info.name, {&space, 1, {}, {}});
    if (info.capabilities.built) {
      ASSERT_TRUE(sampler);
      EXPECT_EQ((*sampler)->name(), info.name);
      EXPECT_EQ((*sampler)->size().has_value(), info.capabilities.finite);
      EXPECT_FALSE((*sampler)->learns());
    } else {
      ASSERT_FALSE(sampler);
      EXPECT_EQ(sampler.error().code, ErrorCode::kUnsupported);
      EXPECT_EQ(sampler.error().message, "algorithm '" + info.name + "' is not built yet");
      EXPECT_EQ(sampler.error().hint, "built: random, grid, sobol");
    }
  }
  EXPECT_EQ(make_sampler("bayes", {&space, 1, {}, {}}).error().code, ErrorCode::kBadInput);
}

TEST(Points, UnknownNamesAreErrorsAndValuesOutsideAreWarnings) {
  const Space space = space_of({parameter("lr", Uniform{0, 2}), parameter("hidden", RandInt{1, 9}),
                                parameter("neck", Derived{"hidden / 2", false})});
  const auto faults = check_points(space, {Config{{{"lr", 1}, {"hidden", 9}}}, Config{{{"hiden", 3}, {"neck", 2.0}}}});
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_TRUE(faults[0].warning);
  EXPECT_EQ(faults[0].message, "9 is outside the range of 'hidden': integers from 1 to 8");
  EXPECT_FALSE(faults[1].warning);
  EXPECT_EQ(faults[1].message, "points_to_evaluate names 'hiden', which is no parameter");
  EXPECT_EQ(faults[1].hint, "did you mean 'hidden'?");
  EXPECT_EQ(faults[2].message, "'neck' is derived; a point cannot set it");
  EXPECT_EQ(make_sampler("random", {&space, 1, {Config{{{"hiden", 3}}}}, {}}).error().message, faults[1].message);
}

// What holds for every sampler that is built.
class AnySampler : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Built, AnySampler, testing::Values("random", "grid", "sobol"));

std::vector<Parameter> discrete_parameters() {
  return {parameter("double", Derived{"hidden * 2", true}), parameter("optimizer", choice({"adam", "sgd"})),
          parameter("momentum", QUniform{0, 0.9, 0.1}, {{"optimizer", {"sgd"}}}), parameter("hidden", RandInt{1, 30}),
          parameter("fixed", Constant{"v"})};
}

TEST_P(AnySampler, ProposalsAreAFunctionOfTheTrialNumberAlone) {
  const Space space = space_of(discrete_parameters(), {"hidden <= 16"});
  const auto forward = sampler_of(GetParam(), space);
  const auto texts = config_texts(*forward, 40);
  const auto backward = sampler_of(GetParam(), space);
  for (std::int64_t i = 39; i >= 0; --i) EXPECT_EQ(config_text(*backward, i), texts[static_cast<std::size_t>(i)]);
}

TEST_P(AnySampler, ConfigurationsKeepDomainsConditionsConstraintsAndFileOrder) {
  const Space space = space_of(discrete_parameters(), {"hidden <= 16", "momentum < 0.85"});
  const auto sampler = sampler_of(GetParam(), space);
  for (std::int64_t i = 0; i < 150; ++i) {
    const auto suggestion = sampler->suggest(TrialId{i});
    ASSERT_TRUE(suggestion);
    if (!suggestion->config) break;
    const Config& config = *suggestion->config;
    EXPECT_EQ(config, space.in_file_order(config));
    EXPECT_EQ(config.find("momentum") != nullptr, *config.find("optimizer") == Value("sgd"));
    EXPECT_EQ(config.find("double")->integer(), 2 * config.find("hidden")->integer());
    EXPECT_EQ(space.violated(config).value(), std::nullopt);
    for (const auto& [path, value] : config.entries) EXPECT_TRUE(contains(space.find(path)->domain, value)) << path;
  }
}

TEST_P(AnySampler, PointsToEvaluateComeFirst) {
  const Space space = space_of(discrete_parameters());
  const auto sampler = sampler_of(GetParam(), space,
                                  {Config{{{"optimizer", "adam"}, {"momentum", 0.5}, {"hidden", 8}}},
                                   Config{{{"optimizer", "sgd"}, {"momentum", 0.3}, {"hidden", 99}}}});
  EXPECT_EQ(config_text(*sampler, 0),
            R"({"double":16,"optimizer":"adam","hidden":8,"fixed":"v"})");  // momentum is inactive
  EXPECT_EQ(config_text(*sampler, 1), R"({"double":198,"optimizer":"sgd","momentum":0.3,"hidden":99,"fixed":"v"})");
  EXPECT_EQ(reason_of(*sampler, 0), "point to evaluate 1 of 2");
  EXPECT_EQ(reason_of(*sampler, 1), "point to evaluate 2 of 2");
  EXPECT_THAT(reason_of(*sampler, 2), testing::Not(HasSubstr("point to evaluate")));
}

TEST_P(AnySampler, APointThatViolatesAConstraintIsRefused) {
  const Space space = space_of(discrete_parameters(), {"hidden <= 16"});
  const auto sampler = make_sampler(GetParam(), {&space, 1, {Config{{{"hidden", 2}}}, Config{{{"hidden", 20}}}}, {}});
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().message, "point to evaluate 2 violates 'hidden <= 16'");
}

TEST_P(AnySampler, ADerivedFractionIsAnError) {
  const Space space = space_of({parameter("hidden", choice({3, 5})), parameter("neck", Derived{"hidden / 2", true})});
  const auto sampler = make_sampler(GetParam(), {&space, 1, {}, {}});
  const std::string message = sampler ? config_text(**sampler, 0) : sampler.error().message;
  EXPECT_THAT(message, HasSubstr(".5; use floor() or round()"));
}

TEST_P(AnySampler, ASpaceOfConstantsEndsAfterOneTrial) {
  const Space space =
      space_of({parameter("a", Constant{3}), parameter("b", Uniform{2, 2}), parameter("c", Derived{"a + b", false})});
  const auto sampler = sampler_of(GetParam(), space);
  EXPECT_EQ(sampler->size(), 1);
  EXPECT_THAT(config_texts(*sampler, 2), ElementsAre(R"({"a":3,"b":2.0,"c":5.0})", "end"));
}

TEST_P(AnySampler, APointGetsTheKindOfItsParameter) {
  const Space space = space_of({parameter("x", QUniform{0, 4, 1})});
  const auto sampler = sampler_of(GetParam(), space, {Config{{{"x", 3}}}});
  EXPECT_EQ(config_text(*sampler, 0), R"({"x":3.0})");
}

}  // namespace
}  // namespace tune

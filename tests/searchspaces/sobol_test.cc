#include <gmock/gmock.h>

#include <set>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::HasSubstr;

Options plain() { return Options(Map{{"scramble", false}}); }

Space cube(int dimensions) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < dimensions; ++i) parameters.push_back(parameter("x" + std::to_string(i), Uniform{0, 1}));
  return space_of(parameters);
}

std::vector<double> point(const Sampler& sampler, std::int64_t trial) {
  std::vector<double> out;
  const auto suggestion = sampler.suggest(TrialId{trial});
  for (const auto& [path, value] : suggestion->config->entries) out.push_back(value.real());
  return out;
}

TEST(Sobol, BeginsWithTheKnownPointsWhenUnscrambled) {
  const Space space = cube(4);
  const auto sampler = sampler_of("sobol", space, {}, 7, plain());
  const std::vector<std::vector<double>> known = {
      {.5, .5, .5, .5},         {.75, .25, .25, .25},     {.25, .75, .75, .75},    {.375, .375, .625, .875},
      {.875, .875, .125, .375}, {.625, .125, .875, .625}, {.125, .625, .375, .125}};
  for (std::size_t i = 0; i < known.size(); ++i) EXPECT_EQ(point(*sampler, static_cast<std::int64_t>(i)), known[i]);
  EXPECT_EQ(reason_of(*sampler, 4), "sobol point 5");
}

TEST(Sobol, AnyTrialIsReachedDirectly) {
  const Space space = cube(5);
  const auto steps = sampler_of("sobol", space), jumps = sampler_of("sobol", space);
  std::vector<std::vector<double>> points;
  for (std::int64_t i = 0; i < 300; ++i) points.push_back(point(*steps, i));
  for (const std::int64_t i : {299, 0, 1, 255, 256, 7, 7, 8})
    EXPECT_EQ(point(*jumps, i), points[static_cast<std::size_t>(i)]);
  EXPECT_EQ(point(*jumps, std::int64_t{1} << 40), point(*steps, std::int64_t{1} << 40));
}

TEST(Sobol, TheShiftKeepsEveryBinaryIntervalFilledOnce) {
  const Space space = cube(3);
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto sampler = sampler_of("sobol", space, {}, seed);
    // Trials 63..126 are the points 64..127 of the sequence: a block of 2^6 that fills each 1/64 of each axis once.
    std::vector<std::set<int>> cells(3);
    for (std::int64_t i = 63; i < 127; ++i) {
      const auto x = point(*sampler, i);
      for (std::size_t d = 0; d < 3; ++d) cells[d].insert(static_cast<int>(x[d] * 64));
    }
    for (const auto& filled : cells) EXPECT_EQ(filled.size(), 64u);
  }
}

TEST(Sobol, TheSeedMovesScrambledPointsOnly) {
  const Space space = cube(2);
  EXPECT_NE(point(*sampler_of("sobol", space, {}, 1), 0), point(*sampler_of("sobol", space, {}, 2), 0));
  EXPECT_EQ(point(*sampler_of("sobol", space, {}, 1, plain()), 9),
            point(*sampler_of("sobol", space, {}, 2, plain()), 9));
}

TEST(Sobol, ADerivedValueOrConstantTakesNoCoordinate) {
  const Space space = space_of({parameter("c", Constant{1}), parameter("x", Uniform{0, 1}),
                                parameter("d", Derived{"x * 2", false}), parameter("k", choice({"a", "b", "c", "d"}))});
  const auto sampler = sampler_of("sobol", space, {}, 7, plain());
  EXPECT_EQ(config_text(*sampler, 1), R"({"c":1,"x":0.75,"d":1.5,"k":"b"})");
}

TEST(Sobol, ReplacesAPointThatViolatesAConstraintByRandomDraws) {
  const Space space = space_of({parameter("x", Uniform{0, 1})}, {"x < 0.6"});
  const auto sampler = sampler_of("sobol", space, {}, 7, plain());
  EXPECT_EQ(point(*sampler, 0)[0], 0.5);
  EXPECT_EQ(reason_of(*sampler, 0), "sobol point 1");
  EXPECT_LT(point(*sampler, 1)[0], 0.6);
  EXPECT_THAT(reason_of(*sampler, 1),
              testing::MatchesRegex("sobol point 2; drawn at random instead [0-9]+ times? for 'x < 0.6'"));
  EXPECT_EQ(point(*sampler, 2)[0], 0.25);
}

TEST(Sobol, MissingParametersOfAPointTakeTheirCoordinates) {
  const Space space = cube(2);
  const auto sampler = sampler_of("sobol", space, {Config{{{"x0", 0.125}}}, Config{}}, 7, plain());
  EXPECT_EQ(point(*sampler, 0), (std::vector<double>{0.125, 0.5}));
  EXPECT_EQ(point(*sampler, 1), (std::vector<double>{0.75, 0.25}));
}

TEST(Sobol, RefusesGridsAndSuggestsChoice) {
  const Space space = space_of({parameter("g", grid({1, 2})), parameter("x", Uniform{0, 1})});
  const auto sampler = make_sampler("sobol", {&space, 1, {}, {}});
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().message, "'g' is a grid_search, which algorithm sobol cannot take");
  EXPECT_THAT(sampler.error().hint, HasSubstr("choice"));
}

TEST(Sobol, RefusesMoreParametersThanItHasDirectionNumbersFor) {
  const Space space = cube(3668);
  EXPECT_THAT(make_sampler("sobol", {&space, 1, {}, {}}).error().message, HasSubstr("at most 3667"));
  const Space most = cube(3667);
  EXPECT_EQ(point(*sampler_of("sobol", most, {}, 1, plain()), 0), std::vector<double>(3667, 0.5));
}

}  // namespace
}  // namespace tune

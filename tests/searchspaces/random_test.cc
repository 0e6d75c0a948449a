#include <gmock/gmock.h>

#include <cmath>

#include "tests/searchspaces/chi_square.h"
#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Options hold() { return Options(Map{{"constant_grid_search", true}}); }

std::string part(const Sampler& sampler, std::int64_t trial, std::string_view path) {
  const auto suggestion = sampler.suggest(TrialId{trial});
  const Value* value = suggestion && suggestion->config ? suggestion->config->find(path) : nullptr;
  return value ? to_flat_json(Config{{{"v", *value}}}) : "none";
}

TEST(Random, AFurtherParameterMovesNoOther) {
  const Space one = space_of({parameter("a", Uniform{0, 1}), parameter("b", RandInt{0, 1000})});
  const Space more =
      space_of({parameter("z", Normal{0, 1}), parameter("b", RandInt{0, 1000}), parameter("a", Uniform{0, 1})});
  const auto first = sampler_of("random", one), second = sampler_of("random", more);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(part(*first, i, "a"), part(*second, i, "a"));
    EXPECT_EQ(part(*first, i, "b"), part(*second, i, "b"));
  }
  EXPECT_NE(config_text(*first, 0), config_text(*sampler_of("random", one, {}, 8), 0));
}

TEST(Random, TrialsAreIndependentDrawsOfTheDomain) {
  const Space space = space_of({parameter("k", LogRandInt{1, 9})});
  const auto sampler = sampler_of("random", space);
  std::vector<std::int64_t> counts(8);
  for (std::int64_t i = 0; i < 100'000; ++i)
    ++counts[static_cast<std::size_t>(sampler->suggest(TrialId{i})->config->entries[0].second.integer() - 1)];
  std::vector<double> masses;
  for (int k = 1; k < 9; ++k) masses.push_back(std::log((k + 1.0) / k) / std::log(9.0));
  expect_masses(counts, masses);
}

TEST(Random, RedrawnConfigurationsAreUniformWhereTheConstraintHolds) {
  const Space space = space_of({parameter("a", RandInt{0, 4}), parameter("b", RandInt{0, 4})}, {"a < b"});
  const auto sampler = sampler_of("random", space);
  std::vector<std::int64_t> counts(6);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const Config config = *sampler->suggest(TrialId{i})->config;
    const std::int64_t a = config.entries[0].second.integer(), b = config.entries[1].second.integer();
    ++counts[static_cast<std::size_t>(b * (b - 1) / 2 + a)];
  }
  expect_masses(counts, std::vector<double>(6, 1.0 / 6));
}

TEST(Random, TrialITakesCellIModGAndDrawsTheRestAnew) {
  const Space space =
      space_of({parameter("g", grid({"x", "y"})), parameter("u", Uniform{0, 1}), parameter("h", grid({1, 2, 3}))});
  const auto sampler = sampler_of("random", space);
  EXPECT_EQ(sampler->size(), std::nullopt);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(part(*sampler, i, "h"), "{\"v\":" + std::to_string(i % 3 + 1) + "}");
    EXPECT_EQ(part(*sampler, i, "g"), i % 6 < 3 ? R"({"v":"x"})" : R"({"v":"y"})");
  }
  EXPECT_NE(part(*sampler, 0, "u"), part(*sampler, 1, "u"));
  EXPECT_NE(part(*sampler, 0, "u"), part(*sampler, 6, "u"));
  EXPECT_EQ(reason_of(*sampler, 4), "random, grid cell 5 of 6");
}

TEST(Random, ConstantGridSearchHoldsTheDrawsOverAllCells) {
  const Space space = space_of({parameter("g", grid({1, 2, 3})), parameter("u", Uniform{0, 1})});
  const auto sampler = sampler_of("random", space, {}, 7, hold());
  EXPECT_EQ(part(*sampler, 0, "u"), part(*sampler, 2, "u"));
  EXPECT_NE(part(*sampler, 2, "u"), part(*sampler, 3, "u"));
  EXPECT_EQ(part(*sampler, 3, "u"), part(*sampler, 5, "u"));
}

TEST(Random, ConstantGridSearchHoldsTheDrawsOfAPointToo) {
  const Space space =
      space_of({parameter("g", grid({1, 2})), parameter("u", Uniform{0, 1}), parameter("k", RandInt{0, 9})});
  const auto sampler = sampler_of("random", space, {Config{{{"k", 3}}}}, 7, hold());
  EXPECT_EQ(part(*sampler, 0, "u"), part(*sampler, 1, "u"));
  EXPECT_EQ(part(*sampler, 2, "u"), part(*sampler, 3, "u"));
  EXPECT_NE(part(*sampler, 0, "u"), part(*sampler, 2, "u"));
}

TEST(Random, AGridUnderAFalseConditionIsOneCell) {
  const Space space = space_of({parameter("a", grid({"x", "y"})), parameter("b", grid({1, 2}), {{"a", {"y"}}})});
  const auto sampler = sampler_of("random", space);
  EXPECT_EQ(sampler->size(), 3);
  EXPECT_THAT(config_texts(*sampler, 4),
              ElementsAre(R"({"a":"x"})", R"({"a":"y","b":1})", R"({"a":"y","b":2})", "end"));
}

TEST(Random, GridsAloneEndWhenTheyAreUsedUp) {
  const Space space = space_of(
      {parameter("a", grid({1, 2})), parameter("b", grid({3, 4})), parameter("s", Derived{"a + b", true})}, {"s != 5"});
  const auto sampler = sampler_of("random", space);
  EXPECT_EQ(sampler->size(), 2);
  EXPECT_THAT(config_texts(*sampler, 3), ElementsAre(R"({"a":1,"b":3,"s":4})", R"({"a":2,"b":4,"s":6})", "end"));
  EXPECT_EQ(reason_of(*sampler, 1), "random, grid cell 2 of 2");
}

TEST(Random, APresetIsExpandedOverTheGridsItDoesNotFix) {
  const Space space =
      space_of({parameter("g", grid({1, 2})), parameter("h", grid({5, 6})), parameter("k", RandInt{0, 3})});
  const auto sampler = sampler_of("random", space, {Config{{{"k", 2}, {"g", 2}}}, Config{{{"k", 1}}}});
  const auto texts = config_texts(*sampler, 7);
  EXPECT_THAT(std::vector(texts.begin(), texts.begin() + 6),
              ElementsAre(R"({"g":2,"h":5,"k":2})", R"({"g":2,"h":6,"k":2})", R"({"g":1,"h":5,"k":1})",
                          R"({"g":1,"h":6,"k":1})", R"({"g":2,"h":5,"k":1})", R"({"g":2,"h":6,"k":1})"));
  EXPECT_THAT(texts[6], testing::StartsWith(R"({"g":1,"h":5,)"));
  EXPECT_EQ(reason_of(*sampler, 1), "point to evaluate 1 of 2, grid cell 2 of 2");
  EXPECT_EQ(reason_of(*sampler, 6), "random, grid cell 1 of 4");
}

TEST(Random, AMissingParameterOfAPointIsDrawnAsThatTrialWouldDrawIt) {
  const Space space = space_of({parameter("a", Uniform{0, 1}), parameter("b", Uniform{0, 1})});
  const auto with = sampler_of("random", space, {Config{{{"a", 0.5}}}}), without = sampler_of("random", space);
  EXPECT_EQ(part(*with, 0, "a"), R"({"v":0.5})");
  EXPECT_EQ(part(*with, 0, "b"), part(*without, 0, "b"));
  EXPECT_EQ(config_text(*with, 1), config_text(*without, 1));
}

TEST(Random, PointsOfAPureGridAreNotProposedAgain) {
  const Space space = space_of({parameter("a", grid({1, 2})), parameter("b", grid({3, 4}))});
  const auto sampler = sampler_of("random", space, {Config{{{"b", 4}}}, Config{{{"a", 9}, {"b", 3}}}});
  EXPECT_EQ(sampler->size(), 5);
  EXPECT_THAT(config_texts(*sampler, 6), ElementsAre(R"({"a":1,"b":4})", R"({"a":2,"b":4})", R"({"a":9,"b":3})",
                                                     R"({"a":1,"b":3})", R"({"a":2,"b":3})", "end"));
}

TEST(Random, PointsThatCoverThePureGridEndIt) {
  const Space space = space_of({parameter("a", grid({1, 2}))});
  const auto sampler = sampler_of("random", space, {Config{{{"a", 2}}}, Config{{{"a", 1}}}});
  EXPECT_EQ(sampler->size(), 2);
  EXPECT_THAT(config_texts(*sampler, 3), ElementsAre(R"({"a":2})", R"({"a":1})", "end"));
}

TEST(Random, SaysThatItDrewAgainAndWhy) {
  const Space space = space_of({parameter("a", RandInt{0, 100})}, {"a < 10"});
  const auto sampler = sampler_of("random", space);
  bool seen = false;
  for (int i = 0; i < 20; ++i) {
    const std::string reason = reason_of(*sampler, i);
    if (reason == "random") continue;
    seen = true;
    EXPECT_THAT(reason, testing::MatchesRegex("random; drawn again [0-9]+ times? for 'a < 10'"));
  }
  EXPECT_TRUE(seen);
}

TEST(Random, NamesTheConstraintThatLeavesNoRoom) {
  const Space space = space_of({parameter("hidden", RandInt{8, 64}), parameter("layers", RandInt{1, 500})},
                               {"layers > 1", "hidden * layers <= 8"});
  const auto suggestion = sampler_of("random", space)->suggest(TrialId{3});
  ASSERT_FALSE(suggestion);
  EXPECT_EQ(suggestion.error().code, ErrorCode::kBadInput);
  EXPECT_THAT(
      suggestion.error().message,
      testing::MatchesRegex("constraints leave no room; 'hidden \\* layers <= 8' rejected 9[0-9][0-9] of 1000"));
}

TEST(Random, CellsThatConstraintsRuleOutByThemselvesAreLeftOut) {
  const Space space = space_of({parameter("a", grid({1, 2, 3})), parameter("u", Uniform{0, 1})}, {"a != 2"});
  const auto sampler = sampler_of("random", space);
  EXPECT_EQ(part(*sampler, 0, "a"), R"({"v":1})");
  EXPECT_EQ(part(*sampler, 1, "a"), R"({"v":3})");
  EXPECT_EQ(part(*sampler, 2, "a"), R"({"v":1})");
  const Space impossible = space_of({parameter("a", grid({1, 2, 3})), parameter("u", Uniform{0, 1})}, {"a > 3"});
  EXPECT_EQ(make_sampler("random", {&impossible, 1, {}, {}}).error().message,
            "constraints leave no room; 'a > 3' rejected 3 of 3 grid cells");
}

TEST(Random, TooManyCellsForAConstraintAreRefused) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < 21; ++i) parameters.push_back(parameter("g" + std::to_string(i), grid({1, 2})));
  const Space space = space_of(parameters, {"g0 < g1"});
  EXPECT_THAT(make_sampler("random", {&space, 1, {}, {}}).error().message, HasSubstr("the grid has 2097152 cells"));
}

}  // namespace
}  // namespace tune

#include "searchspaces/space.h"

#include <gmock/gmock.h>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = SpaceFault::Kind;

TEST(Space, OrdersParentsBeforeChildrenAndInputsBeforeDerivedValues) {
  const Space space = space_of({
      parameter("neck", Derived{"hidden / 2", false}),
      parameter("momentum", Uniform{0, 1}, {{"optimizer", {"sgd"}}}),
      parameter("hidden", RandInt{1, 9}),
      parameter("optimizer", choice({"adam", "sgd"})),
      parameter("lr", LogUniform{1e-4, 1}),
  });

  EXPECT_THAT(space.order(), ElementsAre(2, 0, 3, 1, 4));
  EXPECT_THAT(space.paths(), ElementsAre("neck", "momentum", "hidden", "optimizer", "lr"));
  EXPECT_THAT(space.inputs(0), ElementsAre(2));
  EXPECT_EQ(space.find("optimizer"), &space.parameters()[3]);
  EXPECT_EQ(space.find("optimiser"), nullptr);
}

TEST(Space, AParameterIsActiveIfAllItsConditionsHold) {
  const Space space = space_of({parameter("a", choice({1, 2, 3})), parameter("b", choice({"x", "y"}), {{"a", {1, 2}}}),
                                parameter("c", Uniform{0, 1}, {{"a", {2}}, {"b", {"x"}}})});
  const Parameter& c = space.parameters()[2];

  EXPECT_TRUE(space.is_active(c, Config{{{"a", 2}, {"b", "x"}}}));
  EXPECT_FALSE(space.is_active(c, Config{{{"a", 1}, {"b", "x"}}}));
  EXPECT_FALSE(space.is_active(c, Config{{{"a", 2}}}));
}

TEST(Space, DerivesValuesInOrderAndLeavesOutThoseOfInactiveParameters) {
  const Space space = space_of({
      parameter("double", Derived{"neck * 2", true}),
      parameter("neck", Derived{"floor(hidden / 2)", true}),
      parameter("hidden", RandInt{1, 99}),
      parameter("warm", Derived{"rate + 1", false}),
      parameter("on", choice({true, false})),
      parameter("rate", Uniform{0, 1}, {{"on", {true}}}),
      parameter("both", Derived{"hidden + on", false}, {{"on", {false}}}),
  });
  Config config{{{"hidden", 25}, {"on", false}}};

  ASSERT_TRUE(space.derive(config));

  EXPECT_EQ(to_flat_json(space.in_file_order(config)), R"({"double":24,"neck":12,"hidden":25,"on":false,"both":25.0})");
}

TEST(Space, DerivingAgainReplacesTheOldValues) {
  const Space space =
      space_of({parameter("hidden", RandInt{1, 99}), parameter("neck", Derived{"hidden / 2", false}),
                parameter("on", choice({true, false})), parameter("b", Derived{"1", false}, {{"on", {true}}})});
  Config config{{{"hidden", 10}, {"on", true}}};
  ASSERT_TRUE(space.derive(config));
  config.set("hidden", 20);
  config.set("on", false);

  ASSERT_TRUE(space.derive(config));

  EXPECT_EQ(to_flat_json(config), R"({"hidden":20,"on":false,"neck":10.0})");
}

TEST(Space, AFractionWhereAnIntegerIsDueIsAnErrorThatNamesTheConfiguration) {
  const Space space = space_of({parameter("hidden", RandInt{1, 99}), parameter("neck", Derived{"hidden / 2", true})});
  Config config{{{"hidden", 25}}};

  const auto derived = space.derive(config);

  ASSERT_FALSE(derived);
  EXPECT_EQ(derived.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(derived.error().message, R"(neck = 12.5; use floor() or round() (configuration {"hidden":25}))");
}

TEST(Space, WhatDecimalArithmeticLeavesIsNoFraction) {
  const Space space = space_of({parameter("ratio", choice({0.1})), parameter("n", Derived{"ratio * 30", true})});
  Config config{{{"ratio", 0.1}}};
  ASSERT_TRUE(space.derive(config));
  EXPECT_EQ(*config.find("n"), Value(3));
}

TEST(Space, ADerivedValueThatIsNotFiniteIsAnErrorThatNamesTheConfiguration) {
  const Space space = space_of({parameter("x", choice({0, 1})), parameter("y", Derived{"1 / x", false})});
  Config config{{{"x", 0}}};
  const auto derived = space.derive(config);
  ASSERT_FALSE(derived);
  EXPECT_EQ(derived.error().message, R"(y: '1 / x' is inf in configuration {"x":0})");
}

TEST(Space, FindsTheFirstViolatedConstraint) {
  const Space space = space_of({parameter("a", RandInt{0, 9}), parameter("b", RandInt{0, 9}),
                                parameter("c", choice({1, 2})), parameter("d", RandInt{0, 9}, {{"c", {1}}})},
                               {"a <= 5", "a + b <= 8", "d > 100", "1 / a"});

  EXPECT_EQ(space.violated(Config{{{"a", 6}, {"b", 6}, {"c", 2}}}).value(), 0u);
  EXPECT_EQ(space.violated(Config{{{"a", 4}, {"b", 6}, {"c", 2}}}).value(), 1u);
  EXPECT_EQ(space.violated(Config{{{"a", 1}, {"b", 1}, {"c", 1}, {"d", 3}}}).value(), 2u);
  EXPECT_EQ(space.violated(Config{{{"a", 1}, {"b", 1}, {"c", 2}}}).value(), std::nullopt);  // d is inactive
  const auto infinite = space.violated(Config{{{"a", 0}, {"b", 1}, {"c", 2}}});
  ASSERT_FALSE(infinite);
  EXPECT_THAT(infinite.error().message, HasSubstr("'1 / a' is inf in configuration"));
}

TEST(Space, SaysWhatIsWrongWithAConditionAndWhatToDo) {
  const auto faults = faults_of({
      parameter("lr", Uniform{0, 1}),
      parameter("optimizer", choice({"adam", "sgd"})),
      parameter("layers", RandInt{1, 4}),
      parameter("a", Uniform{0, 1}, {{"optimiser", {"sgd"}}}),
      parameter("b", Uniform{0, 1}, {{"optimizer", {"sgd", "sdg"}}}),
      parameter("c", Uniform{0, 1}, {{"lr", {0.5}}}),
      parameter("d", Uniform{0, 1}, {{"layers", {4}}}),
      parameter("e", Uniform{0, 1}, {{"half", {1.0}}}),
      parameter("half", Derived{"layers / 2", false}),
      parameter("f", Uniform{0, 1}, {{"zzz", {1}}}),
  });

  ASSERT_EQ(faults.size(), 6u);
  EXPECT_EQ(faults[0].kind, Kind::kUnknownName);
  EXPECT_EQ(faults[0].path, "a");
  EXPECT_EQ(faults[0].condition_path, "optimiser");
  EXPECT_EQ(faults[0].message, "'when' names 'optimiser', which is no parameter");
  EXPECT_EQ(faults[0].hint, "did you mean 'optimizer'?");
  EXPECT_EQ(faults[1].kind, Kind::kUnknownChoice);
  EXPECT_EQ(faults[1].message, "'optimizer' has no value 'sdg'");
  EXPECT_EQ(faults[1].hint, "did you mean 'sgd'?");
  EXPECT_EQ(faults[2].kind, Kind::kContinuousParent);
  EXPECT_EQ(faults[2].message, "'when' names 'lr', which is continuous");
  EXPECT_EQ(faults[3].message, "'layers' has no value 4");
  EXPECT_EQ(faults[3].hint, "it is: integers 1, 2, 3");
  EXPECT_EQ(faults[4].kind, Kind::kContinuousParent);
  EXPECT_EQ(faults[4].message, "'when' names 'half', which is derived");
  EXPECT_EQ(faults[5].hint, "parameters: lr, optimizer, layers, a, b, c, d, e, half, f");
}

TEST(Space, NamesEveryCycleWhole) {
  const auto faults = faults_of({
      parameter("momentum", choice({1, 2}), {{"optimizer", {1}}}),
      parameter("optimizer", choice({1, 2}), {{"momentum", {1}}}),
      parameter("a", Derived{"b + 1", false}),
      parameter("b", Derived{"c", false}),
      parameter("c", Derived{"a + x", false}),
      parameter("x", Uniform{0, 1}),
      parameter("self", choice({1, 2}), {{"self", {1}}}),
      parameter("follower", Derived{"a * 2", false}),
  });

  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].kind, Kind::kCycle);
  EXPECT_EQ(faults[0].message, "parameters depend on each other in a circle: momentum -> optimizer -> momentum");
  EXPECT_EQ(faults[1].message, "parameters depend on each other in a circle: a -> b -> c -> a");
  EXPECT_EQ(faults[1].path, "a");
  EXPECT_EQ(faults[2].message, "parameters depend on each other in a circle: self -> self");
}

TEST(Space, LongChainsNeitherOverflowNorTakeLong) {
  std::vector<Parameter> parameters;
  constexpr int kLength = 1000;
  for (int i = 0; i < kLength; ++i) {
    parameters.push_back(parameter("p" + std::to_string(i), Derived{"p" + std::to_string((i + 1) % kLength), false}));
  }
  EXPECT_EQ(faults_of(parameters).size(), 1u);
  parameters.back().domain = Uniform{0, 1};
  const Space space = space_of(parameters);
  EXPECT_EQ(space.order().front(), kLength - 1u);
}

TEST(Space, PlacesFaultsInsideExpressions) {
  const auto faults = faults_of({parameter("hidden", RandInt{1, 9}), parameter("optimizer", choice({"adam", "sgd"})),
                                 parameter("neck", Derived{"hidden +", true})},
                                {"hiden * 2 <= 16", "hidden > 2 && optimizer == 1", "hidden = 2"});

  ASSERT_EQ(faults.size(), 4u);
  EXPECT_EQ(faults[0].kind, Kind::kExpression);
  EXPECT_EQ(faults[0].path, "neck");
  EXPECT_EQ(faults[0].expression->position, 7u);
  EXPECT_EQ(faults[1].kind, Kind::kUnknownName);
  EXPECT_EQ(faults[1].constraint, 0);
  EXPECT_EQ(faults[1].message, "unknown name 'hiden' in constraint");
  EXPECT_EQ(faults[1].hint, "did you mean 'hidden'?");
  EXPECT_EQ(faults[1].expression->length, 5u);
  EXPECT_EQ(faults[2].message, "'optimizer' can be 'adam', and an expression takes numbers only");
  EXPECT_EQ(faults[2].expression->position, 14u);
  EXPECT_EQ(faults[3].constraint, 2);
  EXPECT_EQ(faults[3].hint, "did you mean '=='?");
}

TEST(Space, ComparingATextIsToldFromAMisspeltName) {
  const auto faults = faults_of({parameter("optimizer", choice({"adam", "sgd"}))}, {"optimizer == sgd"});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].message, "unknown name 'sgd' in constraint");
  EXPECT_EQ(faults[0].hint, "'sgd' is a text of 'optimizer'; conditions on text belong in 'when'");
}

TEST(Space, ChecksDomainsUnderTheWordTheyWereWrittenWith) {
  Parameter layers = parameter("layers", RandInt{5, 4});
  layers.written_as = "int";
  const auto faults = faults_of({layers});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].kind, Kind::kDomain);
  EXPECT_EQ(faults[0].message, "int needs low <= high, got 5 and 3");
}

TEST(Space, WarnsOfAParameterThatIsNeverActive) {
  std::vector<SpaceFault> faults;
  const auto space = Space::build({parameter("a", choice({1, 2})), parameter("b", choice({1, 2}), {{"a", {1}}}),
                                   parameter("never", Uniform{0, 1}, {{"a", {2}}, {"b", {1}}}),
                                   parameter("fine", Uniform{0, 1}, {{"a", {1, 2}}, {"b", {1}}})},
                                  {}, faults);

  ASSERT_TRUE(space);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_TRUE(faults[0].warning);
  EXPECT_EQ(faults[0].kind, Kind::kNeverActive);
  EXPECT_EQ(faults[0].message, "'never' is never active");
}

TEST(Space, AGridUnderAFalseConditionIsOneCell) {
  EXPECT_EQ(space_of({parameter("x", Uniform{0, 1})}).grid_cells(), 1);
  EXPECT_EQ(space_of({parameter("a", grid({1, 2, 3})), parameter("b", grid({1, 2}))}).grid_cells(), 6);
  // a = 1: two values of b; a = 2, 3: one cell each.
  EXPECT_EQ(space_of({parameter("a", grid({1, 2, 3})), parameter("b", grid({1, 2}), {{"a", {1}}})}).grid_cells(), 4);
  // A condition on a drawn parameter may come true in any trial.
  EXPECT_EQ(space_of({parameter("a", choice({1, 2, 3})), parameter("b", grid({1, 2}), {{"a", {1}}})}).grid_cells(), 2);
}

TEST(Space, TheNumberOfCellsSaturates) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < 70; ++i) parameters.push_back(parameter("g" + std::to_string(i), grid({1, 2})));
  EXPECT_EQ(space_of(parameters).grid_cells(), INT64_MAX);
}

TEST(Space, TangledConditionsAmongGridsAreRefusedInsteadOfCountedForEver) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < 40; ++i) parameters.push_back(parameter("a" + std::to_string(i), grid({1, 2})));
  for (int i = 0; i < 40; ++i)
    parameters.push_back(parameter("b" + std::to_string(i), grid({1, 2}), {{"a" + std::to_string(i), {1}}}));
  const auto faults = faults_of(parameters);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0].message, HasSubstr("too many to count"));
}

TEST(Space, DescribesItselfInWords) {
  const Space space =
      space_of({parameter("optimizer", choice({"adam", "sgd", "rmsprop"})), parameter("lr", LogUniform{1e-4, 0.1}),
                parameter("momentum", Uniform{0, 0.99}, {{"optimizer", {"sgd", "rmsprop"}}})},
               {"lr < 0.05"});
  EXPECT_EQ(space.describe(),
            "  optimizer: one of adam, sgd, rmsprop\n"
            "  lr: reals from 1e-04 to 0.1, uniform in the logarithm\n"
            "  momentum: reals from 0 to 0.99; only if optimizer is sgd or rmsprop\n"
            "  constraint: lr < 0.05\n");
}

TEST(Space, TheFingerprintChangesWithWhateverChangesConfigurations) {
  const auto print = [](std::vector<Parameter> parameters, std::vector<std::string> constraints = {}) {
    return space_of(std::move(parameters), std::move(constraints)).fingerprint();
  };
  const std::string base = print({parameter("a", Uniform{0, 1}), parameter("b", choice({1, 2}))});

  Parameter described = parameter("a", Uniform{0, 1});
  described.description = "words";
  EXPECT_EQ(print({described, parameter("b", choice({1, 2}))}), base);
  EXPECT_EQ(base.size(), 64u);
  EXPECT_NE(print({parameter("b", choice({1, 2})), parameter("a", Uniform{0, 1})}), base);
  EXPECT_NE(print({parameter("a", Uniform{0, 1 + 1e-15}), parameter("b", choice({1, 2}))}), base);
  EXPECT_NE(print({parameter("a", LogUniform{1e-9, 1}), parameter("b", choice({1, 2}))}), base);
  EXPECT_NE(print({parameter("a", Uniform{0, 1}), parameter("b", choice({1, 2.0}))}), base);
  EXPECT_NE(print({parameter("a", Uniform{0, 1}, {{"b", {1}}}), parameter("b", choice({1, 2}))}), base);
  EXPECT_NE(print({parameter("a", Uniform{0, 1}), parameter("b", choice({1, 2}))}, {"b > 0"}), base);
}

TEST(Space, CopiesShareTheirParts) {
  const Space space = space_of({parameter("a", Uniform{0, 1})});
  const Space copy = space;
  EXPECT_EQ(copy.find("a"), space.find("a"));
  EXPECT_THAT(Space().parameters(), IsEmpty());
  EXPECT_EQ(Space().grid_cells(), 1);
}

}  // namespace
}  // namespace tune

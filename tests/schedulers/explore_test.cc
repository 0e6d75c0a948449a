// How single values change, and whole configurations: nothing leaves its range, nothing sticks.

#include "schedulers/explore.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/json.h"
#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

Value perturbed(const Domain& domain, const Value& old, double factor) {
  RandomStream random(1, "test", 0);
  return perturb(domain, old, factor, random);
}

TEST(Perturb, MultipliesRealsAndClampsThem) {
  EXPECT_EQ(perturbed(LogUniform{1e-4, 1e-1}, 0.01, 1.2), Value(0.01 * 1.2));
  EXPECT_EQ(perturbed(LogUniform{1e-4, 1e-1}, 1e-4, 0.8), Value(1e-4));
  EXPECT_EQ(perturbed(LogUniform{1e-4, 1e-1}, 0.09, 1.2), Value(std::nextafter(0.1, 0.0)));
  EXPECT_EQ(perturbed(Uniform{0.5, 2}, 0.5, 0.8), Value(0.5));
}

TEST(Perturb, LeavesZeroAndChangesSign) {
  EXPECT_EQ(perturbed(Uniform{0, 1}, 0.0, 1.2).real(), 1.2 - 1);
  EXPECT_EQ(perturbed(Uniform{0, 1}, 0.0, 0.8), Value(0.0));
  EXPECT_NEAR(perturbed(Uniform{-1, 1}, 0.1, 0.8).real(), -0.3, 1e-12);
  EXPECT_NEAR(perturbed(Normal{0, 2}, 0.1, 0.8).real(), -0.3, 1e-12);
}

TEST(Perturb, NeverTruncatesIntegers) {
  EXPECT_EQ(perturbed(RandInt{1, 100}, 10, 1.2), Value(12));
  EXPECT_EQ(perturbed(RandInt{1, 100}, 1, 0.8), Value(1));  // clamped, not 0
  EXPECT_EQ(perturbed(RandInt{1, 100}, 1, 1.2), Value(2));  // 1.2 rounds to 1: one step instead
  EXPECT_EQ(perturbed(RandInt{1, 100}, 2, 0.8), Value(1));  // 1.6 rounds to 2: one step instead
  EXPECT_EQ(perturbed(RandInt{1, 100}, 99, 1.2), Value(99));
  EXPECT_EQ(perturbed(RandInt{0, 11}, 0, 1.2), Value(2));
  EXPECT_EQ(perturbed(QRandInt{8, 64, 8}, 32, 1.2), Value(40));
  EXPECT_EQ(perturbed(QRandInt{8, 64, 8}, 8, 0.8), Value(8));
}

TEST(Perturb, KeepsToTheSteps) {
  EXPECT_EQ(perturbed(QUniform{0, 1, 0.1}, 0.3, 1.2), Value(0.4));
  EXPECT_EQ(perturbed(QUniform{0, 1, 0.1}, 0.5, 0.8), Value(0.4));
  EXPECT_EQ(perturbed(QUniform{0, 1, 0.1}, 1.0, 1.2), Value(1.0));
}

TEST(Perturb, MovesAlongOrderedChoicesAndBetweenOthers) {
  const Choice sizes{{8, 16, 32}, {}, true};
  EXPECT_EQ(perturbed(sizes, 16, 1.2), Value(32));
  EXPECT_EQ(perturbed(sizes, 16, 0.8), Value(8));
  EXPECT_EQ(perturbed(sizes, 32, 1.2), Value(16));  // it really moves
  EXPECT_EQ(perturbed(sizes, 8, 0.8), Value(16));
  std::map<std::string, int> seen;
  RandomStream random(3, "test", 0);
  for (int i = 0; i < 300; ++i) ++seen[perturb(Choice{{"a", "b", "c"}, {}, false}, "b", 1.2, random).text()];
  EXPECT_EQ(seen.count("b"), 0U);
  EXPECT_GT(seen["a"], 100);
  EXPECT_GT(seen["c"], 100);
  EXPECT_EQ(perturbed(Choice{{"only"}, {}, false}, "only", 1.2), Value("only"));
}

TEST(Explore, NeverLeavesTheSpaceAndKeepsItsConstraints) {
  const auto mutations =
      read_mutations("hyperparam_mutations", List{"lr", "momentum", "units", "rate", "shift", "kind"}, test_space());
  ASSERT_TRUE(mutations) << mutations.error().message;
  Config config;
  for (const Parameter& parameter : test_space().parameters()) {
    RandomStream random(1, "start", 0, parameter.path);
    config.set(parameter.path, sample(parameter.domain, random));
  }
  std::set<std::string> units;
  for (std::int64_t generation = 1; generation < 2000; ++generation) {
    config = explore(config, *mutations, test_space(), {}, {7, TrialId{1}, generation}).config;
    for (const Parameter& parameter : test_space().parameters()) {
      const Value* value = config.find(parameter.path);
      ASSERT_NE(value, nullptr);
      ASSERT_TRUE(contains(parameter.domain, *value)) << parameter.path << " " << to_json(*value);
    }
    const auto violated = test_space().violated(config);
    ASSERT_TRUE(violated && !*violated);
    units.insert(to_json(*config.find("units")));
  }
  EXPECT_GT(units.size(), 40U);
}

TEST(Explore, DependsOnSeedTrialAndGenerationOnly) {
  const auto mutations = *read_mutations("hyperparam_mutations", List{"lr", "units"}, test_space());
  Config config;
  config.set("lr", 0.01);
  config.set("units", 20);
  const auto made = [&](ExploreKey key) {
    return to_flat_json(explore(config, mutations, test_space(), {}, key).config);
  };
  EXPECT_EQ(made({7, TrialId{1}, 2}), made({7, TrialId{1}, 2}));
  EXPECT_NE(made({7, TrialId{1}, 2}), made({7, TrialId{1}, 3}));
  EXPECT_NE(made({7, TrialId{1}, 2}), made({7, TrialId{2}, 2}));
  EXPECT_NE(made({7, TrialId{1}, 2}), made({8, TrialId{1}, 2}));
}

TEST(Mutations, AreNamesOrAMapAndSayWhatIsWrong) {
  const auto fault = [](const Value& value) {
    const auto read = read_mutations("hyperparam_mutations", value, test_space());
    return read ? std::string("fine") : read.error().message;
  };
  EXPECT_EQ(fault(Map{{"lr", Map{{"loguniform", List{1e-3, 1e-2}}}}, {"units", List{8, 16, 32}}}), "fine");
  EXPECT_EQ(fault(List{"lrr"}), "hyperparam_mutations names 'lrr', which is no parameter");
  EXPECT_EQ(fault(List{"fixed"}), "hyperparam_mutations names 'fixed', which is a constant");
  EXPECT_EQ(fault(List{}), "hyperparam_mutations names no parameter");
  EXPECT_EQ(fault(Map{{"lr", Map{{"gauss", List{0, 1}}}}}),
            "hyperparam_mutations.lr: gauss [0,1] is no distribution that a mutation can have");
  EXPECT_EQ(fault(Map{{"lr", Map{{"uniform", List{2, 1}}}}}).substr(0, 32), "hyperparam_mutations.lr: uniform");
}

TEST(Mutations, BeyondTheSearchRangeAreMovedToItsEndAndSaid) {
  const Map all{{"momentum", List{0.5, 2, 3, -1}}, {"units", Map{{"uniform", List{8, 100}}}}};
  std::vector<std::string> notes;
  const auto read = read_mutations("m", all, test_space(), &notes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::get<Choice>((*read)[0].domain).values, (std::vector<Value>{0.5, std::nextafter(1.0, 0.0), 0.0}));
  ASSERT_EQ(notes.size(), 4u);
  EXPECT_EQ(notes[0],
            "m.momentum: 2 is outside the range of 'momentum': reals from 0 to 1; it is moved to the end of the range");
  EXPECT_TRUE(notes[3].starts_with("m.units: 100 is outside the range of 'units'")) << notes[3];
}

TEST(Mutations, OutsideOfTheSearchRangeAreRefusedWithTheRange) {
  const auto fault = [](const char* path, const Value& law) {
    const auto read = read_mutations("m", Map{{path, law}}, test_space());
    return read ? std::string("fine") : read.error().message;
  };
  const std::string momentum = " is outside the range of 'momentum': reals from 0 to 1";
  EXPECT_EQ(fault("momentum", List{2, 3}), "m.momentum: 3" + momentum);
  EXPECT_EQ(fault("momentum", List{0.5, "high"}), "m.momentum: 'high'" + momentum);
  EXPECT_EQ(fault("momentum", Map{{"uniform", List{2, 3}}}), "m.momentum: 2" + momentum);
  const std::string units = " is outside the range of 'units': integers from 1 to 64";
  EXPECT_EQ(fault("units", List{65, 66}), "m.units: 66" + units);
  EXPECT_EQ(fault("units", List{8, 8.5}), "m.units: 8.5" + units);
  EXPECT_EQ(fault("units", Map{{"randint", List{70, 80}}}), "m.units: 70" + units);
  EXPECT_EQ(fault("rate", List{0.1, 0.15}),
            "m.rate: 0.15 is outside the range of 'rate': multiples of 0.1 from 0 to 1");
  EXPECT_EQ(fault("kind", List{"a", "z"}), "m.kind: 'z' is outside the range of 'kind': one of a, b, c");
  EXPECT_EQ(fault("kind", Map{{"uniform", List{0, 1}}}), "m.kind: 'kind' has listed values, and uniform gives others");
}

TEST(Mutations, MayUseTheWholeSearchRangeOrAPart) {
  const Map all{{"momentum", List{0, 0.5, 1}},
                {"lr", Map{{"loguniform", List{1e-4, 1e-1}}}},
                {"units", Map{{"uniform", List{1, 65}}}},
                {"rate", Map{{"randint", List{0, 2}}}},
                {"shift", Map{{"quniform", List{-0.5, 0.5, 0.25}}}},
                {"kind", Map{{"choice", List{"c", "a"}}}}};
  const auto read = read_mutations("hyperparam_mutations", all, test_space());
  ASSERT_TRUE(read) << read.error().message;
  const auto& values = std::get<Choice>(read->front().domain).values;
  EXPECT_EQ(values[0], Value(0.0));
  EXPECT_EQ(values[2], Value(std::nextafter(1.0, 0.0)));  // the end itself is not in the range
}

}  // namespace
}  // namespace tune::test

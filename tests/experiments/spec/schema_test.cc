// The schema is made from the reader's tables: a change of one shows in the other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

const Value* at(const Value& root, std::initializer_list<std::string_view> path) {
  const Value* value = &root;
  for (const std::string_view key : path) {
    value = value == nullptr ? nullptr : value->find(key);
  }
  return value;
}

class Schema : public ::testing::Test {
 protected:
  Value schema_ = parse_json(experiment_schema(testing::test_context())).value();
};

TEST_F(Schema, IsDraft7AndNamesTheRequiredKeys) {
  EXPECT_EQ(*at(schema_, {"$schema"}), Value("http://json-schema.org/draft-07/schema#"));
  EXPECT_EQ(*at(schema_, {"required"}), Value(List{"version", "trainable", "objective", "search_space"}));
  EXPECT_EQ(*at(schema_, {"additionalProperties"}), Value(false));
}

TEST_F(Schema, HasTheRangesOfTheTables) {
  EXPECT_EQ(*at(schema_, {"properties", "budget", "properties", "trials", "minimum"})->number(), 1);
  EXPECT_EQ(*at(schema_, {"properties", "resources", "properties", "cpu", "exclusiveMinimum"})->number(), 0);
  EXPECT_EQ(*at(schema_, {"properties", "checkpoint", "properties", "every", "default"}), Value(0));
}

TEST_F(Schema, HasEveryDistribution) {
  for (const char* name : {"uniform", "loguniform", "qlograndint", "int", "choice", "grid_search", "sample_from"}) {
    EXPECT_NE(at(schema_, {"definitions", "distribution", "properties", name}), nullptr) << name;
  }
}

TEST_F(Schema, OffersWhatIsBuiltAndNothingElse) {
  const Value& names = *at(at(schema_, {"properties", "scheduler"})->find("oneOf")->list()[0], {"enum"});

  EXPECT_EQ(names, Value(List{"fifo", "asha", "async_hyperband", "asynchyperband"}));
}

TEST(SchemaOfANewAlgorithm, HasItsOptionsWithNoOtherChange) {
  Catalogue schedulers = testing::test_schedulers();
  AlgorithmInfo mine;
  mine.name = "mine";
  OptionSpec patience;
  patience.key = "patience_of_mine";
  patience.type = OptionType::kInteger;
  mine.options = {patience};
  schedulers.push_back(mine);
  ReaderContext context = testing::test_context();
  context.schedulers = &schedulers;

  const std::string schema = experiment_schema(context);
  const ReadOutcome outcome =
      read_experiment(testing::complete("scheduler: {type: mine, patience_of_mine: 3}\n"), "f", "/", "f", context);

  EXPECT_THAT(schema, ::testing::HasSubstr("patience_of_mine"));
  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(outcome.spec->scheduler.options.integer("patience_of_mine"), 3);
}

}  // namespace
}  // namespace tune

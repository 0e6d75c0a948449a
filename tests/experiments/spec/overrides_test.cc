// `--set PATH=VALUE`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ReadOutcome with(std::string_view tail, std::vector<std::pair<std::string, std::string>> overrides) {
  return testing::read(testing::complete(tail), std::move(overrides));
}

TEST(Override, ReplacesAValueReadAsYaml) {
  const ReadOutcome outcome =
      with("scheduler: {type: asha, max_t: 50}\n", {{"scheduler.max_t", "20"}, {"budget.time", "1h"}});

  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(outcome.spec->scheduler.options.real("max_t"), 20);
  EXPECT_EQ(outcome.spec->budget.time, 3600);
  EXPECT_EQ(outcome.spec->budget.trials, 4);
}

TEST(Override, ReadsJson) {
  const ReadOutcome outcome = with("", {{"description", R"("\ud83c\udf89")"}});

  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(outcome.spec->description, "\U0001F389");
}

TEST(Override, MakesMapsOnTheWay) {
  const ReadOutcome outcome = with("", {{"limits.time", "90s"}, {"search_space.net.width", "{choice: [8, 16]}"}});

  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(outcome.spec->limits.time, 90);
  EXPECT_NE(outcome.spec->space.find("net.width"), nullptr);
}

TEST(Override, TurnsABareNameIntoItsMap) {
  const ReadOutcome outcome =
      with("scheduler: asha\nsearch: sobol\n",
           {{"scheduler.max_t", "20"}, {"search.seed", "3"}, {"trainable.isolation", "thread"}});

  ASSERT_THAT(testing::errors(outcome), IsEmpty());
  EXPECT_EQ(outcome.spec->scheduler.type, "asha");
  EXPECT_EQ(outcome.spec->search.algorithm, "sobol");
  EXPECT_EQ(outcome.spec->search.seed, 3u);
  EXPECT_EQ(outcome.spec->trainable.isolation, Isolation::kThread);
}

TEST(Override, NamesItemsOfListsByNumber) {
  const char* tail = "objective:\n  - {metric: a, mode: min}\n  - {metric: b, mode: min}\n";
  const ReadOutcome outcome = with(tail, {{"objective.1.mode", "max"}});

  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(outcome.spec->objectives[1].mode, Mode::kMax);
  EXPECT_THAT(testing::errors(with(tail, {{"objective.2.mode", "max"}})),
              ElementsAre("0:0 unknown-name '2' is no item of a list of 2 | items count from 0"));
}

TEST(Override, IsNamedInPlaceOfThePosition) {
  const ReadOutcome outcome = with("scheduler: {type: asha}\n", {{"scheduler.max_t", "ten"}, {"scheduler.maxt", "1"}});

  EXPECT_EQ(format_diagnostics(outcome.diagnostics, false),
            "--set scheduler.max_t: error: max_t takes a number; 'ten' is text\n"
            "--set scheduler.maxt: error: unknown option 'maxt' for scheduler 'asha'; did you mean 'max_t'?\n"
            "2 errors; nothing was started\n");
}

TEST(Override, ThatIsNoYamlIsAnError) {
  EXPECT_THAT(testing::errors(with("", {{"budget.trials", "[1"}})),
              ElementsAre("0:0 yaml-syntax ',' or ']' is missing before this | the [ at 1:1 is still open"));
  EXPECT_THAT(testing::errors(with("", {{"budget.trials", ""}})),
              ElementsAre("0:0 wrong-type 'budget.trials' has no value"));
}

TEST(Override, IsNeverLeftOutInSilence) {
  const ReadOutcome percent = with("", {{"description", "%s %n"}});
  ASSERT_TRUE(percent.spec);
  EXPECT_EQ(percent.spec->description, "%s %n");
  EXPECT_THAT(testing::errors(with("", {{"budget.trials", "# 5"}})),
              ElementsAre("0:0 wrong-type 'budget.trials' has no value"));
}

TEST(Override, NeedsAPathOfKeys) {
  EXPECT_THAT(testing::errors(with("", {{"", "1"}})),
              ElementsAre("0:0 bad-value '' is no path of keys | write key.key=value, such as budget.trials=20"));
  EXPECT_THAT(
      testing::errors(with("", {{"budget..trials", "1"}})),
      ElementsAre("0:0 bad-value 'budget..trials' is no path of keys | write key.key=value, such as budget.trials=20"));
}

TEST(Override, CannotGoThroughAValue) {
  EXPECT_THAT(testing::errors(with("", {{"budget.trials.more", "1"}})),
              ElementsAre("0:0 conflict 'more' cannot be set: 4 is not a map"));
}

TEST(Override, IsPartOfTheStoredDocument) {
  const ReadOutcome outcome = with("", {{"budget.trials", "99"}});

  ASSERT_TRUE(outcome.spec);
  const ReadOutcome again = read_stored_experiment(outcome.spec->resolved_json, "/", testing::test_context());
  ASSERT_TRUE(again.spec);
  EXPECT_EQ(again.spec->budget.trials, 99);
}

}  // namespace
}  // namespace tune

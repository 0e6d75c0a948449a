#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

Experiment full() {
  return {.name = "full",
          .description = "every section: \"quotes\", umlauts äöü",
          .trainable = "branin",
          .objective = {.metric = "loss", .mode = "min", .target = 0.4},
          .search_space = {{"x1", uniform(-5, 10)}, {"x2", choice({0.0, 7.5, 15.0})}},
          .constraints = {"x1 < x2 + 20"},
          .search = {.algorithm = "random", .seed = 7, .points_to_evaluate = {{{"x1", 1.0}, {"x2", 7.5}}}},
          .scheduler = {"asha", {{"max_t", 9}, {"grace_period", 1}, {"reduction_factor", 3}}},
          .stop = {.training_iteration = 9, .time = std::chrono::seconds(90), .metrics = {{"loss", {.below = 0.1}}}},
          .budget = {.trials = 5, .time = std::chrono::minutes(10), .failures = 3, .concurrency = 1},
          .resources = {.cpu = 1, .memory = 1u << 30},
          .retries = {.all = 1, .exit = 2},
          .limits = {.time = std::chrono::hours(1)},
          .checkpoint = {.every = 1, .keep = 0, .at_end = true}};
}

TEST(Experiment, OfEverySectionIsWhatTheFileReaderTakes) {
  const Tuner tuner(full());
  const auto checked = tuner.check();
  EXPECT_TRUE(checked) << checked.failure().text() << "\n" << tuner.to_yaml();
}

TEST(Experiment, ComesBackFromItsYaml) {
  const ScratchDatabase scratch;
  const Tuner tuner(full());
  std::ofstream(scratch.file("full.yaml")) << tuner.to_yaml();
  const auto read = Tuner::from_file(scratch.file("full.yaml"));
  ASSERT_TRUE(read) << read.failure().text();
  std::ofstream(scratch.file("again.yaml")) << read->to_yaml();
  const auto again = Tuner::from_file(scratch.file("again.yaml"));
  ASSERT_TRUE(again) << again.failure().text();
  EXPECT_EQ(again->to_yaml(), read->to_yaml());
  EXPECT_THAT(tuner.to_yaml(), ::testing::HasSubstr("max_t: 9"));
}

TEST(Experiment, FaultsHaveCodesAndWordsOfTheFileAndAPathOfKeys) {
  Experiment faulty = full();
  faulty.objective.mode = "maximise";
  faulty.scheduler.options.emplace_back("grace_perod", 3);
  faulty.search_space.emplace_back("lr", loguniform(0, 1e-1));
  faulty.budget = {};
  const auto checked = Tuner(faulty).check();
  ASSERT_FALSE(checked);
  const auto& problems = checked.failure().problems;
  ASSERT_EQ(problems.size(), 4u) << checked.failure().text();
  EXPECT_EQ(problems[0],
            (Problem{"objective.mode", "bad-value", "mode must be 'min' or 'max', got 'maximise'", "write 'max'"}));
  EXPECT_EQ(problems[1].where, "search_space.lr.loguniform.0");
  EXPECT_EQ(problems[1].message, "loguniform needs lower > 0, got 0");
  EXPECT_EQ(problems[2],
            (Problem{"scheduler.grace_perod", "unknown-key", "unknown option 'grace_perod' for scheduler 'asha'",
                     "did you mean 'grace_period'?"}));
  EXPECT_EQ(problems[3].code, "no-budget");
}

TEST(Experiment, AdvisesInWordsOfTheProgramWhereThereIsNoFile) {
  Experiment twice = square(1);
  twice.trainable = "one_report";
  twice.search_space.emplace_back("x", uniform(0, 2));
  const auto checked = Tuner(twice).check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.failure().problems,
              ::testing::ElementsAre(Problem{"search_space.x", "duplicate-key", "'x' is defined twice", "keep one"}));

  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "one_report";
  ASSERT_TRUE(Tuner(experiment, scratch.options()).run());
  experiment.scheduler = {"asha", {{"max_t", 9}}};
  const auto other = Tuner(experiment, scratch.options()).run();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.failure().hint,
            "give it another name, or RunOptions::fresh to keep the old one as square@1 and start anew");
  const auto nowhere = ResultGrid::open(scratch.file("none.db"), "square");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.failure().hint, "tune run makes one; RunOptions::database names another");
}

TEST(Experiment, RefusesAnUnknownTrainableByNameBeforeAnythingStarts) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "brannin";
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.failure().code, "unknown-name");
  EXPECT_FALSE(std::filesystem::exists(scratch.path()));
}

TEST(Experiment, SuggestsTheNamesThatTheProgramHasRegistered) {
  Experiment experiment = square(1);
  experiment.trainable = "one_rport";
  const auto checked = Tuner(experiment).check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.failure().text(), ::testing::HasSubstr("did you mean 'one_report'"));
}

TEST(Experiment, RefusesValuesThatAFileCouldNotHave) {
  const auto text_of = [](const Experiment& experiment, RunOptions options = {}) {
    const auto checked = Tuner(experiment, std::move(options)).check();
    return checked ? std::string("good") : checked.failure().code + ": " + checked.failure().text();
  };
  Experiment good = square(1);
  good.trainable = "one_report";
  ASSERT_EQ(text_of(good), "good");

  Experiment retries = good;
  retries.retries = {.all = -1};
  const auto fewer = Tuner(retries).check();
  ASSERT_FALSE(fewer);
  ASSERT_EQ(fewer.failure().problems.size(), 1u) << fewer.failure().text();
  EXPECT_EQ(fewer.failure().problems[0].where, "retries");

  Experiment isolation = good;
  isolation.trainable = {"one_report", 99};
  EXPECT_THAT(text_of(isolation), ::testing::HasSubstr("99"));
  isolation.trainable = {[](Trial&) {}, {.isolation = 99}};
  EXPECT_THAT(text_of(isolation), ::testing::HasSubstr("99"));
  Experiment seed = good;
  seed.search.seed = UINT64_MAX;
  EXPECT_THAT(text_of(seed), ::testing::HasSubstr("18446744073709551615"));
  Experiment cpu = good;
  cpu.resources = {.cpu = 100000};
  EXPECT_THAT(text_of(cpu), ::testing::StartsWith("resources: "));
  EXPECT_THAT(text_of(good, {.database = ""}), ::testing::StartsWith("bad-input: the database has no name"));
}

TEST(Setting, TakesIntegersBeyond63BitsAsTheNearestReal) {
  EXPECT_EQ(Setting(UINT64_MAX), Setting(18446744073709551615.0));
  EXPECT_EQ(Setting(INT64_MIN).integer(), INT64_MIN);
  EXPECT_EQ(Setting(std::uint64_t{INT64_MAX}).integer(), INT64_MAX);
  EXPECT_EQ(Setting(std::uint8_t{255}).integer(), 255);
}

TEST(Experiment, RefusesAParameterOfAnotherKindThanTheTrainableTakes) {
  const ScratchDatabase scratch;
  Experiment experiment = square(1);
  experiment.trainable = "branin";
  experiment.search_space = {{"x1", choice({"a", "b"})}, {"x2", uniform(0, 1)}};
  const auto grid = Tuner(experiment, scratch.options()).run();
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.failure().problems.front().where, "search_space.x1");
  EXPECT_EQ(grid.failure().code, "wrong-type");
}

TEST(Experiment, NamesTheFileThatCannotBeRead) {
  const auto tuner = Tuner::from_file("/nowhere/missing.yaml");
  ASSERT_FALSE(tuner);
  EXPECT_THAT(tuner.failure().text(), ::testing::HasSubstr("/nowhere/missing.yaml"));
  EXPECT_THROW((void)tuner.value(), FailureException);
}

}  // namespace
}  // namespace tune::testing

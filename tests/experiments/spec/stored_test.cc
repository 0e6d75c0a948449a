// The stored document, and what may not change between two runs of one experiment.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ExperimentSpec spec_of(std::string_view tail) {
  ReadOutcome outcome = testing::read(testing::complete(tail));
  EXPECT_TRUE(outcome.spec) << format_diagnostics(outcome.diagnostics, false);
  return *std::move(outcome.spec);
}

std::vector<std::string> changed(std::string_view now, std::string_view before) {
  return differences(spec_of(now), spec_of(before));
}

TEST(StoredExperiment, LooksAtNothingOutside) {
  ExperimentSpec spec = spec_of("trainable: ./libmine.so:Net\n");
  const std::string moved = std::string(spec.resolved_json).replace(spec.resolved_json.find("libmine"), 7, "libgone");

  const ReadOutcome again = read_stored_experiment(moved, "/nowhere", testing::test_context());

  ASSERT_TRUE(again.spec) << format_diagnostics(again.diagnostics, false);
  EXPECT_EQ(again.spec->trainable.library, testing::folder("good") + "/libgone.so");
  EXPECT_EQ(again.spec->file, "stored experiment");
}

TEST(StoredExperiment, ThatIsDamagedIsADiagnostic) {
  for (const char* text : {"", "{", "[1]", "{\"version\": 1}", "null"}) {
    const ReadOutcome outcome = read_stored_experiment(text, "/", testing::test_context());
    EXPECT_FALSE(outcome.spec) << text;
    ASSERT_FALSE(outcome.diagnostics.empty()) << text;
    EXPECT_EQ(outcome.diagnostics[0].file, "stored experiment");
  }
}

TEST(StoredExperiment, TakesTheSeedThatWasDrawn) {
  ExperimentSpec spec = spec_of("search: {algorithm: sobol, scramble: false}\n");
  EXPECT_FALSE(spec.search.seed);

  set_seed(spec, 42);

  const ReadOutcome again = read_stored_experiment(spec.resolved_json, "/", testing::test_context());
  ASSERT_TRUE(again.spec);
  EXPECT_EQ(again.spec->search.seed, 42u);
  EXPECT_EQ(again.spec->search.options.boolean("scramble"), false);
  EXPECT_THAT(differences(spec_of("search: {algorithm: sobol, scramble: false}\n"), *again.spec), IsEmpty());
}

TEST(StoredExperiment, KeepsRealsThatJsonLacks) {
  const ExperimentSpec spec = spec_of("search_space: {a: .inf, b: {choice: [-.inf, .nan, 1]}, c: {choice: [\"x\"]}}\n");

  const ReadOutcome again = read_stored_experiment(spec.resolved_json, "/", testing::test_context());

  ASSERT_TRUE(again.spec);
  EXPECT_THAT(differences(spec, *again.spec), IsEmpty());
}

TEST(StoredExperiment, HasTheRealsThatAFileNamesInQuotes) {
  const ExperimentSpec spec = spec_of("search_space: {a: {grid_search: [\"NaN\", \"Infinity\", x]}}\n");
  const ReadOutcome again = read_stored_experiment(spec.resolved_json, "/", testing::test_context());
  ASSERT_TRUE(again.spec);
  EXPECT_EQ(again.spec->space.fingerprint(), spec.space.fingerprint());
}

TEST(Differences, AreNoneInWhatMayChange) {
  EXPECT_THAT(changed("budget: {trials: 9, time: 1h, failures: 2, concurrency: 2}\nretries: 3\nlimits: {time: 1h}\n"
                      "description: other\ncheckpoint: {keep: 5}\n",
                      "description: one\n"),
              IsEmpty());
}

TEST(Differences, AreNoneInOtherWaysOfSayingTheSame) {
  EXPECT_THAT(changed("scheduler: {type: async_hyperband, max_t: 1e2}\nsearch_space: {a: {randint: [1, 4]}}\n",
                      "scheduler: asha\nsearch_space: {a: {int: [1, 3]}}\n"),
              IsEmpty());
}

TEST(Differences, NameEachParameter) {
  EXPECT_THAT(changed("search_space: {lr: {loguniform: [1e-4, 1]}, b: {choice: [1, 2], weights: [1, 2]}, new: 1}\n",
                      "search_space: {lr: {uniform: [0, 1]}, b: {choice: [1, 2]}, old: 1}\n"),
              ElementsAre("search_space: 'lr' is " + describe(LogUniform{1e-4, 1}) + ", was " + describe(Uniform{0, 1}),
                          ::testing::StartsWith("search_space: 'b' is "), "search_space: 'new' is new",
                          "search_space: 'old' is gone"));
}

TEST(Differences, NameConditionsConstraintsAndOrder) {
  EXPECT_THAT(
      changed("search_space: {a: {choice: [1, 2]}, b: {uniform: [0, 1], when: {a: 1}}}\nconstraints: [\"a < 2\"]\n",
              "search_space: {a: {choice: [1, 2]}, b: {uniform: [0, 1], when: {a: 2}}}\n"),
      ElementsAre("search_space: 'when' of 'b' is [{\"a\":[1]}], was [{\"a\":[2]}]", "constraints: 'a < 2' is new"));
  EXPECT_THAT(changed("search_space: {a: 1, b: 2}\n", "search_space: {b: 2, a: 1}\n"),
              ElementsAre("search_space: the order of the parameters differs"));
}

TEST(Differences, NameTheOtherSections) {
  EXPECT_THAT(
      changed(
          "trainable: iris\nobjective: {metric: acc, mode: max}\nsearch: {seed: 2}\nscheduler: {type: asha, max_t: 9}\n"
          "stop: {training_iteration: 5, acc: {above: 1}}\nresources: {cpu: 2}\ncheckpoint: {every: 1}\n",
          "search: {seed: 1}\nscheduler: asha\n"),
      ElementsAre("trainable is iris, was branin", "objective is max acc, was min loss", "search.seed is 2, was 1",
                  "scheduler.max_t is 9, was 100", "stop.training_iteration is 5, was not set",
                  "stop is {\"acc\":{\"above\":1.0}}, was {}", "resources.cpu is 2, was 1",
                  "checkpoint.every is 1, was 0"));
}

}  // namespace
}  // namespace tune

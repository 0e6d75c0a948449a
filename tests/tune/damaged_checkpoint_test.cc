// A stored checkpoint that is not what was written: the one before it is taken, which is said, and uses up no retry.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;

void write_experiment(Workbench& bench, int state_bytes, int keep = 3) {
  bench.write("steps.yaml", "version: 1\nname: steps\ntrainable: " COUNTING_LIBRARY
                            ":Counting\nobjective: {metric: loss, mode: min}\nsearch_space:\n  x: {uniform: [0, 1]}\n"
                            "  epochs: 40\n  step_seconds: 0.01\n  state_bytes: " +
                                std::to_string(state_bytes) + "\n  steps_file: " + bench / "steps" +
                                "\nsearch: {algorithm: random, seed: 7}\nbudget: {trials: 1}\n"
                                "checkpoint: {every: 1, keep: " +
                                std::to_string(keep) + "}\n");
}

void run_until_interrupted(Workbench& bench, int reports) {
  Program run = bench.start({"run", "steps.yaml"});
  const std::string enough = "select count(*) >= " + std::to_string(reports) + " from event where kind = 'reported'";
  ASSERT_TRUE(eventually([&] { return bench.value(enough) == "1"; }));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
}

/// `damage`: a statement on the file `db` that spoils the last checkpoint.
void expect_skips_damage(Workbench& bench, const std::string& damage, const std::string& db) {
  run_until_interrupted(bench, 8);
  const std::string last = bench.value("select max(step) from checkpoint where released = 0");
  bench.change(damage, db);
  const Outcome outcome = bench.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string before = std::to_string(std::stoll(last) - 1);
  const std::string reason =
      "the checkpoint of iteration " + last + " cannot be read: goes on from its checkpoint of iteration " + before;
  EXPECT_THAT(outcome.err, HasSubstr("trial 0: " + reason));
  EXPECT_EQ(bench.query("select trial, attempt from event where json_extract(payload, '$.cause') = 'load'"),
            (Rows{{"0", "2"}}));
  EXPECT_EQ(bench.value("select count(*) from event where kind = 'lost'"), "0");
  EXPECT_EQ(bench.query("select status, training_iteration, retries from trials"), (Rows{{"completed", "40", "0"}}));
  EXPECT_EQ(bench.query("select step from event where replayed = 1"), (Rows{{last}}));
  EXPECT_EQ(lines(bench.read("steps")).size(), 41U);
  EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
  const std::string story = bench.tune({"show", "steps/0"}).out;
  EXPECT_THAT(story, HasSubstr("attempt 2 left: its checkpoint cannot be "));
  EXPECT_THAT(story, HasSubstr(reason));
  EXPECT_THAT(story, Not(HasSubstr("could not be used")));
}

TEST(DamagedCheckpoint, IsSkippedForTheOneBeforeIt) {
  Workbench bench;
  write_experiment(bench, 0);
  expect_skips_damage(bench,
                      "update checkpoint_bytes set bytes = zeroblob(9) where checkpoint = "
                      "(select max(checkpoint) from checkpoint_bytes)",
                      "tune.db");
}

TEST(DamagedCheckpoint, OfAnySizeIsSkippedForTheOneBeforeIt) {
  Workbench bench;
  write_experiment(bench, 400'000);
  expect_skips_damage(bench,
                      "update chunk set bytes = zeroblob(length(bytes)) where key = (select max(key) from chunk)",
                      "tune.db.checkpoints");
}

TEST(DamagedCheckpoint, MoreOfThemThanATrialMayLoseWorkersAreSkipped) {
  Workbench bench;
  write_experiment(bench, 400'000, 15);
  run_until_interrupted(bench, 17);
  bench.change("update chunk set bytes = zeroblob(length(bytes)) where key not in (select min(key) from chunk)",
               "tune.db.checkpoints");
  const std::string good = bench.value("select min(step) from checkpoint where released = 0");
  const Outcome outcome = bench.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("goes on from its checkpoint of iteration " + good + " "));
  EXPECT_EQ(bench.query("select status, training_iteration, retries from trials"), (Rows{{"completed", "40", "0"}}));
  EXPECT_EQ(bench.value("select count(*) > 11 from event where json_extract(payload, '$.cause') = 'load'"), "1");
  EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
}

TEST(DamagedCheckpoint, AFileOfCheckpointsThatWasCutOffEndsTheRunWithAdviceThatHelps) {
  Workbench bench;
  write_experiment(bench, 400'000);
  run_until_interrupted(bench, 8);
  const std::string file = bench / "tune.db.checkpoints";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const Outcome outcome = bench.tune({"resume", "steps"});
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("Once that file is moved away"));
  EXPECT_LT(lines(outcome.err).size(), 20U) << outcome.err;
  std::filesystem::rename(file, bench / "damaged");
  EXPECT_EQ(bench.tune({"resume", "steps"}).code, 0);
  EXPECT_EQ(bench.query("select status, training_iteration from trials"), (Rows{{"completed", "40"}}));
  EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
}

}  // namespace
}  // namespace tune

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

void write_experiment(Workbench& bench, int state_bytes) {
  bench.write("steps.yaml", "version: 1\nname: steps\ntrainable: " COUNTING_LIBRARY
                            ":Counting\nobjective: {metric: loss, mode: min}\nsearch_space:\n  x: {uniform: [0, 1]}\n"
                            "  epochs: 40\n  step_seconds: 0.01\n  state_bytes: " +
                                std::to_string(state_bytes) + "\n  steps_file: " + bench / "steps" +
                                "\nsearch: {algorithm: random, seed: 7}\nbudget: {trials: 1}\n"
                                "checkpoint: {every: 1, keep: 3}\n");
}

/// `damage`: a statement on the file `db` that spoils the last checkpoint.
void expect_skips_damage(Workbench& bench, const std::string& damage, const std::string& db) {
  Program run = bench.start({"run", "steps.yaml"});
  ASSERT_TRUE(
      eventually([&] { return bench.value("select count(*) >= 8 from event where kind = 'reported'") == "1"; }));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
  const std::string last = bench.value("select max(step) from checkpoint where released = 0");
  bench.change(damage, db);
  const Outcome outcome = bench.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("goes on from an older checkpoint, of iteration " + std::to_string(std::stoll(last) - 1)));
  EXPECT_EQ(bench.query("select status, training_iteration, retries from trials"), (Rows{{"completed", "40", "0"}}));
  EXPECT_EQ(bench.query("select step from event where replayed = 1"), (Rows{{last}}));
  EXPECT_EQ(lines(bench.read("steps")).size(), 41U);
  EXPECT_EQ(bench.tune({"replay", "steps"}).code, 0);
  EXPECT_THAT(bench.tune({"show", "steps/0"}).out,
              HasSubstr("began after iteration " + std::to_string(std::stoll(last) - 1) +
                        ": its checkpoint of iteration " + last + " could not be used"));
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

TEST(DamagedCheckpoint, AFileOfCheckpointsThatWasCutOffEndsTheRunWithAdviceThatHelps) {
  Workbench bench;
  write_experiment(bench, 400'000);
  Program run = bench.start({"run", "steps.yaml"});
  ASSERT_TRUE(
      eventually([&] { return bench.value("select count(*) >= 8 from event where kind = 'reported'") == "1"; }));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
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

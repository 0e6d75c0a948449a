// A stored checkpoint that is not what was written: the one before it is taken, which is said, and uses up no retry.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

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

}  // namespace
}  // namespace tune

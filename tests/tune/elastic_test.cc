// Elastic resources with the real program: what a trial is granted is what its process has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/workers.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using namespace ::testing;

TEST(Elastic, ATrialThatRunsAloneHasAllCpus) {
  Workbench bench;
  const Outcome outcome = bench.run("alone", shell("alone", 2, "echo \"{\\\"loss\\\": $OMP_NUM_THREADS}\"",
                                                   "resources: {cpu: 1, elastic: shares}\nbudget: {concurrency: 1}\n"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string cpus = std::to_string(this_machine().cpus);
  EXPECT_EQ(bench.query(
                "select distinct cast(json_extract(payload, '$.loss') as integer) from event where kind = 'reported'"),
            (Rows{{cpus}}));
  EXPECT_EQ(bench.value("select json_extract(payload, '$.capacity') from event where kind = 'run_started'"), cpus);
}

/// One short trial and a long one, at a time.
std::string short_and_long(const std::string& elastic, int epochs) {
  return "version: 1\nname: two\ntrainable: curve\nobjective: {metric: loss, mode: min}\n"
         "search_space:\n  x1: 1\n  x2: 1\n  step_seconds: 0.01\n  epochs: {grid_search: [2, " +
         std::to_string(epochs) +
         "]}\n"
         "budget: {concurrency: 2}\nresources: {cpu: 0.25, elastic: " +
         elastic + "}\n";
}

TEST(Elastic, WhatATrialLeavesAnotherGoesOnWith) {
  for (const std::string elastic : {"shares", "top"}) {
    Workbench bench;
    // Long enough to outlive the short one by far on a machine that starts processes slowly.
    const Outcome outcome = bench.run("two", short_and_long(elastic, 150));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::string all = std::to_string(4 * this_machine().cpus);
    EXPECT_EQ(bench.query("select json_extract(args, '$.slots') from decision where kind = 'resize' and trial = 1 "
                          "order by n desc limit 1"),
              (Rows{{all}}));
    EXPECT_EQ(
        bench.query("select json_extract(args, '$.why'), json_extract(args, '$.slots') from decision where kind = "
                    "'resume' and trial = 1 order by n desc limit 1"),
        (Rows{{"resized", all}}));
    EXPECT_EQ(bench.query("select status, training_iteration, retries from trials order by trial_number"),
              (Rows{{"completed", "2", "0"}, {"completed", "150", "0"}}));
    EXPECT_EQ(bench.value("select count(*) from event where replayed = 1"), "0");
    EXPECT_THAT(bench.tune({"show", "two/1"}).out, HasSubstr(all + " of " + all + " slots in place of "));
    EXPECT_EQ(bench.tune({"replay", "two"}).code, 0);
    EXPECT_EQ(bench.left_behind(), "");
  }
}

TEST(Elastic, InVirtualTimeAStepTakesAsMuchLessAsItsTrialHasSlots) {
  Workbench bench;
  bench.write("two.yaml", short_and_long("shares", 30));
  ASSERT_EQ(bench.tune({"simulate", "two.yaml", "-w", "2"}).code, 0);
  // Two steps beside the short trial, the few until it may move, and the rest at half the time each.
  EXPECT_EQ(bench.value("select json_extract(args, '$.slots') from decision where kind = 'resize'"), "2");
  EXPECT_LT(std::stod(bench.value("select time_total_s from trials where trial_number = 1")), 20);
  EXPECT_EQ(bench.tune({"replay", "two-simulated"}).code, 0);
}

TEST(Elastic, IsRefusedWhereATrialCannotLeaveAndComeBack) {
  Workbench bench;
  const Outcome outcome = bench.run("no", branin("no", 4, "resources: {elastic: shares}\n"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("elastic shares moves trials between numbers of slots, and branin cannot save"));
  EXPECT_EQ(bench.query("select 1 from experiments"), Rows());
}

}  // namespace
}  // namespace tune::testing

// The corners of an experiment, as a user meets them: under every scheduler each ends cleanly, says what it did, leaves
// nothing behind and replays. The same in virtual time, over more shapes: tests/controller/corners_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using namespace ::testing;

struct Ruled {
  const char* name;
  const char* scheduler;
  bool saves = true;  ///< it pauses or clones trials
};
void PrintTo(const Ruled& ruled, std::ostream* out) { *out << ruled.name; }

const std::string kPbt =
    "{type: pbt, time_attr: training_iteration, perturbation_interval: 2, hyperparam_mutations: [x1]";

const Ruled kAll[] = {
    {"fifo", "fifo", false},
    {"stop", "{type: asha, max_t: 9, reduction_factor: 3}", false},
    {"promote", "{type: asha, max_t: 9, reduction_factor: 3, variant: promote}"},
    {"hyperband", "{type: hyperband, max_t: 9}"},
    {"hb_bohb", "{type: hb_bohb, max_t: 9}"},
    {"median", "{type: median, time_attr: training_iteration, grace_period: 2}", false},
    {"median_pauses", "{type: median, time_attr: training_iteration, grace_period: 2, hard_stop: false}"},
    {"pbt", "{type: pbt, time_attr: training_iteration, perturbation_interval: 2, hyperparam_mutations: [x1]}"},
    {"pbt_synch",
     "{type: pbt, time_attr: training_iteration, perturbation_interval: 2, hyperparam_mutations: [x1], synch: true}"},
    {"pb2", "{type: pb2, time_attr: training_iteration, perturbation_interval: 2, hyperparam_bounds: [x1]}"},
};

/// Trials of nine steps, which run in processes of their own.
std::string nine_steps(const std::string& scheduler, int trials) {
  return curve("corner", trials, 9, 0, "scheduler: " + scheduler + "\nresources: {cpu: 0.01}\n");
}

void expect_clean_end(Workbench& bench, const Outcome& outcome, int trials) {
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status in ('completed', 'stopped')"),
            std::to_string(trials));
  EXPECT_EQ(bench.value("select count(*) from decision where reason = ''"), "0");
  EXPECT_EQ(bench.query("select status, end_reason from experiments"), (Rows{{"finished", "budget_trials"}}));
  EXPECT_THAT(outcome.err + outcome.out, AllOf(HasSubstr("corner finished after "), HasSubstr(" 0 failed")));
  const Outcome replay = bench.tune({"replay", "corner"});
  EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
  EXPECT_EQ(bench.left_behind(), "");
}

class CornerOf : public TestWithParam<Ruled> {};

TEST_P(CornerOf, APopulationBelowFour) {
  for (const int trials : {1, 3}) {
    Workbench bench;
    expect_clean_end(bench, bench.run("corner", nine_steps(GetParam().scheduler, trials), {"-j", "2"}), trials);
  }
}

TEST_P(CornerOf, OneSlotAndABudgetThatEndsInTheMiddleOfABracket) {
  Workbench bench;
  expect_clean_end(bench, bench.run("corner", nine_steps(GetParam().scheduler, 11), {"-j", "1"}), 11);
  EXPECT_NE(bench.value("select count(*) from trials where training_iteration = 9"), "0");
}

TEST_P(CornerOf, FewerTrialsThanABracketHolds) {
  Workbench bench;
  expect_clean_end(bench, bench.run("corner", nine_steps(GetParam().scheduler, 5), {"-j", "3"}), 5);
  EXPECT_NE(bench.value("select count(*) from trials where training_iteration = 9"), "0");
}

TEST_P(CornerOf, TrialsThatNeverReport) {
  Workbench bench;
  std::string text = shell("corner", 3, "exit 0", std::string("scheduler: ") + GetParam().scheduler + "\n");
  for (std::size_t at; (at = text.find("[x1]")) != std::string::npos;) text.replace(at, 4, "[x]");
  if (std::string(GetParam().name) == "pb2") text.replace(text.find("grid_search: [1, 2, 3]"), 22, "uniform: [1, 3]");
  const Outcome outcome = bench.run("corner", text + "budget: {trials: 3}\n");
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed' and error like '%report%'"), "3")
      << outcome.err;
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no trial reported"));
  EXPECT_EQ(bench.tune({"replay", "corner"}).code, 0);
  EXPECT_EQ(bench.left_behind(), "");
}

TEST_P(CornerOf, AllTrialsFailing) {
  Workbench bench;
  std::string text =
      shell("corner", 3, "echo no such luck >&2; exit 4", std::string("scheduler: ") + GetParam().scheduler + "\n");
  for (std::size_t at; (at = text.find("[x1]")) != std::string::npos;) text.replace(at, 4, "[x]");
  if (std::string(GetParam().name) == "pb2") text.replace(text.find("grid_search: [1, 2, 3]"), 22, "uniform: [1, 3]");
  const Outcome outcome = bench.run("corner", text + "budget: {trials: 3}\n");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed' and error like '%exit code 4%'"), "3");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("3 failed"), HasSubstr("exit code 4")));
  EXPECT_EQ(bench.tune({"replay", "corner"}).code, 0);
}

TEST_P(CornerOf, ATrainableWithoutSaveAndLoadIsRefusedBeforeTheStartWhereItMatters) {
  Workbench bench;
  const Outcome outcome =
      bench.run("corner", branin("corner", 4, std::string("scheduler: ") + GetParam().scheduler + "\n"));
  if (!GetParam().saves) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return;
  }
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("pauses trials, and branin cannot save checkpoints"), HasSubstr("nothing was started")));
  EXPECT_EQ(bench.query("select 1 from experiments"), Rows());
}

INSTANTIATE_TEST_SUITE_P(Schedulers, CornerOf, ValuesIn(kAll),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(PopulationCornerOf, QuantilesOfZeroAndAHalf) {
  for (const std::string quantile : {"0", "0.5"}) {
    for (const std::string synch : {"", ", synch: true"}) {
      Workbench bench;
      const std::string text = nine_steps(kPbt + synch + ", quantile_fraction: " + quantile + "}", 5);
      expect_clean_end(bench, bench.run("corner", text, {"-j", "2"}), 5);
      EXPECT_EQ(bench.value("select count(*) from decision where kind = 'exploit'") == "0", quantile == "0");
    }
  }
}

}  // namespace
}  // namespace tune::testing

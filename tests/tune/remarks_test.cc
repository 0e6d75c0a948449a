// What a run says, once, of programs that go by its rules and yet cannot do what was meant.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using namespace ::testing;

constexpr const char* kFourSteps = "for i in 1 2 3 4; do echo \"{\\\"loss\\\": 0.$i, \\\"val_acc\\\": $i}\"; done";

std::string population(const std::string& more) {
  std::string text =
      shell("remarks", 3, kFourSteps,
            "budget: {trials: 3}\nresources: {cpu: 0.1}\nscheduler: {type: pbt, hyperparam_mutations: [x], "
            "time_attr: training_iteration, perturbation_interval: 2}\n" +
                more);
  return text.replace(text.find("grid_search: [1, 2, 3]"), 22, "uniform: [1, 3]");
}

int count(const std::string& text, const std::string& words) {
  int found = 0;
  for (std::size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST(Remarks, TellOnceOfTrialsThatBeginAgainWithoutACheckpoint) {
  Workbench bench;
  // Each report is answered, so that the program is in the middle of its training when it is told to leave.
  const std::string script = "set -e\nfor i in 1 2 3 4; do tune report loss=0.$i step=$i; done";
  const Outcome outcome = bench.run("remarks", shell("remarks", 3, script, "scheduler: {type: hyperband, max_t: 3}\n"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "begins again from the start"), 1) << outcome.err;
  EXPECT_EQ(count(bench.tune({"attach", "remarks"}).err, "begins again from the start"), 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("left at iteration 1 without a checkpoint"),
                    HasSubstr("writes its state to ${checkpoint_dir}, reports it with \"checkpoint\": true")));
  const std::string trial = "remarks/" + bench.value("select trial_number from trials where training_iteration = 3");
  EXPECT_THAT(bench.tune({"show", trial}).out, HasSubstr("\n  note       began again from the start once"));
  const auto shown = parse_json(bench.tune({"show", trial, "--json"}).out);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->find("notes")->list().size(), 1U);
}

TEST(Remarks, TellOnceOfALineThatNamesTheObjectiveInVain) {
  Workbench bench;
  const char* const script = "echo '{\"loss\": 1}'; echo '{\"loss\": \"0.5\"}'";
  const Outcome outcome = bench.run("remarks", shell("remarks", 3, script));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "\"0.5\" for 'loss' is no number"), 1) << outcome.err;
  EXPECT_THAT(bench.tune({"show", "remarks/2"}).out, HasSubstr("ended by itself; no report: \"0.5\" for 'loss'"));
}

TEST(Remarks, TellThatAPopulationHasNothingToCopy) {
  Workbench bench;
  bench.write("remarks.yaml", population(""));
  const Outcome outcome = bench.tune({"run", "remarks.yaml", "-j", "3", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.out, "no trial has stored a checkpoint, so that pbt has nothing to copy"), 1) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("{\"event\":\"warning\""));
}

TEST(Remarks, ShowWhatACloneThatNeverReportedHadDoneBefore) {
  Workbench bench;
  std::string text = population("");
  const std::size_t from = text.find("for i in"), to = text.find("objective:");
  text.replace(from, to - from,
               "cd $TUNE_CHECKPOINT_DIR; [ -f i ] && exit 7; for i in 1 2 3 4 5; do echo $i > i; "
               "tune report loss=${x}$i step=$i --checkpoint || exit 143; done\n");
  const Outcome outcome = bench.run("remarks", text, {"-j", "3", "--lockstep"});
  const std::string clone = bench.value("select trial from decision where kind = 'exploit' limit 1");
  ASSERT_NE(clone, "") << outcome.err;
  const std::string shown = bench.tune({"show", "remarks/" + clone}).out;
  EXPECT_THAT(shown, AllOf(ContainsRegex("  last .* at iteration [0-9]+, before it copied #[0-9]\n"),
                           ContainsRegex("#" + clone + "  no report of its own, from #[0-9]'s checkpoint of [0-9]\n"),
                           ContainsRegex("    x .*\\([1-9]-[0-9]\\)  [0-9.]+ \\(from [0-9] on\\)\n")));
}

TEST(Remarks, AreSilentWhereCheckpointsAreStored) {
  Workbench bench;
  const std::string saves =
      "i=0; cd \"$TUNE_CHECKPOINT_DIR\"; [ -f i ] && i=$(cat i)\nwhile [ $i -lt 4 ]; do i=$((i + 1)); echo $i > i; "
      "tune report loss=0.$i step=$i --checkpoint; done";
  for (const char* scheduler : {"{type: hyperband, max_t: 3}", "{type: asha, max_t: 4, variant: promote}"}) {
    bench.write("remarks.yaml", shell("remarks", 3, saves, std::string("scheduler: ") + scheduler + "\n"));
    const Outcome outcome = bench.tune({"run", "remarks.yaml", "--fresh"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(count(outcome.err, "checkpoint"), 0) << outcome.err;
  }
}

TEST(Remarks, NameAStopMetricThatNobodyReports) {
  Workbench bench;
  const Outcome outcome = bench.run("remarks", shell("remarks", 3, kFourSteps, "stop: {val_ac: {above: 3}}\n"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "stop names 'val_ac', which trial"), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("reported: loss, val_acc; did you mean 'val_acc'?"));
  const Outcome well = bench.run("remarks", shell("good", 3, kFourSteps, "stop: {val_acc: {above: 3}}\n"));
  EXPECT_EQ(count(well.err, "stop names"), 0) << well.err;
}

TEST(Remarks, CountWhatWasNoFiniteNumber) {
  Workbench bench;
  const Outcome outcome = bench.run("remarks", shell("remarks", 2,
                                                     "echo '{\"loss\": NaN}'; echo '{\"loss\": Infinity}'\n"
                                                     "echo '{\"loss\": -Infinity}'; echo '{\"loss\": 1}'"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("\n6 reports of loss were no finite number: 2 NaN, 4 infinite\n"));
  EXPECT_THAT(bench.tune({"run", "remarks.yaml", "--fresh", "--json"}).out,
              HasSubstr("\"nan_reports\":2,\"infinite_reports\":4"));
}

}  // namespace
}  // namespace tune::testing

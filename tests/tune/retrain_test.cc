// A trial's recorded schedule, shown and trained again.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Six members, two at a time, on a library whose steps depend on state, parameter and seed.
std::string population(const std::string& name) {
  return "version: 1\nname: " + name +
         "\ntrainable: " WANDER_LIBRARY
         ":Wander\nobjective: {metric: loss, mode: min}\nsearch_space: {lr: {loguniform: [1e-3, 1]}, fixed: 3}\n"
         "search: {algorithm: random, seed: 5}\n"
         "scheduler: {type: pbt, time_attr: training_iteration, perturbation_interval: 4, "
         "hyperparam_mutations: [lr]}\nstop: {training_iteration: 24}\nbudget: {trials: 6, concurrency: 2}\n";
}

class Retrain : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome run = bench.run("pop", population("pop"), {"--lockstep"});
    ASSERT_EQ(run.code, 0) << run.err;
    clone = bench.value("select trial_number from trials where generation > 1 order by generation desc limit 1");
    ASSERT_NE(clone, "") << "nobody has copied twice";
  }
  std::string reports(const std::string& experiment) {
    return bench.tune({"export", experiment, "--history", "--columns", "training_iteration,loss"}).out;
  }
  Workbench bench;
  std::string clone;
};

TEST_F(Retrain, OfATrialThatHasCopiedOthersGivesItsReportsAgain) {
  const Outcome again = bench.tune({"retrain", "pop/" + clone});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("24 of 24 reports equal those of pop/" + clone));
  const std::string name = "pop-retrain-" + clone;
  EXPECT_EQ(
      bench.value("select json_extract(metrics, '$.loss') from trials where experiment = '" + name + "'"),
      bench.value("select json_extract(metrics, '$.loss') from trials where experiment = 'pop' and trial_number = " +
                  clone));
  EXPECT_EQ(bench.tune({"replay", name}).code, 0);
  EXPECT_EQ(lines(reports(name)).size(), 25u);
  EXPECT_EQ(bench.tune({"retrain", "pop/" + clone}).code, 0);  // it is there
  EXPECT_EQ(bench.value("select count(*) from trials where experiment = '" + name + "'"), "1");
}

TEST_F(Retrain, OfOneThatCopiedNobodyOrWasRetrainedGivesTheSameToo) {
  ASSERT_EQ(bench.run("flat", population("flat"), {"--lockstep", "--set", "scheduler={type: asha, max_t: 24}"}).code,
            0);
  const std::string stopped =
      bench.value("select min(trial_number) from trials where experiment = 'flat' and status = 'stopped'");
  ASSERT_NE(stopped, "NULL");
  EXPECT_THAT(bench.tune({"retrain", "flat/" + stopped}).err,
              HasSubstr("reports equal those of flat/" + stopped + "\n"));
  ASSERT_EQ(bench.tune({"retrain", "pop/" + clone, "--name", "second"}).code, 0);
  EXPECT_THAT(bench.tune({"retrain", "second/0"}).err, HasSubstr("24 of 24 reports equal those of second/0"));
}

TEST_F(Retrain, GoesOnAfterAKill) {
  Program run = bench.start({"retrain", "pop/" + clone, "--name", "killed"});
  ASSERT_TRUE(eventually([&] {
    return !bench.value("select 1 from decisions where experiment = 'killed' and decision = 'exploit'").empty();
  }));
  run.signal(SIGKILL);
  run.wait();
  const Outcome again = bench.tune({"retrain", "pop/" + clone, "--name", "killed"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("24 of 24 reports equal"));
}

TEST_F(Retrain, IsRefusedForWhatIsNotThere) {
  EXPECT_EQ(bench.tune({"retrain", "pop/99"}).code, 4);
  EXPECT_EQ(bench.tune({"retrain", "nobody/0"}).code, 4);
  EXPECT_EQ(bench.tune({"retrain", "pop"}).code, 2);
}

TEST_F(Retrain, ItsTrialIsShownWithItsLineageAndSchedule) {
  const std::string shown = bench.tune({"show", "pop/" + clone}).out;
  EXPECT_THAT(shown, AllOf(HasSubstr("  lineage\n    #"), HasSubstr("'s checkpoint of "), HasSubstr("  schedule\n"),
                           HasSubstr("    fixed  3 (1-24)\n"), HasSubstr("    lr     ")));
  const Value told = json(bench.tune({"show", "pop/" + clone, "--json"}).out);
  EXPECT_GE(told.find("lineage")->list().size(), 3u);
  const std::string donor = at(told.find("lineage")->list().back(), "donor");
  EXPECT_THAT(bench.tune({"show", "pop/" + donor}).out, HasSubstr("#" + clone + " at "));
}

TEST(BestOfAPopulation, IsShownWithTheConfigurationThatGaveIt) {
  Workbench bench;
  std::string curves = "config/x,training_iteration,loss\n";
  for (int x = 1; x <= 4; ++x) {
    for (int t = 1; t <= 8; ++t) {  // the first is the best of all, and then the worst: it copies others
      curves += fmt::format("{},{},{}\n", x, t, x > 1 ? x : t <= 2 ? 0.1 * t : 9);
    }
  }
  bench.write("c.csv", curves);
  const Outcome run = bench.run(
      "best",
      "version: 1\nname: best\ntrainable: tabular\nobjective: {metric: loss, mode: min}\n"
      "search_space: {x: {grid_search: [1, 2, 3, 4]}, file: c.csv}\nsearch: {algorithm: random, seed: 3}\n"
      "resources: {cpu: 0.1}\nscheduler: {type: pbt, time_attr: training_iteration, perturbation_interval: 2, "
      "hyperparam_mutations: [x]}\n",
      {"-j", "4", "--lockstep"});
  ASSERT_NE(bench.value("select json_extract(config, '$.x') from trials where trial_number = 0"), "1") << run.err;
  EXPECT_THAT(run.err, HasSubstr("\nbest #0 loss 0.1 (iteration 1)  x=1 "));
  EXPECT_THAT(bench.tune({"best", "best", "-f", "args"}).out, HasSubstr("--x=1 "));
}

TEST_F(Retrain, TheHistoryTellsGenerationsAndDonors) {
  const std::string history = bench.tune({"export", "pop", "--history", "--stable"}).out;
  EXPECT_THAT(lines(history)[0],
              HasSubstr("training_iteration,generation,parent_trial_id,parent_training_iteration,loss,config/lr"));
  EXPECT_EQ(bench.run("plain", branin("plain", 2)).code, 0);
  EXPECT_THAT(bench.tune({"export", "plain", "--history"}).out, Not(HasSubstr("generation")));
}

}  // namespace
}  // namespace tune::testing

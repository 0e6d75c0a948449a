// `tune run` and `tune resume`: from a file or the database to the end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Run, TunesToTheEndAndSaysWhatToDoNext) {
  Workbench bench;
  const Outcome outcome = bench.run("first", branin("first", 8));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("first finished"), HasSubstr("8 done"), HasSubstr("best #"),
                                 HasSubstr("tune best first"), HasSubstr("tune show first/")));
  EXPECT_EQ(bench.left_behind(), "");
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db-wal"));  // one file to copy
  EXPECT_EQ(bench.value("select status || ' ' || trials || ' ' || completed from experiments"), "finished 8 8");
}

TEST(Run, TheSameSeedGivesTheSameTable) {
  Workbench bench;
  ASSERT_EQ(bench.run("same", branin("same", 6)).code, 0);
  const std::string first = bench.tune({"export", "same", "--stable"}).out;
  ASSERT_EQ(bench.tune({"run", "same.yaml", "--db", "other.db"}).code, 0);
  EXPECT_EQ(bench.tune({"export", "same", "--stable", "--db", "other.db"}).out, first);
  EXPECT_THAT(column(first, "config/x1"), ::testing::SizeIs(6));
}

TEST(Run, TakesItsDatabaseFromTheEnvironment) {
  Workbench bench;
  bench.write("env.yaml", branin("env", 1));
  EXPECT_EQ(bench.tune({"run", "env.yaml"}, {{"TUNE_DB", "elsewhere.db"}}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
  EXPECT_EQ(bench.tune({"best", "env"}, {{"TUNE_DB", "elsewhere.db"}}).code, 0);
}

TEST(Run, TheDatabaseIsNamedBeforeTheCommandOrAfterIt) {
  Workbench bench;
  bench.write("named.yaml", branin("named", 1));
  EXPECT_EQ(bench.tune({"--db", "here.db", "run", "named.yaml"}, {{"TUNE_DB", "elsewhere.db"}}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(bench / "elsewhere.db"));
  for (const Arguments& arguments : {Arguments{"--db", "here.db", "ls"}, Arguments{"ls", "--db", "here.db"},
                                     Arguments{"--db", "wrong.db", "ls", "--db", "here.db"}}) {
    EXPECT_THAT(bench.tune(arguments).out, HasSubstr("named"));
  }
  EXPECT_EQ(at(json(bench.tune({"--json", "--db=here.db", "status", "named"}).out), "status"), "finished");
}

TEST(Run, AFinishedExperimentShowsItsResultAndStartsNothing) {
  Workbench bench;
  ASSERT_EQ(bench.run("over", branin("over", 3)).code, 0);
  const std::string events = bench.value("select count(*) from event");
  for (const Arguments& again : {Arguments{"run", "over.yaml"}, Arguments{"resume", "over"}}) {
    const Outcome outcome = bench.tune(again);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("is finished"));
    EXPECT_THAT(outcome.out, HasSubstr("loss"));
  }
  EXPECT_EQ(bench.value("select count(*) from event"), events);
}

TEST(Run, AnotherSpaceUnderAStoredNameIsRefusedWithEachDifference) {
  Workbench bench;
  ASSERT_EQ(bench.run("changed", branin("changed", 3)).code, 0);
  bench.write("changed.yaml",
              "version: 1\nname: changed\ntrainable: branin\nobjective: {metric: loss, mode: max}\n"
              "search_space:\n  x1: {uniform: [-5, 5]}\n  x2: {uniform: [0, 15]}\n"
              "search: {algorithm: random, seed: 7}\nbudget: {trials: 3}\n");
  const Outcome outcome = bench.tune({"run", "changed.yaml"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("'x1'"), HasSubstr("objective is max loss"), HasSubstr("--fresh")));
  EXPECT_THAT(outcome.err, Not(HasSubstr("'x2'")));
  EXPECT_EQ(bench.value("select trials from experiments"), "3");
}

TEST(Run, FreshKeepsTheOldExperimentUnderANumberedName) {
  Workbench bench;
  ASSERT_EQ(bench.run("again", branin("again", 2)).code, 0);
  const std::string old = bench.tune({"export", "again", "--stable"}).out;
  for (const std::string kept : {"again@1", "again@2"}) {
    const Outcome outcome = bench.tune({"run", "again.yaml", "--fresh", "--seed", "8"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(kept));
  }
  EXPECT_EQ(bench.query("select experiment from experiments order by 1"), (Rows{{"again"}, {"again@1"}, {"again@2"}}));
  const auto kept_x1 = column(bench.tune({"export", "again@1", "--stable"}).out, "config/x1");
  EXPECT_EQ(kept_x1, column(old, "config/x1"));
  EXPECT_NE(kept_x1, column(bench.tune({"export", "again", "--stable"}).out, "config/x1"));
}

TEST(Run, MoreTrialsOnAStoredExperimentGoOnWhereItWas) {
  Workbench bench;
  // Stopped by a person before its end, so that it may go on.
  Program run = [&] {
    bench.write("more.yaml", curve("more", 40, 5, 0.01));
    return bench.start({"run", "more.yaml"});
  }();
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'completed'").empty(); }));
  run.signal(SIGINT);
  run.wait();
  const Outcome outcome = bench.tune({"run", "more.yaml", "--trials", "42"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed'"), "42");
  EXPECT_EQ(bench.tune({"replay", "more"}).code, 0);
}

TEST(Run, DryRunChecksAndStartsNothing) {
  Workbench bench;
  const Outcome outcome = bench.run("dry", branin("dry", 3), {"--dry-run"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("valid"));
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
  EXPECT_EQ(bench.run("dry", branin("dry", 0), {"--dry-run"}).code, 2);
}

TEST(Run, OverridesFromTheCommandLineCount) {
  Workbench bench;
  const Outcome outcome = bench.run("over", branin("over", 50),
                                    {"--trials", "4", "--seed", "9", "--set", "search_space.x1=2.5", "-j", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select seed, trials, slots from experiments"), (Rows{{"9", "4", "1"}}));
  EXPECT_EQ(bench.value("select count(*) from trials where json_extract(config, '$.x1') = 2.5"), "4");
}

TEST(Run, TwoExperimentsRunAtOnceInOneDatabase) {
  Workbench bench;
  bench.write("left.yaml", curve("left", 4, 10, 0.01));
  bench.write("right.yaml", curve("right", 4, 10, 0.01));
  Program left = bench.start({"run", "left.yaml"}), right = bench.start({"run", "right.yaml"});
  const Outcome a = left.wait(), b = right.wait();
  EXPECT_EQ(a.code, 0) << a.err;
  EXPECT_EQ(b.code, 0) << b.err;
  for (const char* name : {"left", "right"}) EXPECT_EQ(bench.tune({"replay", name}).code, 0);
  EXPECT_EQ(column(bench.tune({"export", "left", "--stable"}).out, "config/x1"),
            column(bench.tune({"export", "right", "--stable"}).out, "config/x1"));
}

TEST(Run, ASecondControllerIsRefusedNamingTheFirst) {
  Workbench bench;
  bench.write("held.yaml", curve("held", 2, 1000, 0.05));
  Program first = bench.start({"run", "held.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  for (const Arguments& second : {Arguments{"run", "held.yaml"}, Arguments{"resume", "held"}}) {
    const Outcome outcome = bench.tune(second);
    EXPECT_EQ(outcome.code, 6);
    EXPECT_THAT(outcome.err, HasSubstr(std::to_string(first.pid())));
  }
  first.signal(SIGKILL);
  first.wait();
}

TEST(Run, StopLetsRunningTrialsFinishAndResumeGoesOn) {
  Workbench bench;
  bench.write("halted.yaml", curve("halted", 30, 10, 0.02, "resources: {cpu: 1}\n"));
  Program run = bench.start({"run", "halted.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  const Outcome stop = bench.tune({"stop", "halted"});
  EXPECT_EQ(stop.code, 0) << stop.err;
  EXPECT_THAT(stop.err, HasSubstr(std::to_string(run.pid())));
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select end_reason from experiments"), "user");
  EXPECT_EQ(bench.value("select count(*) from trials where status <> 'completed'"), "0");
  EXPECT_EQ(bench.value("select count(*) from trials where training_iteration <> 10"), "0");
  EXPECT_LT(std::stoi(bench.value("select trials from experiments")), 30);
  EXPECT_EQ(bench.tune({"stop", "halted"}).code, 0);
}

TEST(Run, OneTrialCanBeStopped) {
  Workbench bench;
  bench.write("one.yaml", curve("one", 2, 100000, 0.01, "budget: {trials: 2, concurrency: 1}\n"));
  std::string text = curve("one", 2, 100000, 0.01);
  bench.write("one.yaml", text.replace(text.find("{trials: 2}"), 11, "{trials: 2, concurrency: 1}"));
  Program run = bench.start({"run", "one.yaml"});
  for (const char* trial : {"0", "1"}) {
    ASSERT_TRUE(eventually([&] {
      return bench.value("select count(*) from event where kind = 'reported' and trial = " + std::string(trial)) > "0";
    }));
    EXPECT_EQ(bench.tune({"stop", "one/" + std::string(trial)}).code, 0);
  }
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.query("select status, cause from trials"), (Rows{{"stopped", "user"}, {"stopped", "user"}}));
}

TEST(Run, ACommandOfAnyLanguageIsATrial) {
  Workbench bench;
  bench.write("train.py",
              "import json, sys\n"
              "lr = float(sys.argv[1].split('=')[1])\n"
              "print('a word for people')\n"
              "for i in range(3):\n"
              "    print(json.dumps({'loss': lr / (i + 1), 'note': 'step %d' % i}), flush=True)\n");
  const Outcome outcome =
      bench.run("py",
                "version: 1\nname: py\ntrainable: {command: [python3, train.py, \"--lr=${lr}\"]}\n"
                "objective: {metric: loss, mode: min}\nsearch_space: {lr: {grid_search: [3, 6]}}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(
      bench.query("select trial_number, training_iteration, json_extract(metrics, '$.loss') from reports "
                  "order by 1, 2"),
      (Rows{{"0", "1", "3"}, {"0", "2", "1.5"}, {"0", "3", "1"}, {"1", "1", "6"}, {"1", "2", "3"}, {"1", "3", "2"}}));
  EXPECT_THAT(bench.tune({"logs", "py/0"}).out, HasSubstr("a word for people"));
}

TEST(Run, SleepReportsWhatItSlept) {
  Workbench bench;
  const Outcome outcome = bench.run("nap",
                                    "version: 1\nname: nap\ntrainable: sleep\nobjective: {metric: loss, mode: min}\n"
                                    "search_space: {seconds: {grid_search: [0, 0.01]}}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select best_objective from trials order by trial_number"), (Rows{{"0"}, {"0.01"}}));
}

TEST(Run, EmptyTrialsRunInThreadsReusedAndFreshProcesses) {
  for (const std::string isolation : {"thread", "reuse", "process"}) {
    Workbench bench;
    const Outcome outcome =
        bench.run("many", "version: 1\nname: many\ntrainable: {builtin: empty, isolation: " + isolation +
                              "}\nobjective: {metric: loss, mode: min}\nsearch_space: {x: {uniform: [0, 1]}}\n"
                              "search: {algorithm: random, seed: 1}\nbudget: {trials: 60}\n");
    EXPECT_EQ(outcome.code, 0) << isolation << "\n" << outcome.err;
    EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed'"), "60") << isolation;
    EXPECT_EQ(bench.tune({"replay", "many"}).code, 0) << isolation;
    EXPECT_EQ(bench.left_behind(), "") << isolation;
  }
}

TEST(Run, AGridIsTakenAgainUntilTheBudgetIsUsed) {
  Workbench bench;
  const std::string grid =
      "version: 1\nname: grid\ntrainable: branin\nobjective: {metric: loss, mode: min}\n"
      "search_space: {x1: {grid_search: [0, 1, 2]}, x2: {grid_search: [3, 4]}}\n";
  EXPECT_EQ(bench.run("grid", grid + "budget: {trials: 8}\n", {"-q"}).code, 0);
  EXPECT_EQ(bench.query("select json_extract(config, '$.x1'), json_extract(config, '$.x2') from trials where "
                        "trial_number in (1, 6, 7) order by trial_number"),
            (Rows{{"0", "4"}, {"0", "3"}, {"0", "4"}}));
  EXPECT_EQ(bench.value("select count(*) from trials"), "8");
  EXPECT_EQ(bench.tune({"replay", "grid"}).code, 0);
  EXPECT_EQ(bench.run("grid", grid, {"-q", "--fresh"}).code, 0);  // without a budget: once
  EXPECT_EQ(bench.value("select count(*) from trials where experiment = 'grid'"), "6");
}

TEST(Run, SaysWhichConstraintLeavesNoRoom) {
  Workbench bench;
  const Outcome outcome = bench.run("narrow", branin("narrow", 3) + "constraints: [\"x1 > 20\"]\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("'x1 > 20' rejected"));
}

TEST(Run, ATargetEndsTheExperiment) {
  Workbench bench;
  std::string text = branin("aim", 100000);
  text.replace(text.find("mode: min"), 9, "mode: min, target: 20");
  const Outcome outcome = bench.run("aim", text, {"--require-target"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select end_reason from experiments"), "target");
  EXPECT_LE(std::stod(bench.value("select value from best")), 20);
}

TEST(Run, AMissedTargetIsAnExitCodeIfAsked) {
  Workbench bench;
  std::string text = branin("missed", 3);
  text.replace(text.find("mode: min"), 9, "mode: min, target: -1000");
  EXPECT_EQ(bench.run("missed", text, {"--require-target"}).code, 5);
  EXPECT_EQ(bench.tune({"run", "missed.yaml", "--db", "2.db"}).code, 0);
}

TEST(Run, ATimeBudgetEndsTheExperimentAndAsksTrialsToStop) {
  Workbench bench;
  std::string text = curve("short", 1, 1000000, 0.01);
  text.replace(text.find("{trials: 1}"), 11, "{time: 400ms}");
  const Outcome outcome = bench.run("short", text);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select end_reason from experiments"), "budget_time");
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'stopped' and cause = 'budget'"),
            bench.value("select count(*) from trials"));
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Run, ATrialThatWaitsForASlotIsCalledWaiting) {
  Workbench bench;
  bench.write("slots.yaml", curve("slots", 5, 400, 0.01, "checkpoint: {every: 1}\n"));
  Program run = bench.start({"run", "slots.yaml", "-j", "1"});
  ASSERT_TRUE(eventually([&] { return bench.value("select count(*) > 0 from event where trial = 0") == "1"; }));
  const std::string status = bench.tune({"status", "slots", "--json"}).out;
  EXPECT_EQ(at(json(status), "running") + " " + at(json(status), "waiting"), "1 1") << status;
  const auto shown = [&] { return column(bench.tune({"trials", "slots", "--csv"}).out, "status"); };
  EXPECT_THAT(shown(), ElementsAre("running", "waiting"));
  ASSERT_EQ(bench.tune({"cancel", "slots/0"}).code, 0);
  ASSERT_TRUE(eventually([&] { return bench.value("select count(*) > 0 from event where trial = 1") == "1"; }));
  EXPECT_THAT(shown(), ElementsAre("stopped", "running", "waiting"));
  run.signal(SIGKILL);
  run.wait();
  EXPECT_THAT(shown(), ElementsAre("stopped", "interrupted", "waiting"));
  const Outcome doctor = bench.tune({"doctor"});
  EXPECT_EQ(doctor.code, 0) << doctor.out << doctor.err;
}

TEST(Resume, NeedsNothingButTheDatabase) {
  Workbench bench;
  bench.write("alone.yaml", curve("alone", 4, 20, 0.01, "checkpoint: {every: 1}\n"));
  Program run = bench.start({"run", "alone.yaml"});
  ASSERT_TRUE(
      eventually([&] { return !bench.value("select 1 from event where kind = 'reported' and step = 5").empty(); }));
  run.signal(SIGKILL);
  EXPECT_EQ(run.wait().signal, SIGKILL);
  EXPECT_THAT(bench.tune({"status", "alone"}).out,
              AllOf(HasSubstr(" interrupted, "), HasSubstr("tune resume alone"), Not(HasSubstr(" running"))));
  EXPECT_EQ(at(json(bench.tune({"status", "alone", "--json"}).out), "running"), "0");
  EXPECT_THAT(bench.tune({"trials", "alone", "--csv"}).out, AllOf(HasSubstr("interrupted"), Not(HasSubstr("running"))));
  EXPECT_THAT(bench.tune({"trials", "alone"}).err, HasSubstr("tune resume alone"));
  EXPECT_THAT(bench.tune({"show", "alone/0"}).out, HasSubstr("alone/0  interrupted   (nobody runs the experiment"));
  std::filesystem::remove(bench / "alone.yaml");

  const Outcome outcome = bench.tune({"resume"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("resumed"));
  EXPECT_EQ(bench.value("select count(*) from reports"), "80");
  EXPECT_EQ(bench.value("select count(*) from trials where retries > 0"), "0");
  EXPECT_EQ(bench.tune({"replay", "alone"}).code, 0);
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Resume, OfWhatIsNotThereSaysWhatIs) {
  Workbench bench;
  ASSERT_EQ(bench.run("iris", branin("iris", 1)).code, 0);
  const Outcome outcome = bench.tune({"resume", "irsi"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("iris"));
}

TEST(Readme, ItsTrainableIsTuned) {
  Workbench bench;
  const Outcome outcome =
      bench.run("readme", "version: 1\ntrainable: " README_LIBRARY
                          ":MyNet\nobjective: {metric: loss, mode: min}\nsearch_space: {lr: {loguniform: [1e-4, "
                          "1e-1]}}\nbudget: {trials: 3}\nstop: {training_iteration: 5}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from reports"), "15");
}

}  // namespace
}  // namespace tune

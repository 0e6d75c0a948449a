// Runs without a terminal, views of them, and what a run would cost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Detach, ReturnsOnceTheRunHasBegunWhichEndsByItself) {
  Workbench bench;
  bench.write("back.yaml", curve("back", 3, 10, 0.02));
  const Outcome start = bench.tune({"run", "--detach", "back.yaml"});
  EXPECT_EQ(start.code, 0) << start.err;
  EXPECT_THAT(start.err, HasSubstr("tune attach back"));
  EXPECT_FALSE(bench.value("select 1 from run").empty());
  ASSERT_TRUE(eventually([&] { return bench.value("select status from experiments") == "finished"; }));
  ASSERT_TRUE(eventually([&] { return bench.read("tune.db.d/back.log").find("back finished") != std::string::npos; }));
}

TEST(Detach, SurvivesAHangup) {
  Workbench bench;
  bench.write("hung.yaml", curve("hung", 2, 20, 0.02));
  const Outcome start = bench.tune({"run", "--detach", "--json", "hung.yaml"});
  ASSERT_EQ(start.code, 0) << start.err;
  kill(std::stoi(at(json(start.out), "pid")), SIGHUP);
  ASSERT_TRUE(eventually([&] { return bench.value("select status from experiments") == "finished"; }));
  EXPECT_EQ(bench.value("select completed from experiments"), "2");
}

TEST(Detach, TellsAnErrorBeforeTheStartAsTheRunWould) {
  Workbench bench;
  bench.write("lib.yaml",
              "version: 1\nname: lib\ntrainable: ./nolib.so:Net\nobjective: {metric: loss, mode: min}\n"
              "search_space: {x: {uniform: [0, 1]}}\nbudget: {trials: 1}\n");
  const Outcome start = bench.tune({"run", "--detach", "lib.yaml"});
  EXPECT_EQ(start.code, 2);
  EXPECT_THAT(start.err, HasSubstr("nolib.so"));
  EXPECT_THAT(start.err, Not(HasSubstr("runs in the background")));
  EXPECT_EQ(bench.tune({"run", "--detach", "nofile.yaml"}).code, 2);
}

TEST(Detach, ResumeGoesOnInTheBackground) {
  Workbench bench;
  bench.write("on.yaml", curve("on", 4, 3000, 0.02));
  Program run = bench.start({"run", "on.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  run.signal(SIGKILL);
  run.wait();
  EXPECT_EQ(bench.tune({"resume", "on", "--detach"}).code, 0);
  EXPECT_EQ(bench.tune({"resume", "on", "--detach"}).code, 6);
  EXPECT_EQ(bench.tune({"cancel", "on"}).code, 0);
  ASSERT_TRUE(eventually([&] { return bench.value("select status from experiments") == "finished"; }));
}

TEST(Attach, EndsWithTheRunAndItsLastLines) {
  Workbench bench;
  bench.write("seen.yaml", curve("seen", 3, 30, 0.02));
  Program run = bench.start({"run", "seen.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  Program one = bench.start({"attach", "seen"}), two = bench.start({"attach", "seen"});
  const Outcome end = run.wait();
  EXPECT_EQ(end.code, 0);
  const std::vector<std::string> told = lines(end.err);
  for (Program* view : {&one, &two}) {
    const Outcome seen = view->wait();
    EXPECT_EQ(seen.code, 0) << seen.err;
    const std::vector<std::string> last = lines(seen.err);
    ASSERT_GE(last.size(), 4u);
    EXPECT_TRUE(std::equal(last.end() - 4, last.end(), told.end() - 4)) << seen.err;
  }
}

TEST(Attach, LeavesTheRunAlone) {
  Workbench bench;
  bench.write("calm.yaml", curve("calm", 2, 40, 0.02));
  Program run = bench.start({"run", "calm.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  Program view = bench.start({"attach", "calm"});
  ASSERT_TRUE(eventually([&] { return view.err().find("calm:") != std::string::npos; }));
  view.signal(SIGINT);
  EXPECT_EQ(view.wait().code, 130);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "2");
}

TEST(Attach, ShowsTheLiveRegionOnSeveralTerminalsAndCtrlCLeavesOneOfThem) {
  Workbench bench;
  bench.write("long.yaml", curve("long", 2, 100'000, 0.005));
  ASSERT_EQ(bench.tune({"run", "--detach", "long.yaml"}).code, 0);
  Terminal one = bench.start_on_terminal({"attach", "long"}, 100, 30);
  Terminal two = bench.start_on_terminal({"attach", "long"}, 60, 20);
  for (Terminal* terminal : {&one, &two}) {
    ASSERT_TRUE(eventually([&] { return terminal->shows(" running") && terminal->shows("best  #"); }))
        << terminal->screen();
  }
  one.type("\x03");
  EXPECT_EQ(one.wait().code, 130);
  EXPECT_THAT(one.screen(), HasSubstr("the run goes on"));
  EXPECT_TRUE(one.cursor_is_shown());

  const std::string reports = bench.value("select count(*) from event where kind = 'reported'");
  ASSERT_TRUE(eventually([&] { return bench.value("select count(*) from event where kind = 'reported'") != reports; }));
  EXPECT_FALSE(two.is_over());
  EXPECT_EQ(bench.tune({"cancel", "long"}).code, 0);
  EXPECT_EQ(two.wait().code, 0) << two.screen();
  EXPECT_THAT(two.screen(), HasSubstr("long finished"));
  EXPECT_TRUE(two.cursor_is_shown());
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Attach, SaysThatNobodyRunsIt) {
  Workbench bench;
  bench.write("dead.yaml", curve("dead", 2, 1000, 0.02));
  Program run = bench.start({"run", "dead.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  run.signal(SIGKILL);
  run.wait();
  const Outcome view = bench.tune({"attach", "dead"});
  EXPECT_EQ(view.code, 7);
  EXPECT_THAT(view.err, HasSubstr("tune resume dead"));
  EXPECT_EQ(bench.tune({"attach", "nobody"}).code, 4);
}

// --- plan
// -------------------------------------------------------------------------------------------------------------

TEST(Plan, OfFifoIsTrialsTimesTheirLength) {
  Workbench bench;
  bench.write("flat.yaml", curve("flat", 12, 100, 0, "stop: {training_iteration: 5}\n"));
  const Outcome plan = bench.tune({"plan", "flat.yaml", "-j", "4", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const Value told = json(plan.out);
  const List& runs = told.find("runs")->list();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(at(runs[0], "total"), "60.0");
  EXPECT_EQ(at(runs[0], "duration"), "60.0");
  EXPECT_EQ(at(runs[1], "total"), "60.0");
  EXPECT_EQ(at(runs[1], "duration"), "15.0");
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
}

TEST(Plan, OfPromotionFollowsTheRungs) {
  Workbench bench;
  bench.write("rungs.yaml", curve("rungs", 27, 100, 0,
                                  "scheduler: {type: asha, variant: promote, max_t: 9, grace_period: 1, "
                                  "reduction_factor: 3}\n"));
  const Outcome plan = bench.tune({"plan", "rungs.yaml", "-j", "1", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const Value told = json(plan.out);
  const List& rungs = told.find("runs")->list()[0].find("rungs")->list();
  ASSERT_EQ(rungs.size(), 3u);
  EXPECT_EQ(at(rungs[0], "trials"), "27");
  EXPECT_GE(std::stoi(at(rungs[1], "trials")), 9);
  EXPECT_GE(std::stoi(at(rungs[2], "trials")), 1);
  EXPECT_LT(std::stod(at(told.find("runs")->list()[0], "total")), 27 * 9 / 2);
}

TEST(Plan, SaysWhatHasNoBound) {
  Workbench bench;
  const std::string text = curve("open", 12, 100, 0, "scheduler: {type: asha, max_t: 9}\n");
  bench.write("open.yaml", std::string(text).replace(text.find("{trials: 12}"), 12, "{time: 10m}"));
  const Outcome unbounded = bench.tune({"plan", "open.yaml"});
  EXPECT_EQ(unbounded.code, 0) << unbounded.err;
  EXPECT_THAT(unbounded.out, HasSubstr("until it is stopped"));
  EXPECT_THAT(unbounded.out, HasSubstr("budget.time"));
  bench.write("own.yaml", curve("own", 12, 100, 0));
  EXPECT_THAT(bench.tune({"plan", "own.yaml"}).out, HasSubstr("until it ends by itself"));
  EXPECT_EQ(bench.tune({"plan", "nofile.yaml"}).code, 2);
}

}  // namespace
}  // namespace tune::testing

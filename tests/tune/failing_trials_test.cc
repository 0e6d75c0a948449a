// Trials that fail: each alone, with its cause, retried where the file says so, killed where a limit says so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/json.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string misbehaving(const std::string& name, const std::string& how, const std::string& more = {}) {
  return "version: 1\nname: " + name +
         "\ntrainable: " MISBEHAVING_LIBRARY
         ":misbehaving\nobjective: {metric: loss, mode: min}\nsearch_space: {how: {grid_search: [" +
         how + "]}}\n" + more;
}

TEST(FailingTrials, EachFailsAloneWithItsCause) {
  Workbench bench;
  const Outcome outcome =
      bench.run("bad", misbehaving("bad", "works, throws, aborts, exits, segfaults, throws a number, works"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select json_extract(config, '$.how'), status, cause from trials order by trial_number"),
            (Rows{{"works", "completed", "own_end"},
                  {"throws", "failed", "exception"},
                  {"aborts", "failed", "signal"},
                  {"exits", "failed", "exit"},
                  {"segfaults", "failed", "signal"},
                  {"throws a number", "failed", "exception"},
                  {"works", "completed", "own_end"}}));
  EXPECT_THAT(bench.value("select error from trials where trial_number = 1"), HasSubstr("the loss is a llama"));
  EXPECT_THAT(bench.value("select error from trials where trial_number = 3"), HasSubstr("7"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("2 done"), HasSubstr("5 failed"), HasSubstr("the loss is a llama")));
  EXPECT_EQ(bench.tune({"replay", "bad"}).code, 0);
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(FailingTrials, WhereNoneSucceedsTheExperimentFails) {
  Workbench bench;
  const Outcome outcome = bench.run("none", misbehaving("none", "throws, exits"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no trial reported"));
  EXPECT_EQ(bench.value("select status from experiments"), "failed");
}

TEST(FailingTrials, ShowTellsTheSameLastWordsOnceAndTheTimeOfAllAttempts) {
  Workbench bench;
  EXPECT_EQ(
      bench.run("same", shell("same", 1, "echo '{\"loss\": 1}'; echo 'last words' >&2; exit 3", "retries: 2\n")).code,
      1);
  const std::string story = bench.tune({"show", "same/0"}).out;
  EXPECT_EQ(story.find("\nlast words"), story.rfind("\nlast words")) << story;
  EXPECT_THAT(
      story,
      HasSubstr("attempt 3 left: the program ended with exit code 3: last words (it printed what is told above)\n"));
  const auto shown = parse_json(bench.tune({"show", "same/0", "--json"}).out);
  ASSERT_TRUE(shown);
  const double last = *shown->find("time_total_s")->number(), all = *shown->find("time_of_attempts_s")->number();
  EXPECT_EQ(std::to_string(all), bench.value("select printf('%f', sum(elapsed)) from event where kind = 'ended'"));
  EXPECT_GT(all, last);
}

TEST(FailingTrials, TooManyEndTheExperiment) {
  Workbench bench;
  const Outcome outcome = bench.run("many", misbehaving("many", "throws, throws, throws, throws, throws, throws, works",
                                                        "budget: {failures: 2, concurrency: 1}\n"));
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(bench.query("select status, end_reason from experiments"), (Rows{{"failed", "failures"}}));
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed'"), "3");
  EXPECT_LE(std::stoi(bench.value("select count(*) from trials")), 4);  // one is granted ahead
}

TEST(FailingTrials, AreRetriedAsOftenAsTheFileSays) {
  Workbench bench;
  bench.write("flaky.sh",
              "echo try >> \"tries-$1\"\n"
              "if [ \"$(wc -l < \"tries-$1\")\" -lt \"$1\" ]; then echo 'not yet' >&2; exit 3; fi\n"
              "printf '{\"loss\": %s}\\n' \"$1\"\n");
  const Outcome outcome = bench.run(
      "flaky",
      "version: 1\nname: flaky\ntrainable: {command: [sh, flaky.sh, \"${x}\"]}\n"
      "objective: {metric: loss, mode: min}\nsearch_space: {x: {grid_search: [1, 2, 3, 4]}}\nretries: {exit: 2}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, retries, attempt from trials order by trial_number"),
            (Rows{{"completed", "0", "1"}, {"completed", "1", "2"}, {"completed", "2", "3"}, {"failed", "2", "3"}}));
  EXPECT_THAT(bench.value("select error from trials where trial_number = 3"), HasSubstr("3"));
  EXPECT_THAT(bench.tune({"logs", "flaky/3"}).out, AllOf(HasSubstr("--- attempt 3"), HasSubstr("not yet")));
  EXPECT_EQ(bench.tune({"replay", "flaky"}).code, 0);
}

TEST(FailingTrials, GoOnFromTheirLastCheckpoint) {
  Workbench bench;
  bench.write("steps.py",
              "import json, os, sys\n"
              "folder = sys.argv[1]\n"
              "path = os.path.join(folder, 'state')\n"
              "step = int(open(path).read()) if os.path.exists(path) else 0\n"
              "first = step == 0\n"
              "while step < 6:\n"
              "    step += 1\n"
              "    open(path, 'w').write(str(step))\n"
              "    print(json.dumps({'loss': 10 - step, 'checkpoint': True}), flush=True)\n"
              "    if first and step == 4: os.kill(os.getpid(), 9)\n");
  const Outcome outcome =
      bench.run("steps",
                "version: 1\nname: steps\ntrainable: {command: [python3, steps.py, \"${checkpoint_dir}\"]}\n"
                "objective: {metric: loss, mode: min}\nsearch_space: {x: 1}\nbudget: {trials: 1}\n"
                "retries: {signal: 1}\ncheckpoint: {every: 1}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, retries, training_iteration from trials"), (Rows{{"completed", "1", "6"}}));
  EXPECT_EQ(bench.value("select count(distinct training_iteration) || ' ' || count(*) from reports"), "6 6");
}

struct Limit {
  const char* name;
  const char* script;
  const char* rules;
  const char* cause;
};

class Limits : public ::testing::TestWithParam<Limit> {};

TEST_P(Limits, ReallyKillWholeGroups) {
  const Limit& limit = GetParam();
  Workbench bench;
  const Outcome outcome = bench.run("limit", shell("limit", 1, limit.script, limit.rules));
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(bench.query("select status, cause from trials"), (Rows{{"failed", limit.cause}})) << outcome.err;
  EXPECT_NE(bench.value("select error from trials"), "");
  EXPECT_EQ(bench.left_behind(), "");
}

// Each leaves a child that has gone into a session of its own, which must die too.
INSTANTIATE_TEST_SUITE_P(
    Every, Limits,
    ::testing::Values(Limit{"Time", "printf '{\"loss\": 1}\\n'\nsetsid sleep 1000 &\ntrap '' TERM\nsleep 1000",
                            "limits: {time: 300ms}\n", "time_limit"},
                      Limit{"Silence", "printf '{\"loss\": 1}\\n'\nsetsid sleep 1000 &\nsleep 1000",
                            "limits: {silence: 300ms}\n", "hang"},
                      Limit{"Output", "setsid sleep 1000 &\nyes 'a long line of nothing that matters'",
                            "limits: {output: 1MiB}\n", "output"},
                      Limit{"Memory",  // of the whole family, none of which is above the limit by itself
                            "setsid sleep 1000 &\nfor i in 1 2 3; do python3 -c 'import time\nx = bytearray(60 << 20)\n"
                            "time.sleep(1000)' & done\nwait",
                            "resources: {memory: 128MiB}\n", "memory"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FailingTrials, AnEaterInALibraryIsKilledAtItsMemoryLimit) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the process where they get no memory for themselves";
#endif
  Workbench bench;
  const Outcome outcome =
      bench.run("eater", misbehaving("eater", "eats, works", "resources: {cpu: 1, memory: 64MiB}\n"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, cause from trials order by trial_number"),
            (Rows{{"failed", "memory"}, {"completed", "own_end"}}));
}

TEST(FailingTrials, AHangingLibraryIsKilledAtItsTimeLimit) {
  Workbench bench;
  const Outcome outcome = bench.run("hanger", misbehaving("hanger", "hangs, works", "limits: {time: 300ms}\n"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, cause from trials order by trial_number"),
            (Rows{{"failed", "time_limit"}, {"completed", "own_end"}}));
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(FailingTrials, LeaveNothingBehindHoweverManyCrashInARow) {
  Workbench bench;
  bench.write("crash.yaml", "version: 1\nname: crash\ntrainable: " MISBEHAVING_LIBRARY
                            ":misbehaving\nobjective: {metric: loss, mode: min}\n"
                            "search_space: {how: exits, x: {uniform: [0, 1]}}\nbudget: {trials: 1000}\n"
                            "resources: {cpu: 0.5}\n");
  Program run = bench.start({"run", "crash.yaml"});
  const auto failed_reach = [&](const std::string& count) {
    return eventually([&] {
      return run.is_over() || bench.value("select count(*) >= " + count + " from trial where status = 'failed'") == "1";
    });
  };
  /// Descriptors, children, and bytes of memory of the worker and of the controller.
  const auto look = [&] {
    struct Held {
      std::size_t descriptors = 0, children = 0;
      std::uint64_t memory = 0;
    } held;
    for (const Process& process : processes_below(getpid())) {
      if (process.pid != run.pid() && !process.is_worker()) continue;
      std::error_code gone;
      const std::filesystem::directory_iterator open("/proc/" + std::to_string(process.pid) + "/fd", gone);
      held.descriptors += static_cast<std::size_t>(std::distance(begin(open), end(open)));
      held.memory += memory_of({process});
    }
    held.children = processes_below(getpid()).size();
    return held;
  };
  ASSERT_TRUE(failed_reach("100"));
  const auto early = look();
  ASSERT_TRUE(failed_reach("500"));
  const auto late = look();
  ASSERT_FALSE(run.is_over());
  EXPECT_EQ(run.wait().code, 1);
  EXPECT_EQ(bench.value("select count(*) from trial where status = 'failed'"), "1000");
  EXPECT_LE(late.descriptors, early.descriptors + 8);
  EXPECT_LE(late.children, early.children + 16);  // of 400: each of four slots may have some that are still dying
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep freed memory
  EXPECT_LE(late.memory, early.memory + (4U << 20));
#endif
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(FailingTrials, AMissingObjectiveIsSaidToBeMissing) {
  Workbench bench;
  EXPECT_EQ(bench.run("mute", shell("mute", 1, "printf '{\"los\": 1}\\n'")).code, 1);
  EXPECT_EQ(bench.value("select status from trials"), "failed");
  EXPECT_THAT(bench.value("select error from trials"), AllOf(HasSubstr("it printed los"), HasSubstr("'loss'")));

  EXPECT_EQ(bench.run("other", misbehaving("other", "misspells")).code, 1);
  EXPECT_EQ(bench.value("select cause from trials where experiment = 'other'"), "bad_report");
  EXPECT_THAT(bench.value("select error from trials where experiment = 'other'"),
              AllOf(HasSubstr("los"), HasSubstr("loss")));
}

TEST(FailingTrials, GarbageOnStdoutIsOutputAndNoReport) {
  Workbench bench;
  const Outcome outcome =
      bench.run("garbage", shell("garbage", 1,
                                 "head -c 300000 /dev/urandom\necho\necho '{broken'\necho '[1, 2]'\necho '{\"a\": {}'\n"
                                 "printf '{\"loss\": 2}\\n'"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.query("select status, training_iteration, best_objective from trials"),
            (Rows{{"completed", "1", "2"}}));
  EXPECT_EQ(bench.tune({"logs", "garbage/0"}).code, 0);
}

TEST(FailingTrials, AHundredMegabytesOnOneLineCostNoMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory and shadows of all";
#endif
  Workbench bench;
  bench.write("wide.yaml",
              shell("wide", 1, "head -c 104857600 /dev/zero | tr '\\0' 'x'\necho\nprintf '{\"loss\": 2}\\n'"));
  Program run = bench.start({"run", "wide.yaml"});
  std::uint64_t peak = 0;
  EXPECT_TRUE(eventually([&] {
    peak = std::max(peak, memory_of(processes_below(getpid())));
    return run.is_over();
  }));
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select best_objective from trials"), "2");
  EXPECT_LT(peak, 80u << 20);
  EXPECT_LT(std::filesystem::file_size(bench / "tune.db"), 4u << 20);
  EXPECT_THAT(bench.tune({"logs", "wide/0"}).out, AllOf(HasSubstr("left out"), HasSubstr("{\"loss\": 2}")));
}

}  // namespace
}  // namespace tune

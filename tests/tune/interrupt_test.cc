// Ctrl-C, SIGTERM: once, twice, and what resume makes of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Starts it and waits for its third report.
Program under_way(Workbench& bench, const std::string& name, const std::string& text, const Arguments& more = {}) {
  bench.write(name + ".yaml", text);
  Arguments arguments{"run", name + ".yaml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Program run = bench.start(arguments);
  EXPECT_TRUE(eventually([&] {
    return !bench.value("select 1 from event where kind = 'reported' and step = 3").empty();
  })) << run.err();
  return run;
}

TEST(Interrupt, CtrlCSavesAndEndsByTheSignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Workbench bench;
    Program run = under_way(bench, "saved", curve("saved", 4, 60, 0.005, "checkpoint: {every: 0}\n"));
    run.signal(signal);
    const Outcome outcome = run.wait();
    EXPECT_EQ(outcome.signal, signal) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("saved interrupted"), HasSubstr("tune resume saved")));
    EXPECT_EQ(bench.left_behind(), "");
    // Each running trial left with a checkpoint of its last step.
    EXPECT_EQ(
        bench.value("select count(*) from trial t where state = 'running' and not exists (select 1 from checkpoint c "
                    "where c.trial = t.number and c.step >= t.training_iteration)"),
        "0");
    EXPECT_EQ(bench.tune({"status", "saved", "--json"}).out.find("\"interrupted\"") == std::string::npos, false);

    const Outcome resumed = bench.tune({"resume", "saved"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(bench.value("select count(*) from reports"), "240");
    EXPECT_EQ(bench.value("select count(*) from event where kind = 'reported' and replayed = 1"), "0");
    EXPECT_EQ(bench.value("select count(*) from trials where retries > 0"), "0");
    EXPECT_EQ(bench.tune({"replay", "saved"}).code, 0);
  }
}

TEST(Interrupt, ATrialThatDoesNotListenIsKilledByASecondCtrlC) {
  Workbench bench;
  bench.write("deaf.yaml",
              shell("deaf", 1, "trap '' TERM INT\nprintf '{\"loss\": 1}\\n'\nsleep 1000 & wait\nsleep 1000"));
  Program run = bench.start({"run", "deaf.yaml", "--grace", "1000"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  run.signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return run.err().find("Ctrl-C again") != std::string::npos; }));
  EXPECT_FALSE(run.is_over());
  run.signal(SIGINT);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.signal, SIGINT) << outcome.err;
  EXPECT_EQ(bench.left_behind(), "");
  EXPECT_EQ(bench.value("select count(*) from event where kind = 'reported'"), "1");
}

TEST(Interrupt, GraceEndsTrialsThatDoNotListen) {
  Workbench bench;
  bench.write("deaf.yaml",
              shell("deaf", 1, "trap '' TERM INT\nprintf '{\"loss\": 1}\\n'\nsleep 1000 & wait\nsleep 1000"));
  Program run = bench.start({"run", "deaf.yaml", "--grace", "0.3"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  run.signal(SIGINT);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.signal, SIGINT) << outcome.err;
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Interrupt, LockstepRunsGoOnToTheSameTable) {
  const std::string more =
      "scheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3, variant: promote}\nretries: 3\n";
  Workbench unbroken, broken;
  ASSERT_EQ(unbroken.run("step", curve("step", 8, 9, 0, more), {"--lockstep"}).code, 0);
  Program run = under_way(broken, "step", curve("step", 8, 9, 0.01, more), {"--lockstep"});
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
  ASSERT_EQ(broken.tune({"resume", "step"}).code, 0);
  const Arguments metrics{"export", "step", "--stable", "--history", "--columns", "trial_id,training_iteration,loss"};
  EXPECT_EQ(broken.tune(metrics).out, unbroken.tune(metrics).out);
}

}  // namespace
}  // namespace tune

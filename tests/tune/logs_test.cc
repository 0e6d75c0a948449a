// What a trial printed: afterwards, and while it runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// Prints `one`, waits until the file `go` is there, prints `two` and reports.
constexpr const char* kWaits = "echo one\nwhile [ ! -e go ]; do sleep 0.01; done\necho two\nprintf '{\"loss\": 1}\\n'";

bool prints(Program& program, const std::string& text) {
  return eventually([&] { return program.out().find(text) != std::string::npos || program.is_over(); });
}

TEST(Logs, AreFollowedUntilTheTrialEnds) {
  Workbench bench;
  bench.write("slow.yaml", shell("slow", 1, kWaits));
  Program run = bench.start({"run", "slow.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'running'").empty(); }));
  Program follower = bench.start({"logs", "slow/0", "-f"});
  ASSERT_TRUE(prints(follower, "one\n"));
  EXPECT_FALSE(follower.is_over());
  EXPECT_THAT(bench.tune({"logs", "slow/0"}).out, HasSubstr("one\n"));  // what there is so far

  bench.write("go", "");
  const Outcome followed = follower.wait();
  EXPECT_EQ(followed.code, 0) << followed.err;
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(followed.out, bench.tune({"logs", "slow/0"}).out);
  EXPECT_THAT(followed.out, HasSubstr("two\n"));
  EXPECT_EQ(followed.out.find("one"), followed.out.rfind("one"));  // nothing twice
}

TEST(Logs, AreFollowedThroughARetry) {
  Workbench bench;
  bench.write("again.yaml",
              shell("again", 1, "if [ ! -e first ]; then touch first; echo broken; exit 3; fi\n" + std::string(kWaits),
                    "retries: {exit: 1}\n"));
  Program run = bench.start({"run", "again.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'running'").empty(); }));
  Program follower = bench.start({"logs", "again/0", "--follow"});
  ASSERT_TRUE(prints(follower, "one\n"));
  bench.write("go", "");
  EXPECT_EQ(follower.wait().code, 0);
  EXPECT_THAT(follower.out(), HasSubstr("broken\n--- attempt 2\none\ntwo\n"));
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Logs, AreFollowedWhereMuchIsPrinted) {
  Workbench bench;
  bench.write("much.yaml",
              shell("much", 1,
                    "while [ ! -e go ]; do sleep 0.01; done\n"
                    "head -c 5000000 /dev/zero | tr '\\0' x\necho\n"
                    "touch printed\nwhile [ ! -e on ]; do sleep 0.01; done\necho last\nprintf '{\"loss\": 1}\\n'"));
  Program run = bench.start({"run", "much.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'running'").empty(); }));
  Program follower = bench.start({"logs", "much/0", "-f"});
  bench.write("go", "");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(bench / "printed"); }));
  bench.write("on", "");
  EXPECT_EQ(follower.wait().code, 0);
  EXPECT_THAT(follower.out(), HasSubstr("last\n"));
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select bytes > 5000000 from output"), "1");
}

TEST(Logs, EndByCtrlC) {
  Workbench bench;
  bench.write("slow.yaml", shell("slow", 1, kWaits));
  Program run = bench.start({"run", "slow.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'running'").empty(); }));
  Program follower = bench.start({"logs", "slow/0", "-f"});
  ASSERT_TRUE(prints(follower, "one\n"));
  follower.signal(SIGINT);
  EXPECT_EQ(follower.wait().signal, SIGINT);  // a shell says 130
  bench.write("go", "");
  EXPECT_EQ(run.wait().code, 0);
}

TEST(Logs, AreFollowedNoLongerThanSomebodyRunsTheExperiment) {
  Workbench bench;
  bench.write("slow.yaml", shell("slow", 1, kWaits));
  Program run = bench.start({"run", "slow.yaml", "--grace", "0"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from trial where state = 'running'").empty(); }));
  Program follower = bench.start({"logs", "slow/0", "-f"});
  ASSERT_TRUE(prints(follower, "one\n"));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
  EXPECT_EQ(follower.wait().code, 0);
  EXPECT_EQ(bench.left_behind(), "");
}

}  // namespace
}  // namespace tune

// The live region on a real terminal, and keys typed into it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <regex>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Curves that last as long as a test wants: nobody waits for their end.
std::string long_curves(const std::string& name) { return curve(name, 8, 100'000, 0.005, "checkpoint: {every: 0}\n"); }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST(Terminal, ShowsALiveRegionAndLeavesACleanScreen) {
  Workbench bench;
  bench.write("live.yaml", curve("live", 6, 40, 0.005));
  testing::Terminal terminal = bench.start_on_terminal({"run", "live.yaml"}, 100, 30);
  ASSERT_TRUE(eventually([&] {
    return terminal.shows("/6") && terminal.shows(" running") && terminal.shows("best  #");
  })) << terminal.screen();
  EXPECT_TRUE(eventually([&] { return terminal.cursor_is_shown(); }));  // so that Ctrl-Z and kill -9 leave it there
  EXPECT_EQ(terminal.wait().code, 0);
  const std::string end = terminal.screen();
  EXPECT_THAT(end, AllOf(HasSubstr("live finished"), HasSubstr("6 done"), HasSubstr("next tune best live")));
  EXPECT_THAT(end, Not(HasSubstr(" running")));  // the region is gone
  EXPECT_EQ(count(end, "live: random + fifo"), 1u);
  EXPECT_TRUE(terminal.cursor_is_shown());
}

TEST(Terminal, TheCountsAddUpToTheBudget) {
  Workbench bench;
  bench.write("long.yaml", long_curves("long"));  // more trials than slots, some granted ahead of a free one
  testing::Terminal terminal = bench.start_on_terminal({"run", "long.yaml"}, 100, 30);
  std::smatch found;
  std::string screen;
  const std::regex counts(R"((\d+) done .* (\d+) stopped early .* (\d+) running .* (\d+) waiting)");
  ASSERT_TRUE(eventually([&] {
    screen = terminal.screen();
    return std::regex_search(screen, found, counts);
  })) << screen;
  int sum = 0;
  for (std::size_t i = 1; i < found.size(); ++i) sum += std::stoi(found[i]);
  EXPECT_EQ(sum, 8) << screen;
}

TEST(Terminal, RedrawsInPlace) {
  Workbench bench;
  bench.write("long.yaml", long_curves("long"));
  testing::Terminal terminal = bench.start_on_terminal({"run", "long.yaml"}, 100, 30);
  std::size_t most = 0;  // regions on the screen at a time: none while lines scroll above it
  ASSERT_TRUE(eventually([&] {
    most = std::max(most, count(terminal.screen(), "long  random + fifo"));
    return count(terminal.raw(), "A\r") > 10;
  }));
  EXPECT_EQ(most, 1u) << terminal.screen();
}

TEST(Terminal, CtrlCSavesTellsHowToGoOnAndEndsByTheSignal) {
  Workbench bench;
  bench.write("long.yaml", long_curves("long"));
  testing::Terminal terminal = bench.start_on_terminal({"run", "long.yaml"}, 100, 30);
  ASSERT_TRUE(
      eventually([&] { return !bench.value("select 1 from event where kind = 'reported' and step = 3").empty(); }));
  terminal.type("\x03");
  const Outcome outcome = terminal.wait();
  EXPECT_EQ(outcome.signal, SIGINT);
  EXPECT_THAT(terminal.screen(),
              AllOf(HasSubstr("Press Ctrl-C again"), HasSubstr("long interrupted"), HasSubstr("tune resume long")));
  EXPECT_TRUE(terminal.cursor_is_shown());
  EXPECT_EQ(bench.left_behind(), "");
  EXPECT_EQ(
      bench.value("select count(*) from trial t where state = 'running' and not exists (select 1 from checkpoint c "
                  "where c.trial = t.number and c.step >= t.training_iteration)"),
      "0");
}

TEST(Terminal, CtrlCTwiceKillsWhatDoesNotListen) {
  Workbench bench;
  bench.write("deaf.yaml",
              shell("deaf", 1, "trap '' TERM INT\nprintf '{\"loss\": 1}\\n'\nsleep 1000 & wait\nsleep 1000"));
  testing::Terminal terminal = bench.start_on_terminal({"run", "deaf.yaml", "--grace", "1000"}, 100, 30);
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  terminal.type("\x03");
  ASSERT_TRUE(eventually([&] { return terminal.shows("Press Ctrl-C again"); }));
  EXPECT_FALSE(terminal.is_over());
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait().signal, SIGINT);
  EXPECT_TRUE(terminal.cursor_is_shown());
  EXPECT_EQ(bench.left_behind(), "");
}

/// Colour codes that a run writes until its region is there.
std::size_t colours(const std::string& name, const Environment& environment) {
  Workbench bench;
  bench.write(name + ".yaml", long_curves(name));
  testing::Terminal terminal = bench.start_on_terminal({"run", name + ".yaml"}, 100, 30, environment);
  EXPECT_TRUE(eventually([&] { return terminal.shows(" running"); })) << terminal.screen();
  const std::string raw = terminal.raw();
  std::size_t n = 0;
  for (std::size_t at = raw.find("\x1b["); at != std::string::npos; at = raw.find("\x1b[", at + 1)) {
    const std::size_t end = raw.find_first_not_of("0123456789;", at + 2);
    n += end != std::string::npos && raw[end] == 'm';
  }
  return n;
}

TEST(Terminal, HasNoColoursWhereNobodyWantsThem) {
  EXPECT_GT(colours("coloured", {}), 0u);
  EXPECT_EQ(colours("plain", {{"NO_COLOR", "1"}}), 0u);
}

TEST(Terminal, FortyColumnsAndFiveRowsAreEnough) {
  Workbench bench;
  bench.write("narrow.yaml", long_curves("narrow"));
  testing::Terminal terminal = bench.start_on_terminal({"run", "narrow.yaml"}, 40, 5);
  std::size_t most = 0;
  ASSERT_TRUE(eventually([&] {
    most = std::max(most, count(terminal.screen(), "narrow  random + fifo"));
    return count(terminal.raw(), "A\r") > 10;
  })) << terminal.screen();
  EXPECT_EQ(most, 1u) << terminal.screen();
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait().signal, SIGINT);
  EXPECT_TRUE(terminal.cursor_is_shown());
  EXPECT_EQ(count(terminal.screen(), "narrow  random + fifo"), 0u) << terminal.screen();
}

TEST(Terminal, StatusIsWatchedInPlaceUntilTheExperimentEnds) {
  Workbench bench;
  bench.write("long.yaml", long_curves("long"));
  Program run = bench.start({"run", "long.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  testing::Terminal terminal = bench.start_on_terminal({"status", "long", "--watch"}, 100, 30);
  ASSERT_TRUE(eventually([&] { return terminal.shows("long  running") && count(terminal.raw(), "A\r") >= 2; }))
      << terminal.screen();
  EXPECT_EQ(count(terminal.screen(), "trials "), 1u) << terminal.screen();
  EXPECT_FALSE(terminal.is_over());
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
  EXPECT_EQ(terminal.wait().code, 0);
  EXPECT_THAT(terminal.screen(), HasSubstr("long  interrupted"));
  EXPECT_EQ(count(terminal.screen(), "trials "), 1u) << terminal.screen();
}

}  // namespace
}  // namespace tune

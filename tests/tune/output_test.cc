// What a run says: plain lines, -q, -v, JSON lines, colours.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string asha(const std::string& name) {
  return curve(name, 6, 9, 0, "scheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3}\n");
}

TEST(Output, PlainRunsTalkOnStderrOnly) {
  Workbench bench;
  const Outcome outcome = bench.run("plain", asha("plain"));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(StartsWith("plain: random + asha"), HasSubstr("seed 7"), HasSubstr("[6/6]"),
                                 HasSubstr("new best #")));  // which trial is first is the machine's affair
}

TEST(Output, EachFinishedTrialHasItsOwnCount) {
  Workbench bench;  // trials so short that one turn sees several of them end
  const Outcome outcome = bench.run("counted", branin("counted", 12));
  std::vector<std::string> seen, wanted;
  for (const std::string& line : lines(outcome.err)) {
    if (line.starts_with('[')) seen.push_back(line.substr(0, line.find(' ')));
  }
  for (int i = 1; i <= 12; ++i) wanted.push_back("[" + std::to_string(i) + "/12]");
  EXPECT_EQ(seen, wanted) << outcome.err;
}

TEST(Output, QuietPrintsTheBestAlone) {
  Workbench bench;
  const Outcome outcome = bench.run("quiet", branin("quiet", 3), {"-q"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("best #"));
  EXPECT_EQ(lines(outcome.out).size(), 1u);
}

TEST(Output, QuietTellsWhyTrialsFailed) {
  Workbench bench;
  const Outcome outcome = bench.run("quiet", shell("quiet", 3, "echo ValueError: lr 0.${x} >&2; exit 7"), {"-q"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("error: quiet: no trial reported a usable result"));
  EXPECT_THAT(outcome.err, HasSubstr("3 failed: the program ended with exit code 7: ValueError: lr 0."));
  EXPECT_EQ(outcome.out, "");
}

TEST(Output, VeryQuietPrintsNothing) {
  Workbench bench;
  const Outcome outcome = bench.run("silent", branin("silent", 3), {"-qq"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST(Output, VerboseTellsEveryReportAndThenEveryDecision) {
  Workbench bench;
  const Outcome reports = bench.run("once", asha("once"), {"-v", "-j", "1"});
  EXPECT_THAT(reports.err, AllOf(HasSubstr("#0 iter=1 {\"loss\""), Not(HasSubstr("judged"))));
  const Outcome decisions = bench.run("twice", asha("twice"), {"-vv", "-j", "1"});
  EXPECT_THAT(decisions.err, AllOf(HasSubstr("judged trial"), HasSubstr("start trial 0"), HasSubstr("rung")));
}

TEST(Output, JsonLinesParseAndTellTheRun) {
  Workbench bench;
  const Outcome outcome = bench.run("lines", asha("lines"), {"--json", "-v"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::map<std::string, int> events;
  for (const std::string& line : lines(outcome.out)) {
    const Value parsed = json(line);
    ++events[at(parsed, "event")];
    EXPECT_NE(at(parsed, "ts"), "-") << line;
  }
  EXPECT_EQ(events["experiment_started"], 1);
  EXPECT_EQ(events["trial_started"], 6);
  EXPECT_EQ(events["trial_finished"], 6);
  EXPECT_EQ(events["experiment_finished"], 1);
  EXPECT_GE(events["new_best"], 1);
  EXPECT_EQ(std::to_string(events["trial_reported"]), bench.value("select count(*) from reports"));
  const Value last = json(lines(outcome.out).back());
  EXPECT_EQ(at(last, "event"), "experiment_finished");
  EXPECT_EQ(at(last, "status"), "finished");
  EXPECT_NE(at(last, "best.trial_number"), "-");
}

TEST(Output, FaultsOfAFileAreJsonToo) {
  Workbench bench;
  const Outcome outcome = bench.run("bad", "version: 1\nname: bad\n", {"--json"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(json(outcome.out).is_list());
}

TEST(Output, NoColoursWhereNobodyAsksForThem) {
  Workbench bench;
  bench.write("bad.yaml", "version: 1\nname: bad\n");
  bench.write("good.yaml", branin("good", 2));
  for (const Environment& environment :
       {Environment{}, Environment{{"NO_COLOR", "1"}}, Environment{{"TERM", "dumb"}}, Environment{{"TERM", "xterm"}}}) {
    EXPECT_THAT(bench.tune({"validate", "bad.yaml"}, environment).err, Not(HasSubstr("\x1b")));
    EXPECT_THAT(bench.tune({"run", "good.yaml", "--fresh"}, environment).err, Not(HasSubstr("\x1b")));
  }
}

/// Runs it on a terminal of script(1).
Outcome on_a_terminal(Workbench& bench, const std::string& command, const Environment& environment) {
  Start start;
  start.command = {"/usr/bin/script", "-qec", std::string(TUNE_PROGRAM) + " " + command, "/dev/null"};
  start.folder = bench.path();
  start.environment = environment;
  start.output = bench / "terminal";
  return Program(start).wait();
}

TEST(Output, ATerminalGetsALiveRegionWithoutColoursUnderNoColor) {
  Workbench bench;
  bench.write("live.yaml", curve("live", 4, 10, 0.01));
  const Outcome colours = on_a_terminal(bench, "run live.yaml --db 1.db", {{"TERM", "xterm"}});
  EXPECT_EQ(colours.code, 0) << colours.out;
  EXPECT_THAT(colours.out, AllOf(HasSubstr("\x1b["), HasSubstr("live finished"), HasSubstr("best #")));
  const Outcome plain = on_a_terminal(bench, "run live.yaml --db 2.db", {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_EQ(plain.code, 0) << plain.out;
  for (const char* colour : {"\x1b[1m", "\x1b[3", "\x1b[9"}) EXPECT_THAT(plain.out, Not(HasSubstr(colour)));
}

}  // namespace
}  // namespace tune

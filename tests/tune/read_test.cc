// Commands that read: lists, one trial, the best, logs, exports, checkpoints.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// One experiment of curves under ASHA, and one of Branin, run once for all tests of this file that only look.
class Reading : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    bench_ = new Workbench;
    const Outcome first = bench_->run("asha",
                                      curve("asha", 8, 9, 0,
                                            "scheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3}\n"
                                            "checkpoint: {every: 1}\ndescription: curves\n"),
                                      {"--lockstep"});
    ASSERT_EQ(first.code, 0) << first.err;
    ASSERT_EQ(bench_->run("plain", branin("plain", 3)).code, 0);
  }
  static void TearDownTestSuite() {
    delete bench_;
    bench_ = nullptr;
  }
  static std::string out(const Arguments& arguments) {
    const Outcome outcome = bench_->tune(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  static Workbench* bench_;
};
Workbench* Reading::bench_ = nullptr;

TEST_F(Reading, LsListsAllExperiments) {
  EXPECT_THAT(out({"ls"}), AllOf(HasSubstr("asha"), HasSubstr("plain"), HasSubstr("finished")));
  const Value list = json(out({"ls", "--json"}));
  ASSERT_TRUE(list.is_list());
  ASSERT_THAT(list.list(), SizeIs(2));
  EXPECT_EQ(at(list.list()[0], "name"), "asha");
  EXPECT_EQ(at(list.list()[0], "trials"), "8");
}

TEST_F(Reading, StatusTellsCountsAndTheBest) {
  EXPECT_THAT(out({"status", "asha"}),
              AllOf(HasSubstr("asha  finished"), HasSubstr("8 in all"), HasSubstr("curves"), HasSubstr("lockstep")));
  EXPECT_THAT(out({"status"}), AllOf(HasSubstr("asha"), HasSubstr("plain")));
  const Value status = json(out({"status", "asha", "--json"}));
  EXPECT_EQ(at(status, "status"), "finished");
  EXPECT_EQ(at(status, "controller_pid"), "0");
  EXPECT_EQ(at(status, "best_value"), bench_->value("select value from best where experiment = 'asha'"));
}

TEST_F(Reading, StatusWatchEndsWithTheExperiment) {
  EXPECT_THAT(out({"status", "asha", "--watch"}), HasSubstr("asha"));
}

TEST_F(Reading, TrialsAreSortedFilteredAndCut) {
  const std::string sorted = out({"trials", "asha", "--sort", "loss", "--csv", "--columns", "trial_number,loss"});
  std::vector<double> losses;
  for (const std::string& cell : column(sorted, "loss")) losses.push_back(std::stod(cell));
  EXPECT_THAT(losses, SizeIs(8));
  EXPECT_TRUE(std::ranges::is_sorted(losses));
  const auto down =
      column(out({"trials", "asha", "--sort", "-loss", "--csv", "--columns", "trial_number,loss"}), "loss");
  EXPECT_EQ(std::stod(down.front()), losses.back());

  const std::string some = out({"trials", "asha", "--where", "training_iteration<9", "--where", "x1<5", "--csv",
                                "--columns", "training_iteration,x1"});
  for (const auto& cell : column(some, "training_iteration")) EXPECT_LT(std::stoi(cell), 9);
  EXPECT_EQ(std::to_string(column(some, "training_iteration").size()),
            bench_->value("select count(*) from trials where experiment = 'asha' and training_iteration < 9 "
                          "and json_extract(config, '$.x1') < 5"));
  EXPECT_THAT(lines(out({"trials", "asha", "--limit", "2", "--csv"})), SizeIs(3));
  EXPECT_THAT(out({"trials", "asha"}), HasSubstr("status"));
}

TEST_F(Reading, TrialsRefusesUnknownColumnsAndConditions) {
  EXPECT_EQ(bench_->tune({"trials", "asha", "--sort", "lsos"}).code, 2);
  EXPECT_THAT(bench_->tune({"trials", "asha", "--sort", "lsos"}).err, HasSubstr("loss"));
  EXPECT_EQ(bench_->tune({"trials", "asha", "--where", "loss"}).code, 2);
}

TEST_F(Reading, ShowTellsTheReasonOfEachDecision) {
  const std::string stopped =
      bench_->value("select trial_number from trials where experiment = 'asha' and status = 'stopped' limit 1");
  const std::string story = out({"show", "asha/" + stopped});
  EXPECT_THAT(story, AllOf(HasSubstr("stopped"), HasSubstr("judged"), HasSubstr("config"), HasSubstr("because")));
  EXPECT_EQ(story.find(" left: "), story.rfind(" left: "));  // its own end, and not that of who made room for it
  const Value shown = json(out({"show", "asha/" + stopped, "--json"}));
  EXPECT_EQ(at(shown, "trial_number"), stopped);
  EXPECT_EQ(at(shown, "status"), "stopped");
  EXPECT_GT(shown.find("story")->list().size(), 1u);
  EXPECT_EQ(out({"show", "asha-0000" + stopped}), story);
}

TEST_F(Reading, BestComesInEveryFormat) {
  const std::string number = bench_->value("select trial_number from best where experiment = 'asha'");
  EXPECT_THAT(out({"best", "asha"}), AllOf(StartsWith("asha/" + number + " "), HasSubstr("x1 = ")));
  const Value best = json(out({"best", "asha", "-f", "json"}));
  EXPECT_EQ(at(best, "trial_number"), number);
  EXPECT_EQ(at(best, "value"), bench_->value("select value from best where experiment = 'asha'"));
  const std::string x1 = at(best, "config.x1"), x2 = at(best, "config.x2");
  EXPECT_THAT(out({"best", "asha", "-f", "args"}), StartsWith("--x1=" + x1 + " --x2=" + x2 + " --epochs=9"));
  EXPECT_THAT(out({"best", "asha", "-f", "yaml"}), StartsWith("x1: " + x1 + "\nx2: " + x2 + "\n"));
  EXPECT_EQ(json(out({"best", "asha", "--json"})), best);
  // It is the best of all reports, not of the last ones.
  EXPECT_EQ(bench_->value("select min(json_extract(metrics, '$.loss')) from reports where experiment = 'asha'"),
            at(best, "value"));
}

TEST_F(Reading, ExportHasARowATrialInEveryFormat) {
  const std::string text = out({"export", "asha", "-f", "csv", "--columns", "trial_id,status,loss,config/x1"});
  EXPECT_THAT(lines(text), SizeIs(9));
  EXPECT_THAT(column(text, "trial_id"), Each(StartsWith("asha-0000")));
  EXPECT_THAT(json(out({"export", "asha", "-f", "json"})).list(), SizeIs(8));
  const auto rows = lines(out({"export", "asha", "-f", "jsonl"}));
  ASSERT_THAT(rows, SizeIs(8));
  EXPECT_EQ(at(json(rows[0]), "trial_id"), "asha-00000");
  EXPECT_THAT(out({"export", "asha", "-f", "md"}), AllOf(StartsWith("| trial_id |"), HasSubstr("**")));
  EXPECT_THAT(lines(out({"export", "asha", "--top", "3"})), SizeIs(4));
  EXPECT_THAT(out({"export", "plain", "--naming", "optuna"}), HasSubstr("params_x1"));
}

TEST_F(Reading, ExportOfTheHistoryHasARowAReport) {
  const std::string reports = bench_->value("select count(*) from reports where experiment = 'asha'");
  for (const std::string format : {"csv", "jsonl"}) {
    const auto rows = lines(out({"export", "asha", "--history", "-f", format}));
    EXPECT_EQ(std::to_string(rows.size() - (format == "csv" ? 1 : 0)), reports) << format;
  }
  EXPECT_EQ(std::to_string(json(out({"export", "asha", "--history", "-f", "json"})).list().size()), reports);
  EXPECT_THAT(out({"export", "asha", "--history", "-f", "md"}), StartsWith("| trial_id |"));
  EXPECT_THAT(out({"export", "asha", "--history", "--stable"}),
              AllOf(Not(HasSubstr("time")), HasSubstr("training_iteration")));
}

TEST_F(Reading, ExportWritesAFileWholeOrNotAtAll) {
  EXPECT_EQ(out({"export", "asha", "--stable", "-o", "table.csv"}), "");
  EXPECT_EQ(bench_->read("table.csv"), out({"export", "asha", "--stable"}));
  EXPECT_FALSE(std::filesystem::exists(*bench_ / "table.csv.part"));
  const Outcome nowhere = bench_->tune({"export", "asha", "-o", "no/such/folder.csv"});
  EXPECT_EQ(nowhere.code, 6);
  EXPECT_THAT(nowhere.err, HasSubstr("No such file"));
}

TEST_F(Reading, AFileThatIsALinkStaysOneAndAPipeIsWrittenInto) {
  const std::string link = *bench_ / "link.csv", target = *bench_ / "target.csv", pipe = *bench_ / "pipe";
  bench_->write("target.csv", "before");
  std::filesystem::create_symlink("target.csv", link);
  out({"export", "asha", "-o", link});
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(bench_->read("target.csv"), out({"export", "asha"}));

  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Program writing = bench_->start({"export", "asha", "-o", pipe});
  EXPECT_EQ(bench_->read("pipe"), out({"export", "asha"}));
  EXPECT_EQ(writing.wait().code, 0);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(Reading, StableTablesHaveNoClockOrHost) {
  EXPECT_THAT(out({"export", "asha", "--stable"}), AllOf(Not(HasSubstr("time_total")), Not(HasSubstr("worker")),
                                                         Not(HasSubstr("_at")), Not(HasSubstr("attempt"))));
}

TEST_F(Reading, ACheckpointIsTakenOut) {
  const std::string number = bench_->value("select trial_number from best where experiment = 'asha'");
  const Outcome outcome = bench_->tune({"checkpoint", "asha/" + number, "-o", "best.bin"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench_->read("best.bin"),
            "curve " +
                bench_->value("select max(training_iteration) from checkpoints where released = 0 and "
                              "experiment = 'asha' and trial_number = " +
                              number) +
                "\n");
  const Outcome none = bench_->tune({"checkpoint", "asha/" + number, "-o", "none.bin", "--step", "77"});
  EXPECT_EQ(none.code, 4);
  EXPECT_FALSE(std::filesystem::exists(*bench_ / "none.bin"));
  EXPECT_EQ(bench_->tune({"checkpoint", "plain/0", "-o", "none.bin"}).code, 4);
}

TEST_F(Reading, WhatIsNotThereIsExitCodeFour) {
  for (const Arguments& arguments :
       {Arguments{"status", "nobody"}, Arguments{"trials", "nobody"}, Arguments{"best", "nobody"},
        Arguments{"export", "nobody"}, Arguments{"replay", "nobody"}, Arguments{"stop", "nobody"},
        Arguments{"show", "asha/99"}, Arguments{"logs", "asha/99"}, Arguments{"show", "nobody/1"},
        Arguments{"ls", "--db", "none.db"}, Arguments{"resume", "x", "--db", "none.db"}}) {
    const Outcome outcome = bench_->tune(arguments);
    EXPECT_EQ(outcome.code, 4) << arguments[0] << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("tune: "));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists(*bench_ / "none.db"));
}

TEST_F(Reading, AskingWithoutANameNeedsExactlyOneExperiment) {
  const Outcome outcome = bench_->tune({"best"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("asha"), HasSubstr("plain")));
}

TEST_F(Reading, ViewsCanBeQueried) {
  for (const std::string view : {"experiments", "trials", "reports", "decisions", "checkpoints", "best"}) {
    EXPECT_GT(bench_->value("select count(*) from " + view), "0") << view;
  }
  EXPECT_EQ(bench_->value("select count(*) from decisions where reason = ''"), "0");
}

TEST(Logs, TellWhatATrialPrinted) {
  Workbench bench;
  const Outcome outcome = bench.run(
      "talk", shell("talk", 1, "echo to stdout\necho to stderr >&2\nprintf '{\"loss\": 1}\\n'\necho the end"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(bench.tune({"logs", "talk/0"}).out,
              AllOf(HasSubstr("to stdout\n"), HasSubstr("to stderr\n"), HasSubstr("the end\n")));
}

TEST(ReadingLive, WorksWhileTheRunGoesOn) {
  Workbench bench;
  bench.write("busy.yaml", curve("busy", 2, 100000, 0.005, "checkpoint: {every: 1}\n"));
  Program run = bench.start({"run", "busy.yaml"});
  ASSERT_TRUE(
      eventually([&] { return !bench.value("select 1 from event where kind = 'reported' and step = 3").empty(); }));
  EXPECT_THAT(bench.tune({"status", "busy"}).out, HasSubstr("running (process " + std::to_string(run.pid()) + ")"));
  for (const Arguments& arguments :
       {Arguments{"ls"}, Arguments{"trials", "busy"}, Arguments{"show", "busy/0"}, Arguments{"best", "busy"},
        Arguments{"logs", "busy/0"}, Arguments{"export", "busy", "--history"},
        Arguments{"checkpoint", "busy/0", "-o", "c.bin"}, Arguments{"replay", "busy"}}) {
    const Outcome outcome = bench.tune(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << "\n" << outcome.out << outcome.err;
  }
  EXPECT_FALSE(run.is_over());
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().signal, SIGINT);
}

}  // namespace
}  // namespace tune

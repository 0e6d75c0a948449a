// Care of the data: `tune doctor` finds what is damaged and says what to do, `tune backup` copies a database that is in
// use.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

/// A finished run with small checkpoints, and one whose checkpoints lie beside the database.
class Care : public ::testing::Test {
 protected:
  void run_small() { run("small", ""); }
  void run_large() { run("large", "  checkpoint_bytes: 300000\n"); }
  /// One that was interrupted, and has more to do.
  void interrupt(const std::string& name, const std::string& more = "", const Arguments& options = {}) {
    bench_.write(name + ".yaml", curve(name, 2, 20, 0.01, more));
    Arguments arguments{"run", name + ".yaml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    Program run = bench_.start(arguments);
    ASSERT_TRUE(
        eventually([&] { return bench_.value("select count(*) > 2 from event where kind = 'reported'") == "1"; }));
    run.signal(SIGINT);
    run.wait();
  }
  /// The doctor finds this, and says that something is wrong.
  void expect_problem(const std::string& what) {
    const Outcome outcome = bench_.tune({"doctor"});
    EXPECT_EQ(outcome.code, 6) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr(what));
  }
  void expect_healthy(const std::string& db = "tune.db") {
    const Outcome outcome = bench_.tune({"doctor", db});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(db + " is healthy"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("problem")));
  }
  Workbench bench_;

 private:
  void run(const std::string& name, const std::string& space) {
    std::string text = curve(name, 3, 3, 0, "checkpoint: {every: 1, keep: 2}\n");
    text.insert(text.find("  x1:"), space);
    const Outcome outcome = bench_.run(name, text);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
};

TEST_F(Care, ADatabaseWhoseRunWasKilledIsHealthy) {
  // A report that has no checkpoint and draws no verdict may be the last that was committed.
  for (int reports = 2; reports < 12; reports += 3) {
    Workbench bench;
    bench.write("killed.yaml", curve("killed", 2, 200, 0.005));
    Program run = bench.start({"run", "killed.yaml"});
    const std::string enough = "select count(*) >= " + std::to_string(reports) + " from event where kind = 'reported'";
    ASSERT_TRUE(eventually([&] { return bench.value(enough) == "1"; }));
    const Outcome copied = bench.tune({"backup", "tune.db", "copy.db"});
    EXPECT_EQ(copied.code, 0) << copied.err;
    run.signal(SIGKILL);
    run.wait();
    for (const char* const database : {"tune.db", "copy.db"}) {
      const Outcome outcome = bench.tune({"doctor", database});
      EXPECT_EQ(outcome.code, 0) << outcome.out;
    }
  }
}

TEST_F(Care, AGoodDatabaseIsHealthy) {
  run_small();
  run_large();
  EXPECT_EQ(bench_.run("mute", shell("mute", 2, "exit 3", "retries: 1\n")).code, 1);  // which has no best trial
  std::string timed = curve("timed", 1, 1'000'000, 0.01);
  timed.replace(timed.find("{trials: 1}"), 11, "{time: 200ms}");  // trials granted ahead are withdrawn at its end
  EXPECT_EQ(bench_.run("timed", timed).code, 0);
  EXPECT_NE(bench_.value("select count(*) from trial where state = 'withdrawn'"), "0");
  expect_healthy();
}

TEST_F(Care, FindsRowsThatAreNotAsTheLogSays) {
  run_small();
  bench_.change("update trial set retries = 2 where number = 1");
  expect_problem("small: the row of 1 trial is not as the log says; trial 1: retries is 2, and was 0");
  bench_.change("update trial set retries = 0, status = 'failed', state = 'failed' where number = 1");
  expect_problem("trial 1: status is 'failed', and was 'completed'");
  bench_.change("update trial set status = 'completed', state = 'completed' where number = 1");
  expect_healthy();
  bench_.change("update trial set best = best - 1");
  expect_problem("small: rows of 3 trials are not as the log says; trial 0: best_objective is ");
  bench_.change("update trial set best = best + 1, config = replace(config, 'x1', 'x3')");
  expect_problem("config is ");
}

TEST_F(Care, ASettingOfTheExperimentThatWasChangedIsNoFaultOfTheProgram) {
  run_small();
  for (const auto& [change, back, words] :
       {std::tuple{"seed = seed + 1", "seed = seed - 1", "event 1 was decided otherwise"},
        std::tuple{"resolved = replace(resolved, '15', '14')", "resolved = replace(resolved, '14', '15')",
                   "event 1 was decided otherwise"},
        std::tuple{"metric = 'accuracy'", "metric = 'loss'", "metric is 'accuracy', and was 'loss'"},
        std::tuple{"mode = 'max'", "mode = 'min'", "mode is 'max', and was 'min'"}}) {
    bench_.change(std::string("update experiment set ") + change);
    expect_problem(words);
    expect_problem("changed by something else than tune: restore a backup");
    bench_.change(std::string("update experiment set ") + back);
  }
  expect_healthy();
}

TEST_F(Care, NothingGoesOnWithARowThatIsNotAsItsLogSays) {
  interrupt("held", "", {"--lockstep"});
  ASSERT_EQ(bench_.tune({"set", "held", "budget.trials=3"}).code, 0);
  expect_healthy();
  for (const auto& [change, words] :
       {std::pair{"lockstep = 0", "lockstep is 0, and was 1"}, std::pair{"slots = slots - 1", "slots is "},
        std::pair{"seed = 8", "seed is '8', and was '7'"}, std::pair{"directory = '/'", "directory is '/', and was '"},
        std::pair{"created_at = 1", "created_at is 1.0, and was "},
        std::pair{"began_as = replace(began_as, '15', '14')", "the document that it began with is another"},
        std::pair{"resolved = replace(resolved, '15', '14')", "its document is not as the last edit left it"}}) {
    std::filesystem::copy_file(bench_ / "tune.db", bench_ / "damaged.db");
    bench_.change(std::string("update experiment set ") + change, "damaged.db");
    const Outcome found = bench_.tune({"doctor", "damaged.db"});
    EXPECT_EQ(found.code, 6) << change;
    EXPECT_THAT(found.out, HasSubstr(std::string("held: its row is not as its log says: ") + words)) << found.out;
    const Outcome resumed = bench_.tune({"resume", "held", "--db", "damaged.db"});
    EXPECT_EQ(resumed.code, 6) << change << resumed.err;
    std::filesystem::remove(bench_ / "damaged.db");
  }
  EXPECT_EQ(bench_.tune({"resume", "held"}).code, 0);
  expect_healthy();
}

TEST_F(Care, FindsWhatIsGoneOrBelongsToNothing) {
  run_small();
  const std::pair<const char*, const char*> damages[] = {
      {"delete from experiment", "rows are of an experiment that is not there"},
      {"drop view best", "the view 'best' is gone"},
      {"drop view best; create view best as select 1", "the view 'best' is not as tune makes it"},
      {"drop table summary; create table summary(experiment)", "the table 'summary' is not as tune makes it"},
      {"alter table experiment rename column name to names", "the table 'experiment' is not as tune makes it"},
      {"alter table event add column mine text", "the table 'event' is not as tune makes it"},
      {"drop index event_of_trial; create index event_of_trial on event(trial)",
       "the index 'event_of_trial' is not as tune makes it"},
      {"pragma writable_schema = 1; update sqlite_schema set sql = replace(sql, 'experiment e', 'experiment d') where "
       "name = 'experiments'",
       "the view 'experiments' is not as tune makes it"},
      {"pragma writable_schema = 1; update sqlite_schema set sql = replace(sql, 'JOIN', 'J\x05IN') where name = 'best'",
       "malformed database schema"},
      {"drop table output", "the table 'output' is gone"},
      {"drop table event", "the table 'event' is gone"},
      {"update experiment set resolved = '{'", "cannot be replayed"},
      {"update checkpoint set step = 99 where id = (select max(id) from checkpoint)", "of no report or save"},
      {"create trigger eats after insert on decision begin delete from event where n = new.n; end",
       "the trigger 'eats' is not tune's"},
      {"pragma user_version = 0", "of version 0, which there never was"},
  };
  for (const auto& [damage, words] : damages) {
    std::filesystem::copy_file(bench_ / "tune.db", bench_ / "damaged.db");
    bench_.change(damage, "damaged.db");
    const Outcome outcome = bench_.tune({"doctor", "damaged.db"});
    EXPECT_EQ(outcome.code, 6) << damage << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr(words));
    std::filesystem::remove(bench_ / "damaged.db");
  }
  expect_healthy();
}

/// The log is the truth: which run comes next, and where it goes on, follow from it.
TEST_F(Care, AnInterruptedExperimentWhoseRunsWereDeletedGoesOn) {
  interrupt("lost");
  bench_.change("delete from run");
  expect_problem("1 starts of the log have no such row in the table 'run', first event 1, experiment 'lost'");
  EXPECT_EQ(bench_.tune({"resume", "lost"}).code, 0);
  EXPECT_EQ(bench_.value("select group_concat(run) from run"), "2");
}

TEST_F(Care, ADocumentThatIsNoneIsAProblemAndNothingGoesOnFromIt) {
  interrupt("torn");
  ASSERT_EQ(bench_.tune({"set", "torn", "budget.trials=3"}).code, 0);
  for (const char* const damage : {"began_as = 'x'", "resolved = '{'", "began_as = '[1]'", "resolved = ''"}) {
    std::filesystem::copy_file(bench_ / "tune.db", bench_ / "damaged.db");
    bench_.change(std::string("update experiment set ") + damage, "damaged.db");
    for (const Arguments& command :
         {Arguments{"doctor", "damaged.db"}, Arguments{"resume", "torn", "--db", "damaged.db"}}) {
      const Outcome outcome = bench_.tune(command);
      EXPECT_EQ(outcome.code, 6) << damage << outcome.out << outcome.err;
      EXPECT_THAT(outcome.out + outcome.err, HasSubstr("document")) << damage;
      EXPECT_THAT(outcome.out + outcome.err, HasSubstr("restore a backup")) << damage;
    }
    std::filesystem::remove(bench_ / "damaged.db");
  }
}

TEST_F(Care, ALogThatEndsElsewhereThanItsTurnsTakesNoTurn) {
  interrupt("cut");
  for (const char* const damage :
       {"delete from turn where turn = (select max(turn) from turn)", "delete from turn",
        "delete from event where n = (select max(n) from event)", "update summary set last_event = last_event - 1"}) {
    std::filesystem::copy_file(bench_ / "tune.db", bench_ / "damaged.db");
    bench_.change(damage, "damaged.db");
    const Outcome resumed = bench_.tune({"resume", "cut", "--db", "damaged.db"});
    EXPECT_EQ(resumed.code, 6) << damage << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("restore a backup"));
    EXPECT_EQ(bench_.tune({"doctor", "damaged.db"}).code, 6) << damage;
    std::filesystem::remove(bench_ / "damaged.db");
  }
}

TEST_F(Care, FindsASummaryThatIsNotAsTheLogSays) {
  run_small();
  bench_.change("update summary set best_trial = (best_trial + 1) % 3");
  expect_problem("small: the summary is not as the log says: best_trial is ");
  bench_.change("update summary set best_trial = (best_trial + 2) % 3, status = 'failed'");
  expect_problem("the summary is not as the log says: status is 'failed', and was 'finished'");
}

TEST_F(Care, TheDoctorAnswersInJson) {
  run_small();
  const Outcome outcome = bench_.tune({"doctor", "--json"});
  const Value answer = json(outcome.out);
  EXPECT_EQ(at(answer, "healthy"), "true");
  EXPECT_EQ(at(answer, "database"), "tune.db");
}

TEST_F(Care, AChangedMetricIsAProblem) {
  run_small();
  bench_.change(
      "update event set payload = replace(payload, '.', '.1') where n = "
      "(select min(n) from event where kind = 'reported')");
  expect_problem("the log is not what was written");
}

TEST_F(Care, AChangedCheckpointIsAProblem) {
  run_small();
  bench_.change(
      "update checkpoint_bytes set bytes = zeroblob(length(bytes)) where checkpoint = "
      "(select max(id) from checkpoint where released = 0)");
  expect_problem("is not what was written");
}

TEST_F(Care, ACheckpointWithoutBytesIsAProblem) {
  run_small();
  bench_.change("delete from checkpoint_bytes where checkpoint = (select max(id) from checkpoint where released = 0)");
  expect_problem("1 checkpoints have no bytes");
}

TEST_F(Care, ACheckpointThatIsReleasedInItsRowAloneIsAProblem) {
  run_small();
  bench_.change("update checkpoint set released = 1 where id = (select max(id) from checkpoint where released = 0)");
  expect_problem("1 checkpoints are released in their row and not in the log");
  bench_.change("update checkpoint set released = 1 - released");
  expect_problem("checkpoints are released in their row and not in the log, or the other way round");
}

TEST_F(Care, AChangedHashOfALargeCheckpointIsAProblem) {
  run_large();
  bench_.change("update blob set sha256 = replace(sha256, 'a', 'b') where sha256 like '%a%'", "tune.db.checkpoints");
  expect_problem("checkpoints are not whole in");
}

TEST_F(Care, AMissingFileOfCheckpointsIsAProblem) {
  run_large();
  std::filesystem::remove(bench_ / "tune.db.checkpoints");
  expect_problem("tune.db.checkpoints is missing");
}

TEST_F(Care, AHoleInALargeCheckpointIsAProblem) {
  run_large();
  bench_.change("delete from chunk where key = (select max(key) from blob)", "tune.db.checkpoints");
  expect_problem("have a hole");
}

TEST_F(Care, AMissingTrialIsAProblem) {
  run_small();
  bench_.change("delete from trial where number = 1");
  expect_problem("name a trial that is not there");
}

TEST_F(Care, AnEditedCountOfReportsIsAProblem) {
  run_small();
  run_large();
  bench_.change("update trial set reports = 99 where number = 1 and experiment = 2");
  expect_problem("1 trials count other reports than the log has, first trial 1, experiment 'large'");
}

TEST_F(Care, AReportWithoutTheObjectiveIsNoProblem) {
  bench_.run("misspelt", branin("misspelt", 2, "stop: {if: los < 0}\n"));
  ASSERT_EQ(bench_.value("select count(*) from trial where cause = 'bad_report' and reports = 1"), "2");
  const std::string misspells =
      "trainable: {plugin: '" MISBEHAVING_LIBRARY "'}\nobjective: {metric: loss, mode: min}\n";
  bench_.run("without",
             "version: 1\nname: without\n" + misspells + "search_space: {how: {grid_search: [misspells, reports]}}\n");
  ASSERT_EQ(bench_.value("select count(*) from trial where cause = 'bad_report' and reports = 0"), "1");
  expect_healthy();
}

TEST_F(Care, ABrokenPageIsAProblemAndNotACrash) {
  run_small();
  const std::size_t size = std::filesystem::file_size(bench_ / "tune.db");
  std::fstream file(bench_ / "tune.db", std::ios::in | std::ios::out | std::ios::binary);
  for (std::size_t at = 8192; at + 64 < size; at += 4096) {
    file.seekp(static_cast<std::streamoff>(at));
    file.write("this was a page of the database and now it is something else....", 64);
  }
  file.close();
  const Outcome outcome = bench_.tune({"doctor"});
  EXPECT_EQ(outcome.code, 6) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("restore the last backup"));
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("sqlite3 FILE .dump"));
}

TEST_F(Care, AnExperimentWithoutItsSummaryIsDamagedAndNotUnknown) {
  run_small();
  bench_.change("delete from summary");
  const Outcome outcome = bench_.tune({"resume", "small"});
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("has no summary"), HasSubstr("restore a backup")));
}

TEST_F(Care, AMissingDatabaseIsSaidPlainly) {
  const Outcome outcome = bench_.tune({"doctor", "nowhere.db"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere.db"));
}

TEST_F(Care, ABackupIsAHealthyDatabaseOfItsOwn) {
  run_small();
  run_large();
  const Outcome copied = bench_.tune({"backup", "tune.db", "copy.db"});
  ASSERT_EQ(copied.code, 0) << copied.err;
  EXPECT_THAT(copied.out, HasSubstr("copy.db.checkpoints: 6 checkpoints"));
  expect_healthy("copy.db");
  for (const std::string name : {"small", "large"}) {
    EXPECT_EQ(bench_.tune({"export", name, "--db", "copy.db", "--history"}).out,
              bench_.tune({"export", name, "--history"}).out);
  }
}

TEST_F(Care, APipeIsNoDatabaseAndIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo((bench_ / "pipe").c_str(), 0600), 0);
  const Outcome outcome = bench_.tune({"doctor", "pipe"});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("is no file"));
}

TEST_F(Care, ABackupOverwritesNothing) {
  run_small();
  bench_.write("copy.db", "mine");
  EXPECT_EQ(bench_.tune({"backup", "tune.db", "copy.db"}).code, 2);
  EXPECT_EQ(bench_.read("copy.db"), "mine");
  EXPECT_EQ(bench_.tune({"backup", "tune.db", "tune.db"}).code, 2);
  const Outcome nowhere = bench_.tune({"backup", "tune.db", "no/folder/copy.db"});
  EXPECT_EQ(nowhere.code, 6);
  EXPECT_THAT(nowhere.err, HasSubstr("/no/folder"));
  expect_healthy();
}

TEST_F(Care, ABackupOfARunThatGoesOnIsResumedToTheSameEnd) {
  std::string text = curve("long", 4, 40, 0.005, "checkpoint: {every: 1, keep: 1}\nbudget: {concurrency: 1}\n");
  text.replace(text.find("budget: {trials: 4}\n"), 20, "");
  text.replace(text.find("budget: {concurrency: 1}"), 24, "budget: {trials: 4, concurrency: 1}");
  text.insert(text.find("  x1:"), "  checkpoint_bytes: 300000\n");
  bench_.write("long.yaml", text);
  Program run = bench_.start({"run", "long.yaml"});
  ASSERT_TRUE(eventually([&] { return bench_.value("select count(*) from event where kind = 'reported'") > "2"; }));
  const Outcome copied = bench_.tune({"backup", "tune.db", "copy.db"});
  ASSERT_EQ(copied.code, 0) << copied.err;
  EXPECT_EQ(run.wait().code, 0);
  expect_healthy("copy.db");
  ASSERT_EQ(bench_.tune({"resume", "long", "--db", "copy.db"}).code, 0);
  EXPECT_EQ(bench_.tune({"export", "long", "--db", "copy.db", "--history", "--stable"}).out,
            bench_.tune({"export", "long", "--history", "--stable"}).out);
}

}  // namespace
}  // namespace tune

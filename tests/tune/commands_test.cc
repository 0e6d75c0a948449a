// What a person asks of an experiment from another terminal: while it runs, while nobody runs it, and while it dies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// Trials that report every 20 ms for a long time.
std::string long_trials(const std::string& name, int trials, const std::string& more = {}) {
  return curve(name, trials, 100000, 0.02, more);
}

Program start(Workbench& bench, const std::string& name, const std::string& text, const Arguments& more = {}) {
  bench.write(name + ".yaml", text);
  Arguments arguments{"run", name + ".yaml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return bench.start(arguments);
}

bool reports_of(Workbench& bench, int trial, int at_least = 1) {
  return eventually([&] {
    const std::string n =
        bench.value("select count(*) from event where kind = 'reported' and trial = " + std::to_string(trial));
    return !n.empty() && std::stoi(n) >= at_least;
  });
}

bool eventually_is(Workbench& bench, const std::string& sql, const std::string& value) {
  return eventually([&] { return bench.value(sql) == value; });
}

void expect_replays(Workbench& bench, const std::string& name) {
  const Outcome replay = bench.tune({"replay", name});
  EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
}

TEST(Commands, APausedExperimentStandsStillAndGoesOn) {
  Workbench bench;
  Program run = start(bench, "still", curve("still", 4, 60, 0.02, "checkpoint: {every: 1}\n"));
  ASSERT_TRUE(reports_of(bench, 0, 3));
  EXPECT_EQ(bench.tune({"pause", "still"}).code, 0);
  ASSERT_TRUE(eventually_is(bench, "select status from experiments", "paused"));
  EXPECT_EQ(bench.value("select running from experiments"), "0");
  EXPECT_EQ(bench.tune({"pause", "still"}).code, 7);

  EXPECT_EQ(bench.tune({"resume", "still"}).code, 0);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed' and training_iteration = 60"), "4");
  EXPECT_EQ(bench.value("select count(*) from event where kind = 'reported' and replayed = 1"), "0");
  expect_replays(bench, "still");
}

TEST(Commands, ARaisedBudgetMayPromoteWhatWasParkedWhenTheExperimentEnded) {
  Workbench bench;
  const std::string asha =
      "scheduler: {type: asha, variant: promote, max_t: 9, grace_period: 1, reduction_factor: 3}\n";
  ASSERT_EQ(bench.run("more", curve("more", 3, 100, 0, asha), {"-j", "1", "--seed", "3"}).code, 0);
  ASSERT_EQ(bench.value("select count(*) from trials where status = 'stopped' and training_iteration = 1"), "2");
  ASSERT_EQ(bench.tune({"set", "more", "budget.trials=12"}).code, 0);
  ASSERT_EQ(bench.tune({"resume", "more"}).code, 0);
  // The best third of the lowest rung is promoted, whenever it came there.
  EXPECT_EQ(
      bench.value("select count(*) from (select trial_number as n from reports where training_iteration = 1 order by "
                  "json_extract(metrics, '$.loss') limit 4) join trials on trial_number = n "
                  "where training_iteration > 1"),
      "4");
  EXPECT_NE(bench.value("select count(*) from decisions where decision = 'resume' and trial_number < 3 and event > "
                        "(select min(event) from decisions where decision = 'end')"),
            "0");
  EXPECT_EQ(bench.value("select status from experiments"), "finished");
  expect_replays(bench, "more");
}

TEST(Commands, ATrialIsPausedAndGoesOnFromItsCheckpoint) {
  Workbench bench;
  Program run = start(bench, "one", curve("one", 3, 40, 0.02), {"-j", "1"});
  ASSERT_TRUE(reports_of(bench, 0, 3));
  EXPECT_EQ(bench.tune({"pause", "one/0"}).code, 0);
  ASSERT_TRUE(eventually_is(bench, "select status from trials where trial_number = 0", "paused"));
  ASSERT_TRUE(reports_of(bench, 1));
  EXPECT_EQ(bench.tune({"resume", "one/0"}).code, 0);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed' and training_iteration = 40"), "3");
  EXPECT_THAT(bench.value("select group_concat(reason, '|') from decision where trial = 0 and kind = 'resume'"),
              HasSubstr("resumed by the user"));
  expect_replays(bench, "one");
}

TEST(Commands, CancelKillsAndEnds) {
  Workbench bench;
  Program run =
      start(bench, "gone", shell("gone", 2, "trap '' TERM\nwhile :; do echo '{\"loss\": 1}'; sleep 0.02; done"));
  ASSERT_TRUE(reports_of(bench, 0));
  EXPECT_EQ(bench.tune({"cancel", "gone"}).code, 0);
  EXPECT_EQ(run.wait(20).code, 0);  // well before the 30 s that a stop would give
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'stopped' and cause = 'user'"),
            bench.value("select count(*) from trials"));
  EXPECT_EQ(bench.left_behind(), "");
  EXPECT_EQ(bench.tune({"retry", "gone/0"}).code, 0);
  EXPECT_EQ(bench.tune({"enqueue", "gone", "x=1"}).code, 0);
  expect_replays(bench, "gone");
}

TEST(Commands, EnqueuedConfigurationsAreTypedCheckedAndRun) {
  Workbench bench;
  Program run = start(bench, "mine", curve("mine", 3, 20, 0.03), {"-j", "1"});
  ASSERT_TRUE(reports_of(bench, 0));
  EXPECT_EQ(bench.tune({"enqueue", "mine", "x1=1", "x2=2", "x1=3"}).code, 0);
  const Outcome unknown = bench.tune({"enqueue", "mine", "x3=1"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean"));
  EXPECT_EQ(bench.tune({"enqueue", "mine", "x1=1000"}).code, 2);
  EXPECT_EQ(bench.tune({"enqueue", "mine", "x1=many"}).code, 2);
  EXPECT_EQ(bench.tune({"enqueue", "mine", "x1"}).code, 2);
  EXPECT_EQ(run.wait().code, 0);
  // They come next, in their order, after what was granted before.
  const std::string first = bench.value(
      "select trial_number from trials where json_extract(config, '$.x1') = 1 and json_extract(config, '$.x2') = 2");
  EXPECT_THAT(first, AnyOf("1", "2", "3"));
  const std::string second = bench.value("select trial_number from trials where json_extract(config, '$.x1') = 3");
  EXPECT_EQ(second, std::to_string(std::stoi(first) + 1));
  EXPECT_EQ(bench.value("select trials from experiments"), "5");
  expect_replays(bench, "mine");

  // The configurations of the search are those of a run that nobody disturbed.
  bench.run("plain", curve("plain", 3, 20, 0));
  EXPECT_EQ(
      bench.query("select json_extract(config, '$.x1') from trials where experiment = 'plain' order by trial_number"),
      bench.query("select json_extract(config, '$.x1') from trials where experiment = 'mine' and trial_number not in "
                  "(" +
                  first + ", " + second + ") order by trial_number"));
}

TEST(Commands, EnqueuedValuesAreOnlyValuesWhateverTheyHold) {
  Workbench bench;
  const std::string text =
      "version: 1\nname: odd\ntrainable: empty\nobjective: {metric: loss, mode: min}\n"
      "search_space: {word: {choice: [a, \"%s %n {} \\\\\", \"a b\", \"$(touch pwned)\"]}, r: {uniform: [0, 1]}}\n"
      "search: {seed: 7}\nbudget: {trials: 1}\n";
  ASSERT_EQ(bench.run("odd", text).code, 0);
  for (const std::string good : {"word=%s %n {} \\", "word=a b", "word=$(touch pwned)", "word=\"a\"", "r=1e-3"}) {
    EXPECT_EQ(bench.tune({"enqueue", "odd", good}).code, 0) << good;
  }
  for (const std::string bad :
       {"word=%s", "word='", "word=[a", "word={a: b}", "word=*a", "word=a\nbudget: 9", "word=", "word=#a", "r=nan",
        "r=inf", "r=1e999", "word.a=1", "=a", "budget.trials=9", "word=\x1b[31ma"}) {
    const Outcome outcome = bench.tune({"enqueue", "odd", bad});
    EXPECT_EQ(outcome.code, 2) << bad << outcome.err;
    EXPECT_THAT(outcome.err, ::testing::Not(HasSubstr("points_to_evaluate.0"))) << bad;
  }
  const Outcome outside = bench.tune({"enqueue", "odd", "r=2"});
  EXPECT_EQ(outside.code, 2);
  EXPECT_THAT(outside.err, AllOf(HasSubstr("outside the range of 'r'"), HasSubstr("search.points_to_evaluate")));
  EXPECT_EQ(bench.tune({"resume", "odd"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "6");
  EXPECT_EQ(bench.value("select json_extract(config, '$.word') from trials where trial_number = 1"), "%s %n {} \\");
  EXPECT_FALSE(std::filesystem::exists(bench / "pwned"));
  expect_replays(bench, "odd");
}

TEST(Commands, AFinishedExperimentIsOpenedByEnqueueRetryAndMoreTrials) {
  Workbench bench;
  ASSERT_EQ(bench.run("again", shell("again", 2, "test -e good || exit 3\necho '{\"loss\": 1}'")).code, 1);
  EXPECT_EQ(bench.value("select failed from experiments"), "2");
  EXPECT_EQ(bench.tune({"retry", "again/0", "again/1"}).code, 0);
  EXPECT_EQ(bench.tune({"retry", "again/1"}).code, 7);
  bench.write("good", "");
  const Outcome outcome = bench.tune({"resume", "again"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select completed from experiments"), "2");

  EXPECT_EQ(bench.tune({"enqueue", "again", "x=1"}).code, 0);
  EXPECT_EQ(bench.tune({"resume", "again"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "3");
  EXPECT_EQ(bench.tune({"retry", "again/2"}).code, 7);
  EXPECT_EQ(bench.tune({"retry", "again/9"}).code, 4);
  expect_replays(bench, "again");
}

TEST(Commands, BudgetIsRaisedLiveAndAfterTheEndWithItsHistory) {
  Workbench bench;
  Program run = start(bench, "more", curve("more", 2, 40, 0.02), {"-j", "1"});
  ASSERT_TRUE(reports_of(bench, 0));
  EXPECT_EQ(bench.tune({"set", "more", "budget.trials=3", "budget.concurrency=2"}).code, 0);
  ASSERT_TRUE(reports_of(bench, 1));
  EXPECT_EQ(bench.tune({"set", "more", "budget.trials=3"}).code, 7);
  EXPECT_EQ(bench.tune({"set", "more", "search.seed=3"}).code, 7);
  EXPECT_EQ(bench.tune({"set", "more", "budget.trails=3"}).code, 2);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "3");
  EXPECT_EQ(bench.tune({"resume", "more", "--trials", "4"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "4");
  EXPECT_EQ(bench.query("select before, now from commands where key = 'budget.trials' order by event"),
            (Rows{{"2", "3"}, {"3", "4"}}));
  EXPECT_EQ(bench.value("select json_extract(document, '$.budget.trials') from experiments"), "4");
  EXPECT_THAT(bench.tune({"status", "more"}).out, HasSubstr("budget.trials 4, was 3"));
  expect_replays(bench, "more");
}

TEST(Commands, AnUnchangedFileTakesNoSetBackAndAChangedOneSetsWhatItChanges) {
  Workbench bench;
  ASSERT_EQ(bench.run("kept", branin("kept", 3, "retries: 2\n")).code, 0);
  EXPECT_EQ(bench.tune({"set", "kept", "budget.trials=6"}).code, 0);
  EXPECT_EQ(bench.tune({"run", "kept.yaml"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "6");

  EXPECT_EQ(bench.tune({"set", "kept", "budget.trials=7"}).code, 0);
  bench.write("kept.yaml", branin("kept", 3, "retries: 1\n"));
  EXPECT_EQ(bench.tune({"run", "kept.yaml"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "7");
  EXPECT_EQ(bench.value("select count(*) from commands where key = 'retries'"), "1");

  EXPECT_EQ(bench.tune({"set", "kept", "budget.trials=9"}).code, 0);
  bench.write("kept.yaml", branin("kept", 8, "retries: 1\n"));
  EXPECT_EQ(bench.tune({"run", "kept.yaml"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "8");
  expect_replays(bench, "kept");
}

TEST(Commands, ATrainableThatWasMovedOrBuiltAnewGoesOnWithItsExperiment) {
  Workbench bench;
  const auto file = [](const std::string& trainable, int seconds) {
    return "version: 1\nname: moved\ntrainable: " + trainable +
           "\nobjective: {metric: loss, mode: min}\nsearch_space: {lr: {uniform: [0, 1]}}\n"
           "stop: {training_iteration: 2}\nbudget: {trials: 2}\nlimits: {time: " +
           std::to_string(seconds) + "m}\n";
  };
  const auto library = [&](const std::string& folder) {
    std::filesystem::create_directories(bench / folder);
    std::filesystem::copy_file(WANDER_LIBRARY, bench / folder + "/libwander.so");
    return bench / folder + "/libwander.so";
  };
  const std::string old_place = library("old"), new_place = library("new");
  ASSERT_EQ(bench.run("moved", file("./old/libwander.so:Wander", 1)).code, 0);
  EXPECT_EQ(bench.tune({"set", "moved", "budget.trials=3"}).code, 0);
  std::filesystem::remove(old_place);

  const Outcome moved = bench.run("moved", file("./new/libwander.so:Wander", 1));
  EXPECT_EQ(moved.code, 0);
  EXPECT_THAT(moved.err, HasSubstr("trainable.plugin: \"" + new_place + "\", was \"" + old_place + "\""));
  EXPECT_EQ(bench.value("select completed from experiments"), "3");
  EXPECT_EQ(bench.value("select now from commands where key = 'trainable.plugin'"), new_place);

  std::ofstream(new_place, std::ios::app) << '\0';  // another build, as far as its bytes tell
  EXPECT_EQ(bench.tune({"set", "moved", "budget.trials=4"}).code, 0);
  const Outcome rebuilt = bench.tune({"resume", "moved"});
  EXPECT_EQ(rebuilt.code, 0) << rebuilt.err;
  EXPECT_THAT(rebuilt.err, HasSubstr("is another build than in the run before"));
  EXPECT_EQ(bench.value("select completed from experiments"), "4");
  expect_replays(bench, "moved");

  const Outcome set = bench.tune({"set", "moved", "trainable.plugin=" + new_place});
  EXPECT_EQ(set.code, 2);
  EXPECT_THAT(set.err, HasSubstr("the trainable is fixed once an experiment has begun"));
  std::filesystem::copy_file(new_place, bench / "new/libother.so");
  const Outcome other = bench.run("moved", file("./new/libother.so:Wander", 1));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("trainable is"));
}

TEST(Commands, ACommandWhoseFolderWasMovedGoesOn) {
  Workbench bench;
  std::filesystem::create_directories(bench / "old");
  std::filesystem::create_directories(bench / "new");
  for (const std::string folder : {"old", "new"}) {
    bench.write(folder + "/e.yaml", shell("e", 2, "echo \"{\\\"loss\\\": ${x}}\"", "budget: {trials: 2}\n"));
  }
  ASSERT_EQ(bench.tune({"run", "old/e.yaml", "--set", "budget.trials=1"}).code, 0);
  EXPECT_EQ(bench.tune({"set", "e", "budget.trials=2"}).code, 0);
  const Outcome moved = bench.tune({"run", "new/e.yaml"});
  EXPECT_EQ(moved.code, 0) << moved.err;
  EXPECT_THAT(moved.err, HasSubstr("trainable.working_dir"));
  EXPECT_EQ(bench.value("select completed from experiments"), "2");
  expect_replays(bench, "e");
}

TEST(Commands, ARowOfAFinishedExperimentIsDoneByTheNextRun) {
  Workbench bench;
  ASSERT_EQ(bench.run("rows", branin("rows", 2)).code, 0);
  bench.change(
      "insert into command(experiment, kind, trial, args, sent_at) values"
      "(1, 'retry', 99, '', 0), (1, 'enqueue', null, 'no json', 0), (1, 'enqueue', null, '{\"x1\": 1.5}', 0)");
  EXPECT_EQ(bench.tune({"resume", "rows"}).code, 0);
  EXPECT_EQ(bench.value("select count(*) from command where done_turn is null"), "0");
  EXPECT_EQ(bench.value("select count(*) from commands where refused is not null"), "2");
  EXPECT_EQ(bench.value("select completed from experiments"), "3");
  bench.change("insert into command(experiment, kind, args, sent_at) values (1, 'set', '[\"budget.trials=4\"]', 0)");
  EXPECT_EQ(bench.tune({"run", "rows.yaml"}).code, 0);
  EXPECT_EQ(bench.value("select completed from experiments"), "5");
  expect_replays(bench, "rows");
}

TEST(Commands, AChangeThatCannotBeReadIsNamed) {
  Workbench bench;
  ASSERT_EQ(bench.run("named", branin("named", 1)).code, 0);
  EXPECT_THAT(bench.tune({"set", "named", "budget.trials=[1"}).err, HasSubstr("budget.trials: ',' or ']' is missing"));
  EXPECT_THAT(bench.tune({"set", "named", "budget.time=1h", "budget.trials=-1"}).err,
              HasSubstr("budget.trials: trials"));
}

TEST(Commands, TheObjectiveOfWhatHasBegunIsFixed) {
  Workbench bench;
  ASSERT_EQ(bench.run("fixed", branin("fixed", 1)).code, 0);
  const Outcome outcome = bench.tune({"set", "fixed", "objective.mode=max"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("the objective is fixed once an experiment has begun"));
}

TEST(Commands, ARowWhoseControllerDiesIsDoneOnceByTheNext) {
  Workbench bench;
  Program run = start(bench, "dies", long_trials("dies", 4));
  ASSERT_TRUE(reports_of(bench, 0));
  // It takes no command any more. Stopped in the middle of a commit it would hold the database: then another moment.
  const auto is_sent = [&] { return bench.value("select count(*) from command") == "1"; };
  std::optional<Program> cancel;  // a stop would let its trials train on to their end
  for (int moments = 0; moments < 5 && !is_sent(); ++moments) {
    run.signal(SIGCONT);
    run.signal(SIGSTOP);
    cancel.emplace(bench.start({"cancel", "dies"}));
    ASSERT_TRUE(eventually([&] { return is_sent() || cancel->is_over(); }));
  }
  ASSERT_TRUE(is_sent());
  run.signal(SIGKILL);
  run.wait();
  EXPECT_EQ(cancel->wait().code, 0);
  const Outcome resumed = bench.tune({"resume", "dies"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(bench.value("select end_reason from experiments"), "user");
  EXPECT_EQ(bench.value("select count(*) from event where kind = 'commanded'"), "1");
  expect_replays(bench, "dies");
}

TEST(Commands, TwoAtOnceAreBothDoneInTheirOrder) {
  Workbench bench;
  Program run = start(bench, "both", long_trials("both", 2));
  ASSERT_TRUE(reports_of(bench, 0));
  Program first = bench.start({"stop", "both/0"}), second = bench.start({"stop", "both/1"});
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(second.wait().code, 0);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'stopped' and cause = 'user'"), "2");
  EXPECT_EQ(bench.value("select count(*) from command where done_turn is null"), "0");
}

TEST(Commands, ConcernOnlyTheirOwnExperiment) {
  Workbench bench;
  Program left = start(bench, "left", long_trials("left", 2)), right = start(bench, "right", long_trials("right", 2));
  ASSERT_TRUE(reports_of(bench, 0));
  ASSERT_TRUE(eventually_is(bench, "select count(distinct experiment) from event where kind = 'reported'", "2"));
  EXPECT_EQ(bench.tune({"cancel", "left"}).code, 0);
  EXPECT_EQ(left.wait().code, 0);
  EXPECT_EQ(bench.value("select status from experiments where experiment = 'right'"), "running");
  EXPECT_EQ(bench.value("select count(*) from commands where experiment = 'right'"), "0");
  EXPECT_EQ(bench.tune({"cancel", "right"}).code, 0);
  EXPECT_EQ(right.wait().code, 0);
}

TEST(Commands, FromElsewhereAreRefusedNotObeyed) {
  Workbench bench;
  Program run = start(bench, "odd", long_trials("odd", 2));
  ASSERT_TRUE(reports_of(bench, 0));
  bench.change(
      "insert into command(experiment, kind, trial, args, sent_at) values"
      "(1, 'stop', 99, '', 0), (1, 'enqueue', null, 'no json', 0), (1, 'enqueue', null, '{\"x1\": 1e9}', 0), "
      "(1, 'set', null, '[\"budget.trials=no\"]', 0), (1, 'set', null, '', 0), (1, 'retry', null, '', 0)");
  ASSERT_TRUE(eventually_is(bench, "select count(*) from command where done_turn is null", "0"));
  EXPECT_EQ(bench.value("select count(*) from commands where refused is not null"), "6");
  EXPECT_EQ(bench.tune({"cancel", "odd"}).code, 0);
  EXPECT_EQ(run.wait().code, 0);
  expect_replays(bench, "odd");
}

class ScheduledCommands : public ::testing::TestWithParam<const char*> {};

TEST_P(ScheduledCommands, LeaveALogThatReplays) {
  Workbench bench;
  const bool lockstep = std::string(GetParam()) == "lockstep";
  Program run =
      start(bench, "rungs",
            curve("rungs", 12, 9, 0.02,
                  "scheduler: {type: asha, variant: promote, max_t: 9, grace_period: 1, reduction_factor: 3}\n"
                  "checkpoint: {every: 1}\n"),
            lockstep ? Arguments{"--lockstep"} : Arguments{});
  ASSERT_TRUE(reports_of(bench, 2));
  EXPECT_EQ(bench.tune({"pause", "rungs"}).code, 0);
  ASSERT_TRUE(eventually_is(bench, "select status from experiments", "paused"));
  EXPECT_EQ(bench.tune({"enqueue", "rungs", "x1=3.14", "x2=2.27"}).code, 0);
  EXPECT_EQ(bench.tune({"stop", "rungs/0"}).code, 0);
  EXPECT_EQ(bench.tune({"resume", "rungs"}).code, 0);
  bench.tune({"retry", "rungs/0"});  // it may be too late, or not
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(bench.value("select trials from experiments"), "13");
  expect_replays(bench, "rungs");
}

INSTANTIATE_TEST_SUITE_P(Promote, ScheduledCommands, ::testing::Values("arrival", "lockstep"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace tune::testing

// Running trials outlive a controller that was killed: the next one goes on with them, or takes in what they handed in.
// The trainable writes down each step it trains, so that "no step is trained twice" is counted and not concluded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;

constexpr const char* kHalving =
    "scheduler: {type: asha, max_t: 12, grace_period: 2, reduction_factor: 2, variant: promote}\n";

class Adoption : public ::testing::Test {
 protected:
  /// `step_seconds` each of `epochs` steps; `more`: further lines.
  void write_experiment(Workbench& bench, int trials, int epochs, double step_seconds, const std::string& more) {
    bench.write("steps.yaml", "version: 1\nname: steps\ntrainable: " COUNTING_LIBRARY
                              ":Counting\nobjective: {metric: loss, mode: min}\nsearch_space:\n  x: {uniform: [0, 1]}\n"
                              "  epochs: " +
                                  std::to_string(epochs) + "\n  step_seconds: " + std::to_string(step_seconds) +
                                  "\n  steps_file: " + bench / "steps" +
                                  "\nsearch: {algorithm: random, seed: 7}\nresources: {cpu: 0.5}\nbudget: {trials: " +
                                  std::to_string(trials) + "}\ncheckpoint: {every: 1}\n" + more);
  }

  std::vector<std::string> trained() const {
    return std::filesystem::exists(bench_ / "steps") ? lines(bench_.read("steps")) : std::vector<std::string>();
  }
  std::size_t stored() const { return bench_.query("select 1 from event where kind = 'reported'").size(); }

  /// A run of which `reports` are stored.
  Program under_way(const Arguments& more, std::size_t reports) {
    Arguments arguments{"run", "steps.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Program run = bench_.start(arguments);
    EXPECT_TRUE(eventually([&] { return run.is_over() || stored() >= reports; }));
    EXPECT_FALSE(run.is_over()) << run.err();
    return run;
  }
  static void kill_controller(Program& run) {
    run.signal(SIGKILL);
    EXPECT_EQ(run.wait().signal, SIGKILL);
  }
  /// Whether trials train on beyond what is stored.
  bool train_on(std::size_t steps) {
    const std::size_t before = trained().size();
    return eventually([&] { return trained().size() >= before + steps; });
  }
  std::string folder() const {
    std::string names;
    if (!std::filesystem::exists(bench_ / "tune.db.d")) return names;
    for (const auto& entry : std::filesystem::directory_iterator(bench_ / "tune.db.d")) {
      names += entry.path().filename().string() + "\n";
    }
    return names;
  }

  void expect_each_step_once(std::size_t steps) {
    std::map<std::string, int> times;
    for (const std::string& line : trained()) ++times[line];
    EXPECT_EQ(times.size(), steps);
    for (const auto& [line, count] : times) EXPECT_EQ(count, 1) << "trial and step " << line;
    EXPECT_EQ(stored(), steps);
    EXPECT_EQ(bench_.value("select count(*) from event where kind = 'reported' and replayed = 1"), "0");
  }
  void expect_taken_in_by(const Arguments& command) {
    write_experiment(bench_, 2, 60, 0.02, "runtime: {lease: 1s}\n");
    Program run = under_way({"-j", "2"}, 8);
    kill_controller(run);
    ASSERT_EQ(bench_.left_behind(), "");
    ASSERT_GT(trained().size(), stored());
    const Outcome outcome = bench_.tune(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    expect_each_step_once(trained().size());
    expect_in_order();
  }
  void expect_in_order() {
    EXPECT_EQ(bench_.tune({"replay", "steps"}).code, 0);
    EXPECT_EQ(bench_.value("pragma integrity_check"), "ok");
    EXPECT_EQ(bench_.left_behind(), "");
    EXPECT_EQ(folder(), "");
  }

  Workbench bench_;
};

TEST_F(Adoption, TrialsThatRanAreGoneOnWithAndNoStepIsTrainedTwice) {
  write_experiment(bench_, 4, 30, 0.01, "runtime: {lease: 50s}\n");
  Program run = under_way({"-j", "2"}, 8);
  kill_controller(run);
  ASSERT_TRUE(train_on(5));
  const Outcome outcome = bench_.tune({"resume", "steps"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("of the run before went on meanwhile"));
  expect_each_step_once(4 * 30);
  expect_in_order();
}

TEST_F(Adoption, InLockstepDecisionsAreThoseOfTheUnbrokenRunAfterManyKills) {
  Workbench unbroken;
  write_experiment(unbroken, 9, 12, 0, kHalving);
  ASSERT_EQ(unbroken.tune({"run", "steps.yaml", "-j", "2", "--lockstep"}).code, 0);

  write_experiment(bench_, 9, 12, 0.01, std::string(kHalving) + "runtime: {lease: 50s}\n");
  auto run = std::make_unique<Program>(under_way({"-j", "2", "--lockstep"}, 1));
  int kills = 0;
  for (std::size_t reports = 4; !run->is_over(); reports += 6) {
    if (!eventually([&] { return run->is_over() || stored() >= reports; }) || run->is_over()) break;
    kill_controller(*run);
    ++kills;
    run = std::make_unique<Program>(bench_.start({"resume", "steps"}));
  }
  EXPECT_EQ(run->wait().code, 0) << run->err();
  EXPECT_GT(kills, 3);
  const std::string count =
      bench_.value("select count(distinct trial || ' ' || step) from event where kind = 'reported'");
  expect_each_step_once(std::stoul(count));
  const Arguments history{"export", "steps", "--stable", "--history", "--columns", "trial_id,training_iteration,loss"};
  EXPECT_EQ(bench_.tune(history).out, unbroken.tune(history).out);
  const std::string decisions =
      "select kind, trial, reason from decision where kind <> 'release' and not (kind = 'resume' and "
      "json_extract(args, '$.why') in ('lost', 'interrupted')) order by n, k";
  EXPECT_EQ(bench_.query(decisions), unbroken.query(decisions));
  expect_in_order();
}

TEST_F(Adoption, AtTheEndOfTheLeaseNoProcessIsLeftAndTheNextRunTakesInWhatWasHandedIn) {
  write_experiment(bench_, 4, 60, 0.02, "runtime: {lease: 1s}\n");
  Program run = under_way({"-j", "2"}, 8);
  kill_controller(run);
  const std::size_t before = stored();
  ASSERT_EQ(bench_.left_behind(), "");
  EXPECT_GT(trained().size(), before);
  EXPECT_THAT(folder(), HasSubstr(".hand-in"));
  EXPECT_THAT(bench_.tune({"status", "steps"}).out,
              HasSubstr("it takes in what workers of the run before have handed in"));
  const Outcome outcome = bench_.tune({"resume", "steps"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_each_step_once(4 * 60);
  expect_in_order();
}

TEST_F(Adoption, OfAnExperimentThatIsOverNothingIsTakenInAndNothingIsLeft) {
  write_experiment(bench_, 2, 3, 0, "");
  ASSERT_EQ(bench_.tune({"run", "steps.yaml", "-j", "1"}).code, 0);
  // As of a worker whose controller was killed between its last commit and its last words.
  const std::string launch = bench_.value("select json_extract(workers, '$[0].launch') from run");
  std::filesystem::create_directories(bench_ / "tune.db.d");
  bench_.write("tune.db.d/" + launch + ".hand-in", "whatever it says is stored");
  const Outcome outcome = bench_.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_each_step_once(2 * 3);
  expect_in_order();
}

TEST_F(Adoption, AForkServerThatStandsStillHoldsUpNoHandIn) {
  write_experiment(bench_, 2, 600, 0.02, "runtime: {lease: 1s}\n");
  Program run = under_way({"-j", "2"}, 8);
  for (const pid_t host : run_processes().hosts) ASSERT_EQ(::kill(host, SIGSTOP), 0);
  kill_controller(run);
  ASSERT_EQ(bench_.left_behind(), "");
  ASSERT_GT(trained().size(), stored());
  ASSERT_EQ(bench_.tune({"stop", "steps"}).code, 0);
  expect_each_step_once(trained().size());
}

TEST_F(Adoption, ADamagedHandInIsSaidToBeAndItsTrialsGoOnFromTheirCheckpoints) {
  write_experiment(bench_, 2, 60, 0.02, "runtime: {lease: 1s}\n");
  Program run = under_way({"-j", "2"}, 8);
  kill_controller(run);
  ASSERT_EQ(bench_.left_behind(), "");
  const auto in_folder = [&](const std::string& suffix) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(bench_ / "tune.db.d")) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
    return found;
  };
  const auto handed_in = in_folder(".hand-in");
  ASSERT_EQ(handed_in.size(), 1u);
  EXPECT_EQ(bench_.tune({"doctor"}).code, 0);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(handed_in[0]) / 2);
  {
    std::fstream file(handed_in[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(middle);
    const char flipped = static_cast<char>(file.get() ^ 1);
    file.seekp(middle);
    file.put(flipped);
  }
  const Outcome looked = bench_.tune({"doctor"});
  EXPECT_EQ(looked.code, 6);
  EXPECT_THAT(looked.out, HasSubstr(".hand-in is damaged"));
  EXPECT_THAT(bench_.tune({"status", "steps"}).out, HasSubstr("handed in is damaged"));
  const Outcome outcome = bench_.tune({"resume", "steps"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("is lost from the damage on"));
  EXPECT_THAT(outcome.err, HasSubstr(".hand-in.damaged"));
  EXPECT_EQ(in_folder(".hand-in.damaged").size(), 1u);
  EXPECT_EQ(in_folder(".hand-in").size(), 0u);
  EXPECT_EQ(bench_.value("select count(distinct trial || ' ' || step) from event where kind = 'reported'"), "120");
  const Outcome after = bench_.tune({"doctor"});
  EXPECT_EQ(after.code, 0) << after.out;
  EXPECT_THAT(after.out, HasSubstr("from the damage on it was lost"));
  std::filesystem::remove(in_folder(".hand-in.damaged").at(0));
  expect_in_order();
}

TEST_F(Adoption, AControllerThatStoodStillBeyondTheLeaseTakesInWhatWasHandedIn) {
  write_experiment(bench_, 2, 80, 0.02, "runtime: {lease: 1s}\n");
  Program run = under_way({"-j", "2"}, 8);
  const pid_t worker = run_processes().workers.at(0);
  run.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] {
    const auto below = processes_below(getpid());
    return std::ranges::none_of(below, [&](const Process& p) { return p.pid == worker; });
  }));
  run.signal(SIGCONT);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_each_step_once(2 * 80);
  expect_in_order();
}

TEST_F(Adoption, AWorkerThatDiesMeanwhileCostsItsTrialsNoRetry) {
  write_experiment(bench_, 2, 30, 0.01, "retries: 0\nruntime: {lease: 50s}\n");
  Program run = under_way({"-j", "2"}, 8);
  const pid_t worker = run_processes().workers.at(0);
  kill_controller(run);
  kill(worker, SIGKILL);
  const Outcome outcome = bench_.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench_.value("select count(*) from trials where status = 'completed'"), "2");
  EXPECT_EQ(bench_.value("select sum(retries) from trial"), "0");
  expect_in_order();
}

TEST_F(Adoption, StopOfAnExperimentAtRestEndsTheWorkersThatLiveOn) {
  for (const char* command : {"stop", "cancel"}) {
    Workbench fresh;
    write_experiment(fresh, 2, 3000, 0.01, "runtime: {lease: 50s}\n");
    Program run = fresh.start({"run", "steps.yaml"});
    ASSERT_TRUE(eventually([&] { return !fresh.value("select 1 from event where kind = 'reported'").empty(); }));
    run.signal(SIGKILL);
    run.wait();
    EXPECT_FALSE(run_processes().workers.empty());
    const Outcome outcome = fresh.tune({command, "steps"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(fresh.left_behind(), "") << command;
    EXPECT_EQ(fresh.value("select status from experiments"), "finished") << command;
  }
}

TEST_F(Adoption, StopAtRestTakesInWhatWasHandedInFirst) { expect_taken_in_by({"stop", "steps"}); }
TEST_F(Adoption, PauseAtRestTakesInWhatWasHandedInFirst) { expect_taken_in_by({"pause", "steps/0"}); }
TEST_F(Adoption, CancelAtRestTakesInWhatWasHandedInFirst) { expect_taken_in_by({"cancel", "steps"}); }

TEST_F(Adoption, AFreshRunEndsTheWorkersOfTheOneBeforeAndTakesInWhatTheyDid) {
  write_experiment(bench_, 2, 40, 0.05, "runtime: {lease: 50s}\n");
  Program run = under_way({"-j", "2"}, 8);
  kill_controller(run);
  ASSERT_TRUE(train_on(5));
  const std::size_t before = stored();
  Program fresh = bench_.start({"run", "steps.yaml", "--fresh", "-j", "2"});
  ASSERT_TRUE(eventually([&] { return fresh.is_over() || bench_.query("select 1 from experiments").size() == 2; }));
  const std::string old = "select count(*) from event where kind = 'reported' and experiment = 1";
  EXPECT_EQ(run_processes().workers.size(), fresh.is_over() ? 0u : 1u);
  EXPECT_GE(std::stoul(bench_.value(old)), before + 5);
  const Outcome end = fresh.wait();
  EXPECT_EQ(end.code, 0) << end.err;
  EXPECT_EQ(bench_.value("select name from experiment where id = 1"), "steps@1");
  const Outcome resumed = bench_.tune({"resume", "steps@1"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(bench_.value(old), "80");
  EXPECT_EQ(bench_.left_behind(), "");
}

TEST_F(Adoption, ACommandAtRestThatEndsNothingLeavesTrialsRunning) {
  write_experiment(bench_, 2, 100, 0.03, "runtime: {lease: 50s}\n");
  Program run = under_way({"-j", "2"}, 8);
  kill_controller(run);
  const Outcome set = bench_.tune({"set", "steps", "budget.trials=3"});
  EXPECT_EQ(set.code, 0) << set.err;
  ASSERT_TRUE(train_on(2));
  const Outcome outcome = bench_.tune({"resume", "steps"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  expect_each_step_once(3 * 100);
  expect_in_order();
}

TEST_F(Adoption, AnInterruptAfterwardsEndsTheWorkerAtOnce) {
  write_experiment(bench_, 2, 3000, 0.01, "runtime: {lease: 50s}\n");
  Program run = under_way({"-j", "2"}, 4);
  kill_controller(run);
  const std::size_t before = stored();
  Program again = bench_.start({"resume", "steps"});
  ASSERT_TRUE(eventually([&] { return stored() > before; }));
  again.signal(SIGINT);
  EXPECT_EQ(again.wait().signal, SIGINT);
  expect_in_order();
}

}  // namespace
}  // namespace tune

// Kills of everything at random moments. A run that was killed again and again ends with the same trials, decisions and
// table as the unbroken run of its seed: with one slot, and in lockstep with two and eight. In the order of arrival no
// committed row or decision changes, each (trial, step) counts once, and the whole log replays.
//
// TUNE_KILL_SEED starts other moments and targets, TUNE_KILLS sets how many kills a scenario takes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <string_view>

#include "core/rng.h"
#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;

constexpr const char* kFifo = "{type: fifo}";

struct Scenario {
  const char* name;
  const char* scheduler;
  int slots;
  bool lockstep;
  bool clones = false;  ///< trials copy one another, so that their iterations are not counted from 1
  const char* elastic = "none";
  bool deterministic() const { return lockstep || slots == 1; }
  /// Under FIFO trials are granted ahead, and may overtake one that was lost: nothing learns from their order.
  bool is_ordered() const { return std::string_view(scheduler) != kFifo; }
};

std::int64_t number_from(const char* variable, std::int64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

std::string experiment(const Scenario& scenario) {
  return curve("kill", 12, 27, 0.008,
               std::string("scheduler: ") + scenario.scheduler +
                   "\ncheckpoint: {every: 1}\nresources: {cpu: 0.25, elastic: " + scenario.elastic +
                   "}\nretries: {signal: 1000}\n");
}

Arguments run_arguments(const Scenario& scenario) {
  Arguments arguments{"run", "kill.yaml", "-j", std::to_string(scenario.slots)};
  if (scenario.lockstep) arguments.push_back("--lockstep");
  return arguments;
}

/// What two equal runs have in common.
struct Ending {
  Rows table, history, decisions;
};

/// A resumption after a loss, and what is kept of checkpoints, depend on the moment of the kill; attempts count them. A
/// checkpoint is named by its event, so here by its trial and step.
Ending ending_of(Workbench& bench, bool is_ordered) {
  const auto rows_of = [](std::string text) {
    Rows rows;
    std::istringstream lines(std::move(text));
    for (std::string line; std::getline(lines, line);) rows.push_back({line});
    return rows;
  };
  Ending ending{
      rows_of(bench.tune({"export", "kill", "--stable", "-f", "csv"}).out),
      rows_of(bench.tune({"export", "kill", "--stable", "-f", "csv", "--history"}).out),
      bench.query("select d.kind, d.trial, json_remove(d.args, '$.attempt', '$.checkpoint'), d.reason, "
                  "(select c.trial || '@' || c.step from checkpoint c where c.experiment = d.experiment and "
                  "c.id = json_extract(d.args, '$.checkpoint')) from decision d where d.kind <> 'release' and not "
                  "(d.kind = 'resume' and json_extract(d.args, '$.why') in ('lost', 'retry', 'interrupted')) "
                  "order by d.n, d.k")};
  if (!is_ordered) {
    for (Rows* rows : {&ending.table, &ending.history, &ending.decisions}) std::ranges::sort(*rows);
  }
  return ending;
}

/// All that is committed, in order.
Rows log_of(const Workbench& bench) {
  Rows rows = bench.query(
      "select n, 0, turn, kind, trial, attempt, seq, step, at, elapsed, replayed, payload, extra from event");
  const Rows decisions = bench.query("select n, 1, k, kind, trial, args, reason from decision");
  rows.insert(rows.end(), decisions.begin(), decisions.end());
  return rows;
}

void expect_kept(const Rows& before, const Rows& after) {
  const std::set<std::vector<std::string>> now(after.begin(), after.end());
  for (const auto& row : before) {
    EXPECT_TRUE(now.contains(row)) << "committed before a kill and not after: event " << row[0] << ", " << row[3];
  }
}

/// One run that is killed up to `kills` times and resumed until it is done.
class BrokenRun {
 public:
  BrokenRun(const Scenario& scenario, std::int64_t seed)
      : scenario_(scenario), random_(static_cast<std::uint64_t>(seed), "kill", 0) {
    bench_.write("kill.yaml", experiment(scenario));
  }

  void go(int kills) {
    auto controller = std::make_unique<Program>(bench_.start(run_arguments(scenario_)));
    while (kills_ < kills) {
      const std::int64_t until = events() + static_cast<std::int64_t>(random_.below(7));
      const double pause = random_.uniform() * 0.03;
      eventually([&] { return controller->is_over() || events() >= until; });
      eventually([&] { return controller->is_over(); }, pause);
      if (controller->is_over() || !kill_something(*controller)) break;
      if (!controller->is_over()) continue;
      const Outcome killed = controller->wait();
      if (killed.signal != SIGKILL) break;  // it ended by itself
      said_ += killed.err;
      committed();
      const bool is_stored = !bench_.value("select 1 from experiments").empty();
      controller =
          std::make_unique<Program>(bench_.start(is_stored ? Arguments{"resume", "kill"} : run_arguments(scenario_)));
    }
    const Outcome last = controller->wait();
    said_ += last.err;
    ASSERT_EQ(last.code, 0) << story_ << said_;
    committed();
  }

  /// How often something was killed.
  int kills() const { return kills_; }
  /// What was killed when.
  const std::string& story() const { return story_; }
  Workbench& bench() { return bench_; }

  void expect_nothing_left() {
    EXPECT_EQ(bench_.left_behind(), "");
    for (const std::string& folder : socket_folders_) {
      EXPECT_FALSE(std::filesystem::exists(folder)) << "left behind: " << folder;
    }
    EXPECT_FALSE(std::filesystem::exists(bench_ / "tune.db.d") && !std::filesystem::is_empty(bench_ / "tune.db.d"));
  }

 private:
  std::int64_t events() const {
    const std::string count = bench_.value("select max(n) from event");
    return count.empty() || count == "NULL" ? 0 : std::stoll(count);
  }

  /// False: the run ended first.
  bool kill_something(Program& controller) {
    const std::uint64_t which = random_.below(10);
    if (which < 4) {
      note_sockets();
      tell("controller", controller.pid());
      controller.signal(SIGKILL);
      EXPECT_TRUE(eventually([&] { return controller.is_over(); }));
      ++kills_;
      return true;
    }
    pid_t target = 0;
    eventually([&] {
      if (controller.is_over()) return true;
      const RunProcesses found = run_processes();
      const auto& choice = which < 7 ? found.trials : which < 9 ? found.hosts : found.workers;
      if (!choice.empty()) target = choice[random_.below(choice.size())];
      return target != 0;
    });
    if (target == 0) return false;
    note_sockets();
    tell(which < 7 ? "trial" : which < 9 ? "fork server" : "worker", target);
    if (kill(target, SIGKILL) == 0) ++kills_;
    return true;
  }

  void tell(const std::string& what, pid_t pid) {
    story_ += what + " " + std::to_string(pid) + " after event " + std::to_string(events()) + "\n";
  }

  /// Nothing that was committed before has changed.
  void committed() {
    Rows now = log_of(bench_);
    expect_kept(log_, now);
    log_ = std::move(now);
  }

  void note_sockets() {
    for (const Process& process : processes_below(getpid())) {
      const std::size_t from = process.command.find("--socket ");
      if (!process.is_worker() || from == std::string::npos) continue;
      const std::size_t path = from + 9;
      const std::string socket = process.command.substr(path, process.command.find(' ', path) - path);
      const std::string folder = std::filesystem::path(socket).parent_path();
      if (socket_folders_.insert(folder).second)
        story_ += "(worker " + std::to_string(process.pid) + " uses " + folder + ")\n";
    }
  }

  Scenario scenario_;
  RandomStream random_;
  Workbench bench_;
  Rows log_;
  std::set<std::string> socket_folders_;
  int kills_ = 0;
  std::string said_, story_;
};

class Kill : public ::testing::TestWithParam<Scenario> {};

TEST_P(Kill, EndsAsIfNothingHadHappened) {
  const Scenario& scenario = GetParam();
  const int wanted = static_cast<int>(number_from("TUNE_KILLS", 8));
  std::int64_t seed = number_from("TUNE_KILL_SEED", 1);

  Workbench unbroken;
  unbroken.write("kill.yaml", experiment(scenario));
  const Outcome whole = unbroken.tune(run_arguments(scenario));
  ASSERT_EQ(whole.code, 0) << whole.err;
  const Ending expected = ending_of(unbroken, scenario.is_ordered());

  for (int done = 0; done < wanted; ++seed) {
    SCOPED_TRACE("TUNE_KILL_SEED=" + std::to_string(seed));
    BrokenRun run(scenario, seed);
    ASSERT_NO_FATAL_FAILURE(run.go(wanted - done));
    done += run.kills();

    Workbench& bench = run.bench();
    const Ending ending = ending_of(bench, scenario.is_ordered());
    if (scenario.deterministic()) {
      EXPECT_EQ(ending.table, expected.table);
      EXPECT_EQ(ending.history, expected.history);
      EXPECT_EQ(ending.decisions, expected.decisions);
    }
    const Outcome replay = bench.tune({"replay", "kill"});
    EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
    EXPECT_EQ(bench.value("pragma integrity_check"), "ok");
    if (!scenario.clones) {
      EXPECT_EQ(bench.query("select trial_number, training_iteration from reports group by 1, 2 having count(*) > 1"),
                Rows());
      EXPECT_EQ(
          bench.query("select t.number from trial t where t.training_iteration <> (select count(*) from event v where "
                      "v.trial = t.number and v.kind = 'reported' and v.replayed = 0)"),
          Rows());
    }
    EXPECT_EQ(bench.value("select count(*) from trials where status not in ('completed', 'stopped')"), "0");
    run.expect_nothing_left();
    ASSERT_FALSE(HasFailure()) << "killed:\n" << run.story();
  }
}

constexpr const char* kStop = "{type: asha, max_t: 27, grace_period: 1, reduction_factor: 3}";
constexpr const char* kPromote = "{type: asha, max_t: 27, grace_period: 1, reduction_factor: 3, variant: promote}";
constexpr const char* kHyperBand = "{type: hyperband, max_t: 9}";
constexpr const char* kBohb = "{type: hb_bohb, max_t: 9}";
constexpr const char* kAuto = "{type: asha, max_t: 27, grace_period: auto, reduction_factor: 3}";
constexpr const char* kMedian = "{type: median, time_attr: training_iteration, grace_period: 3}";
constexpr const char* kPbt =
    "{type: pbt, time_attr: training_iteration, perturbation_interval: 7, hyperparam_mutations: [x1, x2]}";
constexpr const char* kPbtSynch =
    "{type: pbt, time_attr: training_iteration, perturbation_interval: 7, hyperparam_mutations: [x1], synch: true}";

constexpr const char* kPb2 =
    "{type: pb2, time_attr: training_iteration, perturbation_interval: 7, hyperparam_bounds: [x1, x2]}";
constexpr const char* kReplay =
    "{type: pbt_replay, max_t: 27, schedule: [{at: 0, trial: 3}, "
    "{at: 7, config: {x1: 1, x2: 2, epochs: 27, step_seconds: 0.008}}, "
    "{at: 15, trial: 8, config: {x1: 3, x2: 2, epochs: 27, step_seconds: 0.008}}]}";
constexpr const char* kPausing = "{type: median, time_attr: training_iteration, grace_period: 3, hard_stop: false}";

const Scenario kScenarios[] = {
    {"FifoInLockstepOnTwo", kFifo, 2, true},
    {"StopOnOneSlot", kStop, 1, false},
    {"PromoteOnOneSlot", kPromote, 1, false},
    {"StopInLockstepOnTwo", kStop, 2, true},
    {"PromoteInLockstepOnTwo", kPromote, 2, true},
    {"StopInLockstepOnEight", kStop, 8, true},
    {"PromoteInLockstepOnEight", kPromote, 8, true},
    {"StopInOrderOfArrivalOnTwo", kStop, 2, false},
    {"PromoteInOrderOfArrivalOnTwo", kPromote, 2, false},
    {"HyperBandInLockstepOnTwo", kHyperBand, 2, true},
    {"BohbInLockstepOnTwo", kBohb, 2, true},
    {"AutoInLockstepOnTwo", kAuto, 2, true},
    {"MedianInLockstepOnTwo", kMedian, 2, true},
    {"PausingMedianInLockstepOnTwo", kPausing, 2, true},
    {"PbtInLockstepOnTwo", kPbt, 2, true, true},
    {"Pb2InLockstepOnTwo", kPb2, 2, true, true},
    {"PbtReplayInLockstepOnTwo", kReplay, 2, true, true},
    {"ElasticInLockstepOnEight", kStop, 8, true, false, "shares"},
    {"SynchronousPbtInLockstepOnEight", kPbtSynch, 8, true, true},
};

INSTANTIATE_TEST_SUITE_P(Schedulers, Kill, ::testing::ValuesIn(kScenarios),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tune

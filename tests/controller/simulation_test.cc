// Whole experiments in virtual time: the brain with its real schedulers, crashes, kills, and thousands of workers.

#include "tune/controller/simulation.h"

#include <algorithm>
#include <cmath>

#include "brain.h"
#include "core/log_rows.h"
#include "core/rng.h"

namespace tune::test {
namespace {

using Order = SimulationOptions::Order;

constexpr std::int64_t kMost = 100'000;  // entries of a log: an experiment that does not end fails its test

std::optional<Metrics> curve(TrialId trial, const Config&, Step step) { return ordered_curve(trial, step); }

std::unique_ptr<Scheduler> scheduler(std::string_view type, std::vector<std::pair<std::string, Value>> options,
                                     std::int64_t trials) {
  SchedulerContext context;
  context.options = Options(std::move(options));
  context.trials = trials;
  context.seed = 7;
  context.space = &one_parameter();
  auto made = make_scheduler(type, std::move(context));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(*made);
}

struct Trying {
  std::string name, type;
  std::vector<std::pair<std::string, Value>> options;
  std::int64_t trials = 40;

  Controller controller(std::unique_ptr<Sampler> sampler = std::make_unique<CountingSampler>()) const {
    ControllerOptions options = test::trials(trials);
    options.objectives = {{"loss", Mode::kMin, std::nullopt}};
    options.retries = {.signal = 1000};
    return Controller(options, std::move(sampler), scheduler(type, this->options, trials));
  }
};

const Trying kFifo{"fifo", "fifo", {}};
const Trying kStop{"stop", "asha", {{"max_t", 27}, {"reduction_factor", 3}}};
const Trying kPromote{"promote", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}}};
const Trying kHyperBand{"hyperband", "hyperband", {{"max_t", 9}}};
const Trying kMedian{"median", "median", {{"time_attr", "training_iteration"}, {"grace_period", 2}}};
const Trying kPausing{
    "pausing", "median", {{"time_attr", "training_iteration"}, {"grace_period", 2}, {"hard_stop", false}}};
const Trying kPbt{
    "pbt", "pbt", {{"time_attr", "training_iteration"}, {"perturbation_interval", 3}, {"hyperparam_mutations", "x"}}};
const Trying kPbtSynch{"pbt_synch",
                       "pbt",
                       {{"time_attr", "training_iteration"},
                        {"perturbation_interval", 3},
                        {"synch", true},
                        {"hyperparam_mutations", "x"}}};

const Trying kBohb{"hb_bohb", "hb_bohb", {{"max_t", 9}}};
const Trying kPb2{
    "pb2", "pb2", {{"time_attr", "training_iteration"}, {"perturbation_interval", 3}, {"hyperparam_bounds", "x"}}};

void PrintTo(const Trying& setup, std::ostream* out) { *out << setup.name; }

std::optional<Metrics> ten_steps(TrialId trial, const Config& config, Step step) {
  return step > 10 ? std::nullopt : curve(trial, config, step);
}
/// Trials that no scheduler ends return by themselves.
SimulatedTrial trial_for(const Trying& setup) {
  return setup.type == "asha" || setup.type == "hyperband" || setup.type == "hb_bohb" ? curve : ten_steps;
}

/// What a results table shows, without clock, attempts and event numbers.
std::vector<std::string> table(const Controller& controller) {
  std::vector<std::string> rows;
  for (std::int64_t i = 0; i < controller.trials(); ++i) {
    const TrialRecord& trial = controller.trial(TrialId{i});
    rows.push_back(std::to_string(i) + ' ' + std::string(state_name(trial.state)) + ' ' +
                   std::to_string(trial.last_step) + ' ' + std::to_string(trial.best_value) + ' ' +
                   std::to_string(trial.reports));
  }
  return rows;
}

/// Each report that counted, in order: `trial@step`.
std::vector<std::string> verdicts(const std::vector<LogEntry>& log) {
  std::vector<std::string> lines;
  for (const LogEntry& entry : log) {
    for (const Decision& decision : entry.decisions) {
      if (const auto* judged = std::get_if<Judged>(&decision.body)) {
        lines.push_back(std::to_string(judged->trial.value) + '@' + std::to_string(judged->step) + ' ' +
                        decision.reason);
      }
    }
  }
  return lines;
}

class Simulated : public testing::TestWithParam<Trying> {};

TEST_P(Simulated, EndsAndEveryTrialHasAnEnd) {
  for (const std::int64_t slots : {1, 2, 7, 100}) {
    SimulationOptions options;
    options.slots = slots;
    options.cost_spread = 0.5;
    Simulation run(GetParam().controller(), trial_for(GetParam()), options);
    EXPECT_TRUE(run.run(kMost)) << slots << " slots";
    EXPECT_EQ(run.controller().counts().finished(), 40);
    EXPECT_GE(run.controller().counts().completed, 1);
    EXPECT_EQ(run.controller().counts().failed, 0);
  }
}

TEST_P(Simulated, IsTheSameForTheSameSeedAndNotForAnother) {
  const auto run = [&](std::uint64_t seed) {
    SimulationOptions options;
    options.slots = 4;
    options.seed = seed;
    options.cost_spread = 0.9;
    options.crash_rate = 0.02;
    Simulation simulation(GetParam().controller(), trial_for(GetParam()), options);
    EXPECT_TRUE(simulation.run(kMost));
    return simulation.log();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST_P(Simulated, NeverRunsMoreThanItHasSlots) {
  SimulationOptions options;
  options.slots = 3;
  options.cost_spread = 0.5;
  options.crash_rate = 0.05;
  Simulation run(GetParam().controller(), trial_for(GetParam()), options);
  for (std::int64_t entries = 1; !run.run(entries) && entries < 5000; ++entries) {
    ASSERT_LE(run.controller().live().size(), 3U) << "after event " << entries;
  }
  EXPECT_TRUE(run.controller().finished());
}

TEST_P(Simulated, KillsAndCrashesChangeNoTableInLockstep) {
  for (const std::int64_t slots : {1, 2, 8}) {
    SimulationOptions options;
    options.order = Order::kLockstep;
    options.slots = slots;
    Simulation unbroken(GetParam().controller(), trial_for(GetParam()), options);
    ASSERT_TRUE(unbroken.run(kMost));

    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      SCOPED_TRACE(testing::Message() << slots << " slots, seed " << seed);
      options.seed = seed;
      options.crash_rate = 0.05;
      options.loss_rate = 0.02;
      // A donor gives its newest checkpoint, so how often they are made is part of a PBT experiment.
      options.checkpoint_every = GetParam().type == "pbt" ? 0 : static_cast<std::int64_t>(seed % 4);
      RandomStream random(seed, "kill", slots);
      std::vector<LogEntry> log;
      bool finished = false;
      for (int kills = 0; !finished && kills < 500; ++kills) {
        Simulation run(GetParam().controller(), trial_for(GetParam()), options, log);
        finished = run.run(static_cast<std::int64_t>(run.log().size() + 20 + random.below(150)));
        log = run.log();
        if (finished) {
          EXPECT_EQ(table(run.controller()), table(unbroken.controller()));
          EXPECT_EQ(verdicts(log), verdicts(unbroken.log()));
        }
      }
      ASSERT_TRUE(finished);
    }
  }
}

class Killed : public Simulated {};

/// What was decided of configurations, in order.
std::vector<Config> configurations(const std::vector<LogEntry>& log) {
  std::vector<Config> found;
  for (const LogEntry& entry : log) {
    for (const StartTrial& start : all<StartTrial>(entry.decisions)) found.push_back(start.config);
    for (const ExploitTrial& exploit : all<ExploitTrial>(entry.decisions)) found.push_back(exploit.config);
  }
  return found;
}

TEST_P(Killed, UnderAnySearchItProposesAsUnbroken) {
  Trying setup = GetParam();
  setup.trials = setup.type == "pb2" ? 4 : 6;
  static const Space kSpace = [] {
    Parameter x;
    x.path = "x";
    x.domain = QUniform{0, 1000, 10};
    std::vector<SpaceFault> faults;
    return *Space::build({x}, {}, faults);
  }();
  const auto controller = [&](const char* search) {
    SamplerContext context;
    context.space = &kSpace;
    context.seed = 3;
    return setup.controller(*make_sampler(search, std::move(context)));
  };
  SimulationOptions options;
  options.order = Order::kLockstep;
  options.slots = 2;
  for (const char* search : {"random", "grid", "sobol"}) {
    Simulation unbroken(controller(search), trial_for(setup), options);
    ASSERT_TRUE(unbroken.run(kMost));
    for (std::int64_t kill = 1; kill < static_cast<std::int64_t>(unbroken.log().size()); ++kill) {
      Simulation killed(controller(search), trial_for(setup), options);
      killed.run(kill);
      Simulation resumed(controller(search), trial_for(setup), options, killed.log());
      ASSERT_TRUE(resumed.run(kMost)) << search << " killed after event " << kill;
      ASSERT_EQ(configurations(resumed.log()), configurations(unbroken.log())) << search << ", event " << kill;
      ASSERT_EQ(verdicts(resumed.log()), verdicts(unbroken.log())) << search << ", event " << kill;
    }
  }
}

TEST_P(Killed, AfterAnyEventItDecidesAsUnbroken) {
  Trying setup = GetParam();
  setup.trials = setup.type == "pb2" ? 5 : 9;  // a fit of PB2 costs a millisecond
  SimulationOptions options;
  options.order = Order::kLockstep;
  options.slots = 3;
  Simulation unbroken(setup.controller(), trial_for(setup), options);
  ASSERT_TRUE(unbroken.run(kMost));
  for (std::int64_t kill = 1; kill < static_cast<std::int64_t>(unbroken.log().size()); ++kill) {
    Simulation killed(setup.controller(), trial_for(setup), options);
    killed.run(kill);
    Simulation resumed(setup.controller(), trial_for(setup), options, killed.log());
    ASSERT_TRUE(resumed.run(kMost)) << "killed after event " << kill;
    ASSERT_EQ(table(resumed.controller()), table(unbroken.controller())) << "killed after event " << kill;
    ASSERT_EQ(verdicts(resumed.log()), verdicts(unbroken.log())) << "killed after event " << kill;
  }
}

TEST_P(Simulated, LockstepIsAConstantStepCostOfOne) {
  SimulationOptions options;
  options.slots = 5;
  Simulation arrival(GetParam().controller(), trial_for(GetParam()), options);
  options.order = Order::kLockstep;
  Simulation lockstep(GetParam().controller(), trial_for(GetParam()), options);
  ASSERT_TRUE(arrival.run(kMost));
  ASSERT_TRUE(lockstep.run(kMost));
  ASSERT_EQ(arrival.log().size(), lockstep.log().size());
  EXPECT_EQ(verdicts(arrival.log()), verdicts(lockstep.log()));
}

TEST_P(Simulated, AKillInArrivalOrderTakesBackNothing) {
  SimulationOptions options;
  options.slots = 4;
  options.cost_spread = 0.8;
  options.crash_rate = 0.02;
  std::vector<LogEntry> log;
  bool finished = false;
  for (int kills = 0; !finished && kills < 500; ++kills) {
    Simulation run(GetParam().controller(), trial_for(GetParam()), options, log);
    finished = run.run(static_cast<std::int64_t>(log.size()) + 60);
    ASSERT_TRUE(std::equal(log.begin(), log.end(), run.log().begin()));
    log = run.log();
  }
  ASSERT_TRUE(finished);
  std::map<std::tuple<TrialId, int, Step>, int> counted;  // each (trial, generation, step) is judged once at most
  std::map<TrialId, int> generation;
  for (const LogEntry& entry : log) {
    for (const Decision& decision : entry.decisions) {
      if (const auto* judged = std::get_if<Judged>(&decision.body)) {
        EXPECT_EQ(++counted[std::tuple(judged->trial, generation[judged->trial], judged->step)], 1);
      }
      if (const auto* exploit = std::get_if<ExploitTrial>(&decision.body)) ++generation[exploit->trial];
    }
  }
  // The whole log replays: asked again, the brain decides the same.
  Controller again = GetParam().controller();
  for (const LogEntry& entry : log) {
    again.observe(entry.event);
    for (const Decision& recorded : entry.decisions) {
      const auto answer = again.next();
      ASSERT_TRUE(answer) << "event " << entry.event.n.value << ": " << recorded.reason;
      ASSERT_EQ(*answer, recorded) << "event " << entry.event.n.value;
      again.apply(recorded);
    }
    ASSERT_FALSE(again.next()) << "event " << entry.event.n.value;
  }
}

TEST_P(Simulated, StartsNothingNewOnceAPersonStopsIt) {
  SimulationOptions options;
  options.slots = 4;
  Simulation run(GetParam().controller(), trial_for(GetParam()), options);
  run.run(30);
  run.happen(Commanded{CommandKind::kStop, std::nullopt, 0});
  const std::int64_t started = run.controller().trials();
  EXPECT_TRUE(run.run(kMost));
  EXPECT_EQ(run.controller().trials(), started);
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Simulated,
                         testing::Values(kFifo, kStop, kPromote, kHyperBand, kBohb, kMedian, kPausing, kPbt, kPbtSynch),
                         [](const auto& parameter) { return parameter.param.name; });

INSTANTIATE_TEST_SUITE_P(Schedulers, Killed,
                         testing::Values(kFifo, kStop, kPromote, kHyperBand, kBohb, kMedian, kPausing, kPbt, kPbtSynch,
                                         kPb2),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(SimulatedPromotion, GoesOnFromACheckpointOfTheRung) {
  SimulationOptions options;
  options.slots = 3;
  options.cost_spread = 0.5;
  Simulation run(kPromote.controller(), curve, options);
  ASSERT_TRUE(run.run(kMost));
  std::map<std::int64_t, Step> ranked_at;
  std::map<std::int64_t, std::int64_t> saved;
  int promotions = 0;
  for (const LogEntry& entry : run.log()) {
    const auto* reported = std::get_if<Reported>(&entry.event.body);
    for (const Decision& decision : entry.decisions) {
      if (const auto* judged = std::get_if<Judged>(&decision.body); judged && judged->verdict == Verdict::kPause) {
        ranked_at[judged->trial.value] = judged->step;
        ASSERT_TRUE(reported->checkpoint);
        saved[judged->trial.value] = entry.event.n.value;
      }
      if (const auto* resumed = std::get_if<ResumeTrial>(&decision.body)) {
        ++promotions;
        EXPECT_EQ(resumed->why, ResumeWhy::kPromoted);
        ASSERT_TRUE(resumed->checkpoint);
        EXPECT_EQ(resumed->checkpoint->value, saved[resumed->trial.value]);
      }
    }
    EXPECT_TRUE(!reported || run.controller().trial(reported->trial).replayed == 0);
  }
  EXPECT_GE(promotions, 13 + 4 + 1);
}

TEST(SimulatedPromotion, KeepsFewCheckpointsOfManyParkedTrials) {
  Trying setup = kPromote;
  setup.trials = 1000;
  SimulationOptions options;
  options.slots = 8;
  Simulation run(setup.controller(), curve, options);
  std::size_t most = 0;
  for (std::int64_t entries = 500; !run.run(entries); entries += 500)
    most = std::max(most, run.controller().checkpoints_alive());
  EXPECT_LT(most, 600U);  // a third of the lowest rung, a third of that, and those that run
  EXPECT_GT(run.controller().counts().completed, 25);
}

TEST(SimulatedPromotion, DrainsWhatASmallBudgetLeaves) {
  Trying setup = kPromote;
  for (std::int64_t trials = 1; trials <= 8; ++trials) {
    setup.trials = trials;
    SimulationOptions options;
    options.slots = 3;
    Simulation run(setup.controller(), curve, options);
    EXPECT_TRUE(run.run(kMost)) << trials;
    EXPECT_EQ(run.controller().counts().completed, 1) << trials;
    EXPECT_EQ(run.controller().counts().stopped, trials - 1) << trials;
  }
}

TEST(SimulatedReports, FailTheTrialThatLacksTheMetricOrWhoseTimeStandsStill) {
  ControllerOptions controlled = trials(3);
  controlled.objectives = {{"loss", Mode::kMin, std::nullopt}};
  Controller controller(controlled, std::make_unique<CountingSampler>(),
                        scheduler("asha", {{"max_t", 10}, {"time_attr", "epochs"}}, 3));
  const auto faulty = [](TrialId trial, const Config&, Step step) -> std::optional<Metrics> {
    const auto epochs = static_cast<double>(step);
    if (trial.value == 0) return Metrics{{"accuracy", 1}, {"epochs", epochs}};
    if (trial.value == 1) return Metrics{{"loss", 1}, {"epochs", step < 3 ? epochs : 2}};
    return Metrics{{"loss", 1}, {"epochs", epochs}};
  };
  Simulation run(std::move(controller), faulty, {});
  EXPECT_TRUE(run.run(kMost));
  EXPECT_EQ(run.controller().trial(TrialId{0}).state, TrialState::kFailed);
  EXPECT_THAT(run.controller().trial(TrialId{0}).reason, testing::HasSubstr("accuracy, epochs"));
  EXPECT_EQ(run.controller().trial(TrialId{1}).state, TrialState::kFailed);
  EXPECT_THAT(run.controller().trial(TrialId{1}).reason, testing::HasSubstr("epochs = 2 after 2"));
  EXPECT_EQ(run.controller().trial(TrialId{2}).state, TrialState::kCompleted);
}

TEST(SimulatedScale, TenThousandWorkersPassInSeconds) {
  Trying setup = kStop;
  setup.trials = 10'000;
  SimulationOptions options;
  options.slots = 10'000;
  options.cost_spread = 0.5;
  Simulation run(setup.controller(), curve, options);
  EXPECT_TRUE(run.run(kMost));
  EXPECT_EQ(run.controller().counts().finished(), 10'000);
}

}  // namespace
}  // namespace tune::test

// How trials and experiments end: stop rules, budgets, and people.

#include <algorithm>
#include <cmath>
#include <map>

#include "brain.h"
#include "core/rng.h"

namespace tune::test {
namespace {

double deviation_of(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean) / static_cast<double>(values.size());
  return std::sqrt(squares);
}

TEST(Stop, EndsATrialAtItsTrainingIteration) {
  ControllerOptions options = trials(1);
  options.stop.training_iteration = 3;
  Brain brain(options);
  brain.start(1);
  EXPECT_TRUE(all<Judged>(brain.report(0, 2, 0.5)).empty());

  const auto decisions = brain.report(0, 3, 0.4);
  brain.ended(0, EndKind::kStopped);

  EXPECT_EQ(all<Judged>(decisions).size(), 1u);
  EXPECT_EQ(brain.trial(0).state, TrialState::kCompleted);
  EXPECT_EQ(brain.trial(0).cause, Cause::kStopRule);
}

TEST(Stop, KnowsTheDirectionOfAMetric) {
  ControllerOptions options = trials(2);
  options.stop.metrics = {{"loss", false, 0.1}};
  Brain brain(options);
  brain.start(2);

  EXPECT_TRUE(all<Judged>(brain.report(0, 1, 0.2)).empty());
  EXPECT_EQ(all<Judged>(brain.report(1, 1, 0.1)).size(), 1u);
}

TEST(Stop, EvaluatesAConditionOverMetrics) {
  ControllerOptions options = trials(1);
  options.stop.condition = "loss < 0.3 && training_iteration >= 2";
  Brain brain(options);
  brain.start(1);

  EXPECT_TRUE(all<Judged>(brain.report(0, 1, 0.2)).empty());
  EXPECT_EQ(all<Judged>(brain.report(0, 2, 0.2)).size(), 1u);
}

TEST(Stop, FailsATrialWhoseReportLacksAMetricOfTheCondition) {
  ControllerOptions options = trials(1);
  options.stop.condition = "val_los < 0.3";
  Brain brain(options);
  brain.start(1);
  brain.report(0, 1, 0.2);
  brain.ended(0, EndKind::kStopped);

  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
  EXPECT_THAT(brain.trial(0).reason, testing::HasSubstr("reported [loss]"));
}

TEST(Stop, EndsATrialOnAPlateau) {
  ControllerOptions options = trials(1);
  options.stop.plateau =
      TrialPlateau{.metric = "loss", .std = 0.01, .num_results = 3, .grace_period = 3, .metric_threshold = {}};
  Brain brain(options);
  brain.start(1);

  EXPECT_TRUE(all<Judged>(brain.report(0, 1, 0.9)).empty());
  EXPECT_TRUE(all<Judged>(brain.report(0, 2, 0.5)).empty());
  EXPECT_TRUE(all<Judged>(brain.report(0, 3, 0.5)).empty());
  EXPECT_EQ(all<Judged>(brain.report(0, 4, 0.5)).size(), 1u);
}

TEST(Stop, APlateauIsItsDefinitionOnRandomCurves) {
  int ended = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomStream random(seed, "plateau", 0);
    TrialPlateau rule{.metric = "loss",
                      .std = 0.02 + 0.2 * random.uniform(),
                      .num_results = 2 + static_cast<std::int64_t>(random.below(4)),
                      .grace_period = static_cast<std::int64_t>(random.below(9)),
                      .metric_threshold = std::nullopt};
    if (random.below(2) == 0) rule.metric_threshold = random.uniform();
    rule.mode = random.below(2) == 0 ? Mode::kMin : Mode::kMax;
    ControllerOptions options = trials(1);
    options.stop.plateau = rule;
    Brain brain(options);
    brain.start(1);
    std::vector<double> curve;
    for (Step step = 1; step <= 15; ++step) {
      curve.push_back(random.below(6) == 0 ? random.uniform() : 0.5 + 0.1 * random.uniform());
      const auto n = static_cast<std::int64_t>(curve.size());
      const std::vector<double> last(curve.end() - std::min(n, rule.num_results), curve.end());
      const bool is_beyond =
          !rule.metric_threshold ||
          (rule.mode == Mode::kMin ? curve.back() <= *rule.metric_threshold : curve.back() >= *rule.metric_threshold);
      const bool is_flat =
          n >= rule.grace_period && n >= rule.num_results && is_beyond && deviation_of(last) < rule.std;
      ASSERT_EQ(all<Judged>(brain.report(0, step, curve.back())).size(), is_flat ? 1U : 0U) << seed << '@' << step;
      if (is_flat) ++ended;
      if (is_flat) break;
    }
  }
  EXPECT_GT(ended, 50);
  EXPECT_LT(ended, 190);
}

TEST(Stop, FailsATrialWhoseReportLacksTheMetricOfThePlateau) {
  ControllerOptions options = trials(1);
  options.stop.plateau = TrialPlateau{.metric = "val", .metric_threshold = {}};
  Brain brain(options);
  brain.start(1);
  brain.report(0, 1, 0.2);
  brain.ended(0, EndKind::kStopped);
  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
  EXPECT_THAT(brain.trial(0).reason, testing::HasSubstr("stop.plateau names 'val'; reported [loss]"));
}

TEST(Stop, CountsOnOverARestart) {
  ControllerOptions options = trials(1);
  options.stop.plateau =
      TrialPlateau{.metric = "loss", .std = 0.01, .num_results = 3, .grace_period = 0, .metric_threshold = {}};
  options.stop.training_iteration = 9;
  Brain brain(options);
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.report(0, 2, 0.5, true);
  Brain again = brain.resumed();
  again.start(1);
  again.lost(0);
  EXPECT_EQ(all<Judged>(again.report(0, 3, 0.5)).size(), 1u);
}

TEST(Budget, APlateauIsItsDefinitionOnRandomExperiments) {
  int ended = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomStream random(seed, "flat", 0);
    const ExperimentPlateau rule{.metric = "loss",
                                 .std = 0.1 * random.uniform(),
                                 .top = 2 + static_cast<std::int64_t>(random.below(3)),
                                 .patience = static_cast<std::int64_t>(random.below(4))};
    ControllerOptions options = trials(6);
    options.budget.plateau = rule;
    Brain brain(options);
    brain.start(6);
    std::map<std::int64_t, double> best;
    std::int64_t in_a_row = 0;
    for (int i = 0; i < 30; ++i) {
      const auto trial = static_cast<std::int64_t>(random.below(6));
      const double loss = random.below(8) == 0 ? std::nan("") : random.uniform();
      brain.report(trial, brain.trial(trial).last_step + 1, loss);
      if (!std::isnan(loss)) best[trial] = std::min(loss, best.contains(trial) ? best[trial] : loss);
      std::vector<double> top;
      for (const auto& [number, value] : best) top.push_back(value);
      std::ranges::sort(top);
      const bool enough = static_cast<std::int64_t>(top.size()) >= rule.top;
      if (enough) top.resize(static_cast<std::size_t>(rule.top));
      in_a_row = enough && deviation_of(top) <= rule.std ? in_a_row + 1 : 0;
      const bool is_over = in_a_row > rule.patience;
      ASSERT_EQ(brain.controller().ending() == EndWhy::kPlateau, is_over) << seed << ", report " << i;
      if (is_over) ++ended;
      if (is_over) break;
    }
  }
  EXPECT_GT(ended, 20);
  EXPECT_LT(ended, 95);
}

TEST(Budget, TimeStopsWhatRuns) {
  ControllerOptions options = trials(9);
  options.budget.time = 10;
  Brain brain(options);
  brain.start(2);
  brain.at = 10.5;

  const auto decisions = brain.on(Ticked{});
  EXPECT_EQ(all<Judged>(decisions).size(), 2u);
  brain.ended(0, EndKind::kStopped);
  brain.ended(1, EndKind::kStopped);

  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(0).cause, Cause::kBudget);
}

TEST(Budget, ATargetEndsTheExperiment) {
  ControllerOptions options = trials(9);
  options.objectives = {{"loss", Mode::kMin, 0.1}};
  Brain brain(options);
  brain.start(2);
  brain.report(0, 1, 0.5);

  const auto decisions = brain.report(1, 1, 0.05);

  ASSERT_EQ(all<EndExperiment>(decisions).size(), 1u);
  EXPECT_EQ(all<EndExperiment>(decisions)[0].why, EndWhy::kTarget);
  EXPECT_TRUE(brain.controller().target_reached());
  EXPECT_EQ(all<Judged>(decisions).size(), 2u);
}

TEST(Budget, OneFailureTooManyEndsTheExperiment) {
  ControllerOptions options = trials(9);
  options.budget.failures = 1;
  Brain brain(options);
  brain.start(1);
  brain.ended(0, EndKind::kFailed, Cause::kExit);
  EXPECT_FALSE(brain.controller().ending());

  brain.ended(1, EndKind::kFailed, Cause::kExit);

  EXPECT_EQ(brain.controller().ending(), EndWhy::kFailures);
  EXPECT_TRUE(brain.controller().finished());
}

TEST(Budget, APlateauOfTheBestTrialsEndsTheExperiment) {
  ControllerOptions options = trials(9);
  options.budget.plateau = ExperimentPlateau{.metric = "loss", .std = 0.001, .top = 3, .patience = 0};
  Brain brain(options);
  brain.start(3);
  brain.report(0, 1, 0.5);
  brain.report(1, 1, 0.5);

  brain.report(2, 1, 0.5);

  EXPECT_EQ(brain.controller().ending(), EndWhy::kPlateau);
}

TEST(Budget, WithdrawsWhatWasGrantedAheadAndDoesNotCountIt) {
  ControllerOptions options = trials(9);
  options.objectives = {{"loss", Mode::kMin, 0.1}};
  Brain brain(options);
  brain.scheduler().learning = false;
  brain.start(1, 1);
  ASSERT_EQ(brain.controller().trials(), 2);

  const auto decisions = brain.report(0, 1, 0.05);
  brain.ended(0, EndKind::kStopped);

  ASSERT_EQ(all<WithdrawTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<WithdrawTrial>(decisions)[0].trial, TrialId{1});
  EXPECT_EQ(brain.controller().counts().created, 1);
  EXPECT_TRUE(brain.controller().finished());
}

TEST(People, StopLetsRunningTrialsFinish) {
  Brain brain(trials(9));
  brain.start(2);

  const auto decisions = brain.on(Commanded{CommandKind::kStop, std::nullopt, 1});
  EXPECT_TRUE(all<Judged>(decisions).empty());
  brain.ended(0);
  EXPECT_FALSE(brain.controller().finished());
  brain.ended(1);

  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.controller().ending(), EndWhy::kUser);
  EXPECT_EQ(brain.trial(0).state, TrialState::kCompleted);
}

TEST(People, CancelStopsRunningTrials) {
  Brain brain(trials(9));
  brain.start(2);

  EXPECT_EQ(all<Judged>(brain.on(Commanded{CommandKind::kCancel, std::nullopt, 1})).size(), 2u);
}

TEST(People, StopOneTrialOnly) {
  Brain brain(trials(9));
  brain.start(2);

  const auto decisions = brain.on(Commanded{CommandKind::kStop, TrialId{1}, 1});
  brain.ended(1, EndKind::kStopped);

  ASSERT_EQ(all<Judged>(decisions).size(), 1u);
  EXPECT_EQ(brain.trial(1).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(1).cause, Cause::kUser);
  EXPECT_EQ(brain.trial(0).state, TrialState::kRunning);
}

TEST(People, PauseStartsNothingNewUntilTheNextStart) {
  Brain brain(trials(9));
  brain.start(1);
  brain.on(Commanded{CommandKind::kPause, std::nullopt, 0});

  EXPECT_TRUE(all<StartTrial>(brain.ended(0)).empty());
  EXPECT_FALSE(brain.controller().ending());
  EXPECT_EQ(all<StartTrial>(brain.start(1)).size(), 1u);
}

TEST(People, AnInterruptedTrialGoesOnFirstAfterTheNextStart) {
  Brain brain(trials(9));
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.on(Commanded{CommandKind::kPause, std::nullopt, 0});
  EXPECT_TRUE(brain.ended(0, EndKind::kInterrupted, Cause::kNone).empty());

  const auto decisions = brain.start(1);

  ASSERT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<ResumeTrial>(decisions)[0].why, ResumeWhy::kInterrupted);
  EXPECT_TRUE(all<StartTrial>(decisions).empty());
}

TEST(People, ResumeLiftsAStop) {
  Brain brain(trials(9));
  brain.start(1);
  brain.on(Commanded{CommandKind::kStop, std::nullopt, 1});
  brain.ended(0);
  ASSERT_TRUE(brain.controller().finished());

  const auto decisions = brain.on(Commanded{CommandKind::kResume, std::nullopt, 2});

  EXPECT_EQ(all<StartTrial>(decisions).size(), 1u);
  EXPECT_FALSE(brain.controller().finished());
}

TEST(Ending, StopsParkedTrialsWithTheirPlace) {
  Brain brain(trials(1));
  brain.scheduler().verdicts[3] = {Verdict::kPause, false, "waits in rung 3"};
  brain.start(1);
  brain.report(0, 3, 0.5, true);

  brain.ended(0, EndKind::kPaused);

  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(0).reason, "parked at iteration 3 when the experiment ended");
}

}  // namespace
}  // namespace tune::test

// What every scheduler owes the brain: its answers follow from what was folded and from nothing else. A second instance
// that was only told the history, from any point on, gives the answers of the first; asking changes nothing; a history
// decided by other rules leaves nothing that cannot go on.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/rng.h"
#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

struct Subject {
  std::string name, type;
  OptionRow options;
};

void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

class Conformance : public testing::TestWithParam<Subject> {
 protected:
  static constexpr std::int64_t kTrials = 120;

  std::unique_ptr<Scheduler> fresh() const { return make(GetParam().type, GetParam().options, kTrials, 9); }

  static WorldOptions world(std::uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    options.trials = kTrials;
    options.jump_in = 6;
    options.fail_in = 40;
    options.end_in = 60;
    options.nan_in = 30;
    options.scores = 50;
    options.most_events = 3000;
    return options;
  }
};

TEST_P(Conformance, AnInstanceThatIsOnlyToldAnswersLikeTheFirst) {
  const auto live = fresh();
  const WorldResult result = run_world(*live, world(17));
  const auto told = fresh();
  for (std::size_t i = 0; i < result.history.size(); ++i) {
    ASSERT_EQ(answer(*told, result.history[i]), recorded_answer(result.history[i])) << "at " << i;
    fold(*told, result.history[i]);
  }
  for (std::int64_t trial = 0; trial < kTrials; ++trial) {
    EXPECT_EQ(standing(*told, TrialId{trial}), standing(*live, TrialId{trial}));
  }
}

TEST_P(Conformance, AKillAtAnyPointChangesNoLaterAnswer) {
  const auto live = fresh();
  const WorldResult result = run_world(*live, world(18));
  const std::size_t step = result.history.size() / 40 + 1;
  for (std::size_t kill = 0; kill < result.history.size(); kill += step) {
    const auto resumed = fresh();
    for (std::size_t i = 0; i < kill; ++i) fold(*resumed, result.history[i]);  // nothing is asked
    for (std::size_t i = kill; i < std::min(kill + 200, result.history.size()); ++i) {
      ASSERT_EQ(answer(*resumed, result.history[i]), recorded_answer(result.history[i])) << "killed at " << kill;
      fold(*resumed, result.history[i]);
    }
  }
}

TEST_P(Conformance, AskingTwiceChangesNothing) {
  const auto asked_once = fresh(), asked_often = fresh();
  const WorldResult result = run_world(*asked_once, world(19));
  for (const Happening& happening : result.history) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(answer(*asked_often, happening), recorded_answer(happening));
      (void)asked_often->propose({true, true, false, 3});
      (void)standing(*asked_often, happening.trial);
    }
    fold(*asked_often, happening);
  }
}

TEST_P(Conformance, EveryDecisionHasAReasonAndEveryTrialAnEnd) {
  const auto scheduler = fresh();
  WorldOptions options = world(20);
  options.most_events = 100'000;
  const WorldResult result = run_world(*scheduler, options);
  EXPECT_EQ(result.started, kTrials);
  EXPECT_TRUE(result.ran_dry);
  for (const Happening& happening : result.history) {
    if (happening.verdict) {
      EXPECT_FALSE(happening.verdict->reason.empty());
    }
    if (happening.proposal && happening.proposal->kind != Proposal::Kind::kStartNew) {
      EXPECT_FALSE(happening.proposal->reason.empty());
    }
  }
  EXPECT_EQ(result.completed + result.stopped + result.failed + result.ended_alone + result.parked, kTrials);
}

TEST_P(Conformance, AnswersOnlyAtThePointsItNamed) {
  const auto scheduler = fresh();
  const auto told = fresh();
  const WorldResult result = run_world(*scheduler, world(21));
  for (const Happening& happening : result.history) {
    if (happening.kind == Happening::Kind::kReport) {
      const bool waits = happening.report.t >= told->next_point(happening.trial).t;
      ASSERT_EQ(waits, happening.verdict.has_value())
          << "trial " << happening.trial.value << " at " << happening.report.t;
    }
    fold(*told, happening);
  }
}

/// Verdicts of other rules: every trial that they pause must be able to go on.
TEST_P(Conformance, FollowsVerdictsThatItWouldNotHaveGiven) {
  const auto scheduler = fresh();
  RandomStream random(4, "flip", 0);
  std::vector<bool> paused(30), over(30);
  for (std::int64_t i = 0; i < 30; ++i)
    scheduler->on_started(TrialId{i}, {static_cast<std::int64_t>(random.below(4))}, {});
  for (std::int64_t event = 1; event < 400; ++event) {
    const auto trial = static_cast<std::int64_t>(random.below(30));
    const auto at = static_cast<std::size_t>(trial);
    if (paused[at] || over[at]) continue;
    const SchedulerVerdict verdict{static_cast<Verdict>(random.below(3)), false, "by other rules"};
    const bool is_told = random.below(4) != 0;
    const double t = static_cast<double>(event) / 4;
    scheduler->on_report(report_of(trial, t, static_cast<double>(random.below(9)), event),
                         is_told ? &verdict : nullptr);
    paused[at] = is_told && verdict.verdict == Verdict::kPause;
    over[at] = is_told && verdict.verdict == Verdict::kStop;
    if (over[at]) scheduler->on_ended(TrialId{trial}, false, EventNumber{event});
  }
  if (GetParam().type == "fifo") return;  // it never pauses, and no version of it ever did
  for (int i = 0; i < 200; ++i) {
    const auto proposal = scheduler->propose({true, false, true, 0});
    if (!proposal) break;
    if (proposal->kind == Proposal::Kind::kResume) {
      ASSERT_TRUE(paused[static_cast<std::size_t>(proposal->trial.value)]) << proposal->reason;
      paused[static_cast<std::size_t>(proposal->trial.value)] = false;
    }
    if (proposal->kind == Proposal::Kind::kStop) {
      scheduler->on_ended(proposal->trial, false, EventNumber{1000 + i});
    } else {
      scheduler->on_proposal(*proposal);
    }
  }
  EXPECT_FALSE(scheduler->propose({true, false, true, 0}));
}

const std::pair<std::string, Value> kMutations{"hyperparam_mutations", List{"lr", "momentum", "units"}};

const std::vector<Subject> kSubjects{
    {"fifo", "fifo", {}},
    {"stop", "asha", {{"max_t", 27}, {"reduction_factor", 3}}},
    {"stop_brackets", "asha", {{"max_t", 50}, {"reduction_factor", 2}, {"brackets", 4}}},
    {"stop_seconds", "asha", {{"max_t", 20.5}, {"grace_period", 0.5}, {"time_attr", "time_total_s"}, {"brackets", 2}}},
    {"stop_auto", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"grace_period", "auto"}}},
    {"stop_auto_seconds",
     "asha",
     {{"max_t", 20.5}, {"grace_period", "auto"}, {"time_attr", "time_total_s"}, {"stop_last_trials", false}}},
    {"promote_auto",
     "asha",
     {{"max_t", 27}, {"reduction_factor", 3}, {"grace_period", "auto"}, {"variant", "promote"}}},
    {"hyperband_auto", "hyperband", {{"max_t", 27}, {"grace_period", "auto"}}},
    {"hyperband_auto_seconds",
     "hyperband",
     {{"max_t", 20.5}, {"reduction_factor", 2}, {"grace_period", "auto"}, {"time_attr", "time_total_s"}}},
    {"promote", "asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}}},
    {"promote_brackets", "asha", {{"max_t", 50}, {"reduction_factor", 2}, {"brackets", 4}, {"variant", "promote"}}},
    {"promote_on",
     "asha",
     {{"max_t", 9}, {"reduction_factor", 3}, {"variant", "promote"}, {"drain", false}, {"stop_last_trials", false}}},
    {"hyperband", "hyperband", {{"max_t", 27}}},
    {"hyperband_on", "hyperband", {{"max_t", 9}, {"drain", false}, {"stop_last_trials", false}, {"max_rounds", 9}}},
    {"hyperband_seconds",
     "hyperband",
     {{"max_t", 20.5}, {"grace_period", 0.5}, {"time_attr", "time_total_s"}, {"order", "smallest_first"}}},
    {"bohb", "hb_bohb", {{"max_t", 16}, {"reduction_factor", 2}, {"grace_period", 2}}},
    {"median", "median_stopping_rule", {{"time_attr", "training_iteration"}, {"grace_period", 3}}},
    {"median_seconds", "median", {{"grace_period", 2.5}, {"hard_stop", false}}},
    {"median_completed",
     "median",
     {{"time_attr", "training_iteration"}, {"grace_period", 0}, {"peers", "completed"}, {"min_samples_required", 1}}},
    {"median_slices",
     "median",
     {{"time_attr", "training_iteration"}, {"grace_period", 2}, {"min_time_slice", 3}, {"min_samples_required", 9}}},
    {"pbt", "pbt", {{"time_attr", "training_iteration"}, {"perturbation_interval", 3}, kMutations}},
    {"pbt_half",
     "pbt",
     {{"perturbation_interval", 2.5}, {"burn_in_period", 7}, {"quantile_fraction", 0.5}, kMutations}},
    {"pbt_nobody", "pbt", {{"perturbation_interval", 3}, {"quantile_fraction", 0}, kMutations}},
    {"pb2",
     "pb2",
     {{"time_attr", "training_iteration"},
      {"perturbation_interval", 9},
      {"quantile_fraction", 0.1},
      {"hyperparam_bounds", List{"lr", "momentum"}}}},
    {"pbt_synch",
     "pbt",
     {{"time_attr", "training_iteration"}, {"perturbation_interval", 4}, {"synch", true}, kMutations}},
    {"pbt_replay",
     "pbt_replay",
     {{"max_t", 12},
      {"schedule", List{Map{{"at", 0}, {"trial", 5}}, Map{{"at", 3}, {"config", Map{{"lr", 0.01}}}},
                        Map{{"at", 4}, {"config", Map{{"lr", 0.02}}}, {"trial", 7}}}}}},
};

INSTANTIATE_TEST_SUITE_P(Schedulers, Conformance, testing::ValuesIn(kSubjects),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(ConformanceSuite, HoldsEverySchedulerThatIsBuilt) {
  for (const AlgorithmInfo& info : scheduler_catalogue()) {
    if (!info.capabilities.built) continue;
    EXPECT_TRUE(std::any_of(kSubjects.begin(), kSubjects.end(), [&](const Subject& s) { return s.type == info.name; }))
        << info.name << " is built and has no subject here";
  }
}

}  // namespace
}  // namespace tune::test

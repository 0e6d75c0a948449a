// Which checkpoints stay.

#include "brain.h"

namespace tune::test {
namespace {

std::vector<std::int64_t> released(const std::vector<Decision>& decisions) {
  std::vector<std::int64_t> ids;
  for (const auto& release : all<ReleaseCheckpoints>(decisions)) {
    for (const CheckpointId id : release.checkpoints) ids.push_back(id.value);
  }
  return ids;
}

ControllerOptions keeping(std::int64_t keep) {
  ControllerOptions options = trials(2);
  options.checkpoint.every = 1;
  options.checkpoint.keep = keep;
  return options;
}

TEST(Retention, KeepsTheLatestAndTheBest) {
  Brain brain(keeping(1));
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.report(0, 2, 0.3, true);
  const std::int64_t best = brain.log().back().event.n.value;
  brain.report(0, 3, 0.4, true);

  brain.report(0, 4, 0.6, true);

  ASSERT_EQ(brain.trial(0).checkpoints.size(), 2u);
  EXPECT_EQ(brain.trial(0).checkpoints[0].id.value, best);
  EXPECT_EQ(brain.trial(0).checkpoints[1].step, 4);
}

TEST(Retention, KeepsAsManyOfTheLatestAsItIsTold) {
  Brain brain(keeping(3));
  brain.start(1);
  for (Step step = 1; step <= 6; ++step) brain.report(0, step, 0.1 * static_cast<double>(step), true);

  std::vector<Step> kept;
  for (const CheckpointRef& checkpoint : brain.trial(0).checkpoints) kept.push_back(checkpoint.step);
  EXPECT_EQ(kept, (std::vector<Step>{1, 4, 5, 6})) << "the best and the latest three";
}

TEST(Retention, KeepsAllWhenToldSo) {
  Brain brain(keeping(0));
  brain.start(1);
  for (Step step = 1; step <= 20; ++step) EXPECT_TRUE(released(brain.report(0, step, 0.5, true)).empty());
  EXPECT_EQ(brain.controller().checkpoints_alive(), 20u);
}

TEST(Retention, PinsWhatAnAttemptIsAboutToLoad) {
  Brain brain(keeping(1));
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  const CheckpointId loaded = brain.log().back().event.n;
  brain.lost(0);
  EXPECT_NE(brain.controller().checkpoint(loaded), nullptr);

  brain.report(0, 2, 0.6, true);
  brain.report(0, 3, 0.4, true);

  EXPECT_EQ(brain.controller().checkpoint(loaded), nullptr);
}

TEST(Retention, KeepsWhatTheSchedulerKnowsWhenATrialSavesOnItsWayOut) {
  Brain brain(keeping(1));
  brain.start(1);
  brain.report(0, 1, 0.6, true);
  brain.report(0, 2, 0.5, true);
  const CheckpointId known = brain.log().back().event.n;
  brain.report(0, 3, 0.4);  // the best one, which has no checkpoint

  const TrialRecord& trial = brain.trial(0);
  brain.on(Saved{trial.id, trial.attempt, trial.last_seq + 1, 3, 3, {8, "00", false}});
  EXPECT_NE(brain.controller().checkpoint(known), nullptr);
  brain.report(0, 4, 0.5, true);
  EXPECT_EQ(brain.controller().checkpoint(known), nullptr);
}

TEST(Retention, KeepsWhatTheSchedulerKnowsWhenStepsAreDoneAgain) {
  Brain brain(keeping(1));
  brain.start(1);
  brain.report(0, 1, 0.6, true);
  brain.report(0, 2, 0.5, true);
  const CheckpointId known = brain.log().back().event.n;
  brain.report(0, 3, 0.4);
  brain.lost(0);
  brain.report(0, 3, 0.4, true);
  EXPECT_NE(brain.controller().checkpoint(known), nullptr);
}

TEST(Retention, GivesUpAParkedCheckpointOnlyWhenTheSchedulerDoes) {
  Brain brain(trials(2));
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits in rung 1"};
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  EXPECT_TRUE(released(brain.ended(0, EndKind::kPaused)).empty());
  bool told = false;
  brain.scheduler().before_new = [&](const Supply&) -> std::optional<Proposal> {
    if (told) return std::nullopt;
    told = true;
    return Proposal::about(Proposal::Kind::kUnpark, TrialId{0}, "rank 9 can never be promoted");
  };

  EXPECT_EQ(released(brain.on(Ticked{})).size(), 1u);
  EXPECT_EQ(brain.controller().checkpoints_alive(), 0u);
}

}  // namespace
}  // namespace tune::test

// A checkpoint that cannot be read is a fact of the log: the brain takes another one and says which.

#include "brain.h"

namespace tune::test {
namespace {

ControllerOptions keeping_the_last(std::int64_t keep) {
  ControllerOptions options = trials(2);
  options.checkpoint.every = 1;
  options.checkpoint.keep = keep;
  return options;
}

/// The attempt that runs now could not read the checkpoint that it was given.
Decision unreadable(Brain& brain, std::int64_t trial) {
  const TrialRecord& record = brain.trial(trial);
  auto decisions =
      brain.on(Ended{record.id, record.attempt, 1, EndKind::kInterrupted, Cause::kLoad, "its hash differs"});
  const auto resumed =
      std::ranges::find_if(decisions, [](const Decision& d) { return std::holds_alternative<ResumeTrial>(d.body); });
  if (resumed == decisions.end()) return {};
  return *resumed;
}

TEST(Unreadable, TheCheckpointBeforeItIsTakenAndTheReasonNamesBoth) {
  Brain brain(keeping_the_last(3));
  brain.start(1);
  for (Step step = 1; step <= 3; ++step) brain.report(0, step, 0.5, true);
  const CheckpointId second = brain.trial(0).checkpoints[1].id;
  brain.lost(0);

  const Decision again = unreadable(brain, 0);

  EXPECT_EQ(std::get<ResumeTrial>(again.body).checkpoint, second);
  EXPECT_EQ(again.reason, "the checkpoint of iteration 3 cannot be read: goes on from its checkpoint of iteration 2");
  brain.report(0, 3, 0.5, false);
  brain.lost(0);
  EXPECT_EQ(brain.trial(0).resume_from, second) << "that it cannot be read is remembered";
  EXPECT_EQ(brain.resumed().controller().trial(TrialId{0}).resume_from, second);
}

TEST(Unreadable, HoweverManyTheyAreNoLossesOfItsWorker) {
  Brain brain(keeping_the_last(15));
  brain.start(1);
  for (Step step = 1; step <= 15; ++step) brain.report(0, step, 0.5, true);
  const CheckpointId second = brain.trial(0).checkpoints[1].id;
  brain.lost(0);

  for (int i = 0; i < 13; ++i) unreadable(brain, 0);

  EXPECT_EQ(brain.trial(0).state, TrialState::kRunning);
  EXPECT_EQ(brain.trial(0).resume_from, second);
  EXPECT_EQ(brain.trial(0).lost_in_a_row, 1);
  unreadable(brain, 0);
  EXPECT_EQ(unreadable(brain, 0).reason, "the checkpoint of iteration 1 cannot be read: goes on from the start");
}

TEST(Unreadable, APromotedTrialBeginsAgainAndSaysSo) {
  Brain brain(trials(2));
  brain.scheduler().parks = true;
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits in rung 1"};
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.scheduler().before_new = [&](const Supply& supply) -> std::optional<Proposal> {
    if (!supply.slot_free || brain.trial(0).state != TrialState::kPaused) return std::nullopt;
    return Proposal::about(Proposal::Kind::kResume, TrialId{0}, "promoted");
  };
  ASSERT_EQ(all<ResumeTrial>(brain.ended(0, EndKind::kPaused))[0].why, ResumeWhy::kPromoted);

  const Decision again = unreadable(brain, 0);

  EXPECT_EQ(again.reason, "the checkpoint of iteration 1 cannot be read: goes on from the start");
  EXPECT_EQ(std::get<ResumeTrial>(again.body).checkpoint, std::nullopt);
  const auto& proposals = brain.scheduler().proposals;
  EXPECT_EQ(std::ranges::count(proposals, Proposal::Kind::kResume, &Proposal::kind), 1) << "it was promoted once";
}

/// Trial 0 copies trial 1, whose newest checkpoint, of iteration 4, cannot be read; its own newest is of iteration 5.
Decision clone(Brain& brain) {
  brain.scheduler().parks = true;
  brain.scheduler().verdicts[5] = {Verdict::kPause, false, "in the lower quantile"};
  brain.start(2);
  brain.report(1, 3, 0.1, true);
  brain.report(1, 4, 0.1, true);
  const CheckpointId donated = brain.log().back().event.n;
  brain.report(0, 5, 0.9, true);
  brain.scheduler().before_new = [&brain, donated](const Supply& supply) -> std::optional<Proposal> {
    if (brain.trial(0).state != TrialState::kPaused) return std::nullopt;
    if (brain.trial(0).generation == 0) {
      Proposal proposal = Proposal::about(Proposal::Kind::kExploit, TrialId{0}, "copies trial 1");
      proposal.donor = TrialId{1};
      proposal.checkpoint = donated;
      proposal.config.set("x", 42.0);
      return proposal;
    }
    if (supply.slot_free) return Proposal::about(Proposal::Kind::kResume, TrialId{0}, "goes on");
    return std::nullopt;
  };
  EXPECT_EQ(all<ResumeTrial>(brain.ended(0, EndKind::kPaused))[0].checkpoint, donated);
  return unreadable(brain, 0);
}

TEST(Unreadable, ACloneTakesWhatItsDonorSavedBefore) {
  ControllerOptions options = trials(2);
  options.checkpoint.keep = 2;
  Brain brain(options);

  const Decision again = clone(brain);

  EXPECT_EQ(again.reason,
            "the checkpoint of iteration 4 cannot be read: goes on from trial 1's checkpoint of iteration 3");
  EXPECT_EQ(brain.controller().checkpoint(*std::get<ResumeTrial>(again.body).checkpoint)->step, 3);
  brain.report(0, 4, 0.2, false);
  EXPECT_EQ(brain.trial(0).replayed, 1) << "iteration 4 is the donor's, and repeated";
}

TEST(Unreadable, ACloneWhoseDonorHasNoOtherKeepsItsOwn) {
  Brain brain(trials(2));
  EXPECT_EQ(clone(brain).reason,
            "the checkpoint of iteration 4 cannot be read: goes on from its checkpoint of iteration 5");
}

TEST(Unreadable, TakesNoPlaceOfThoseThatAreKept) {
  Brain brain(keeping_the_last(2));
  brain.start(1);
  for (Step step = 1; step <= 4; ++step) brain.report(0, step, 0.5 - 0.1 * static_cast<double>(step), true);
  brain.lost(0);
  unreadable(brain, 0);

  brain.report(0, 4, 0.1, false);  // it has loaded iteration 3, and has saved nothing new

  brain.lost(0);
  EXPECT_EQ(brain.controller().checkpoint(*brain.trial(0).resume_from)->step, 3);
}

}  // namespace
}  // namespace tune::test

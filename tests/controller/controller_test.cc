// The brain, one event at a time.

#include <cmath>

#include "brain.h"

namespace tune::test {
namespace {

TEST(Controller, FillsItsSlotsWhenARunStarts) {
  Brain brain(trials(5));

  const auto decisions = brain.start(2);

  EXPECT_EQ(all<StartTrial>(decisions).size(), 2u);
  EXPECT_EQ(brain.controller().counts().running, 2);
}

TEST(Controller, GrantsNoMoreThanTheBudgetHolds) {
  Brain brain(trials(3));

  EXPECT_EQ(all<StartTrial>(brain.start(8)).size(), 3u);
}

TEST(Controller, StartsTheNextTrialWhenOneEnds) {
  Brain brain(trials(3));
  brain.start(1);
  brain.report(0, 1, 0.5);

  const auto decisions = brain.ended(0);

  EXPECT_EQ(brain.trial(0).state, TrialState::kCompleted);
  ASSERT_EQ(all<StartTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<StartTrial>(decisions)[0].trial, TrialId{1});
}

TEST(Controller, EndsWhenTheBudgetIsUsedUp) {
  Brain brain(trials(2));
  brain.start(1);
  brain.ended(0);

  const auto decisions = brain.ended(1);

  ASSERT_EQ(all<EndExperiment>(decisions).size(), 1u);
  EXPECT_EQ(all<EndExperiment>(decisions)[0].why, EndWhy::kBudgetTrials);
  EXPECT_TRUE(brain.controller().finished());
}

TEST(Controller, EndsWhenTheSpaceIsUsedUp) {
  Brain brain({}, 2);
  brain.start(4);
  brain.ended(0);

  const auto decisions = brain.ended(1);

  ASSERT_EQ(all<EndExperiment>(decisions).size(), 1u);
  EXPECT_EQ(all<EndExperiment>(decisions)[0].why, EndWhy::kExhausted);
}

TEST(Controller, EveryDecisionCarriesAReason) {
  Brain brain(trials(2));
  brain.scheduler().verdicts[1] = {Verdict::kStop, false, "rank 2 of 2"};
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.ended(0, EndKind::kStopped);
  brain.ended(1);

  for (const LogEntry& entry : brain.log()) {
    for (const Decision& decision : entry.decisions) EXPECT_FALSE(decision.reason.empty());
  }
}

TEST(Controller, StopsATrialThatTheSchedulerStops) {
  Brain brain(trials(1));
  brain.scheduler().verdicts[3] = {Verdict::kStop, false, "rank 5 of 6 in rung 3, keeps 2"};
  brain.start(1);

  const auto decisions = brain.report(0, 3, 0.5);
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopping);
  brain.ended(0, EndKind::kStopped);

  ASSERT_EQ(all<Judged>(decisions).size(), 1u);
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(0).cause, Cause::kScheduler);
  EXPECT_EQ(brain.trial(0).reason, "rank 5 of 6 in rung 3, keeps 2");
}

TEST(Controller, CountsATrialAtMaxTAsCompleted) {
  Brain brain(trials(1));
  brain.scheduler().verdicts[9] = {Verdict::kStop, true, "reached max_t 9"};
  brain.start(1);
  brain.report(0, 9, 0.5);
  brain.ended(0, EndKind::kStopped);

  EXPECT_EQ(brain.trial(0).state, TrialState::kCompleted);
  EXPECT_EQ(brain.trial(0).cause, Cause::kMaxT);
}

TEST(Controller, PausesAndResumesFromTheCheckpointOfTheRung) {
  Brain brain(trials(1));
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits in rung 1"};
  brain.scheduler().parks = true;
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  const EventNumber checkpoint = brain.log().back().event.n;
  brain.scheduler().before_new = [&, done = false](const Supply& supply) mutable -> std::optional<Proposal> {
    if (!supply.slot_free || brain.trial(0).state != TrialState::kPaused) return std::nullopt;
    return Proposal::about(Proposal::Kind::kResume, TrialId{0}, "promoted from rung 1");
  };

  const auto decisions = brain.ended(0, EndKind::kPaused);

  ASSERT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  const ResumeTrial resume = all<ResumeTrial>(decisions)[0];
  EXPECT_EQ(resume.why, ResumeWhy::kPromoted);
  EXPECT_EQ(resume.attempt, Attempt{2});
  EXPECT_EQ(resume.checkpoint, checkpoint);
  ASSERT_EQ(brain.scheduler().proposals.size(), 1u);
}

TEST(Controller, DoesNotResumeATrialThatHasNotLeftItsSlotYet) {
  Brain brain(trials(2));
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits in rung 1"};
  brain.scheduler().parks = true;
  brain.start(2);
  brain.ended(1);
  brain.scheduler().before_new = [&](const Supply& supply) -> std::optional<Proposal> {
    if (!supply.slot_free || brain.trial(0).attempt.value > 1) return std::nullopt;
    return Proposal::about(Proposal::Kind::kResume, TrialId{0}, "promoted from rung 1");
  };

  EXPECT_TRUE(all<ResumeTrial>(brain.report(0, 1, 0.5, true)).empty());
  EXPECT_EQ(all<ResumeTrial>(brain.ended(0, EndKind::kPaused)).size(), 1u);
  EXPECT_EQ(brain.controller().live().size(), 1u);
}

TEST(Controller, ShowsTheSchedulerEachStepOnce) {
  Brain brain(trials(1));
  brain.start(1);
  brain.report(0, 1, 0.5);
  brain.report(0, 2, 0.4);
  brain.lost(0);
  brain.report(0, 1, 0.5);
  brain.report(0, 2, 0.9);
  brain.report(0, 3, 0.3);

  ASSERT_EQ(brain.scheduler().seen.size(), 3u);
  EXPECT_EQ(brain.scheduler().seen[1].score.u, 0.4);
  EXPECT_EQ(brain.trial(0).replayed, 2);
  EXPECT_EQ(brain.trial(0).reports, 3);
}

TEST(Controller, RunsALostTrialAgainWithoutUsingARetry) {
  Brain brain(trials(2));
  brain.start(1);
  brain.report(0, 1, 0.5, true);

  const auto decisions = brain.lost(0);

  ASSERT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<ResumeTrial>(decisions)[0].why, ResumeWhy::kLost);
  EXPECT_TRUE(all<ResumeTrial>(decisions)[0].checkpoint.has_value());
  EXPECT_EQ(brain.trial(0).retries_used, 0);
  EXPECT_TRUE(all<StartTrial>(decisions).empty());
}

TEST(Controller, SaysWhyALostTrialRunsAgain) {
  Brain brain(trials(2));
  brain.start(1);
  const auto reason = [&](int attempt, const std::string& why) {
    const auto decisions = brain.on(Lost{TrialId{0}, Attempt{attempt}, why});
    return decisions.empty() ? "" : decisions[0].reason;
  };
  EXPECT_THAT(reason(1, "the disk of /data is full: exit code 1: no room"),
              ::testing::StartsWith("the disk of /data is full: goes on "));
  EXPECT_THAT(reason(2, "the fork server ended with signal 11\nmore"),
              ::testing::StartsWith("the fork server ended with signal 11: goes on "));
  EXPECT_THAT(reason(3, ""), ::testing::StartsWith("its worker was lost: goes on "));
}

TEST(Controller, GivesUpOnATrialWhoseWorkerIsLostElevenTimesInARow) {
  Brain brain(trials(1));
  brain.start(1);
  brain.on(Ticked{});
  for (int i = 0; i < 10; ++i) {
    brain.lost(0);
    EXPECT_EQ(brain.trial(0).state, TrialState::kRunning);
  }

  brain.lost(0);

  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
  EXPECT_EQ(brain.trial(0).cause, Cause::kLostWorker);
}

TEST(Controller, DoesNotCountLossesThatComeWithAControllerStart) {
  Brain brain(trials(1));
  brain.start(1);
  for (int i = 0; i < 30; ++i) {
    brain.start(1);
    brain.lost(0);
  }

  EXPECT_EQ(brain.trial(0).state, TrialState::kRunning);
}

TEST(Controller, RetriesAFailedTrialFromItsLastCheckpointBeforeAnythingNew) {
  ControllerOptions options = trials(2);
  options.retries.signal = 1;
  Brain brain(options);
  brain.start(1);
  brain.report(0, 1, 0.5, true);

  const auto decisions = brain.ended(0, EndKind::kFailed, Cause::kSignal);

  ASSERT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<ResumeTrial>(decisions)[0].why, ResumeWhy::kRetry);
  EXPECT_TRUE(all<StartTrial>(decisions).empty());

  brain.ended(0, EndKind::kFailed, Cause::kSignal);
  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
  EXPECT_EQ(brain.scheduler().ended.front(), (std::pair<std::int64_t, bool>{0, true}));
}

TEST(Controller, RetriesOnlyTheCausesThatAreAllowed) {
  ControllerOptions options = trials(1);
  options.retries.signal = 3;
  Brain brain(options);
  brain.start(1);

  brain.ended(0, EndKind::kFailed, Cause::kException);

  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
}

TEST(Controller, HearsOnlyTheCurrentAttempt) {
  Brain brain(trials(1));
  brain.start(1);
  brain.lost(0);
  Reported stale;
  stale.trial = TrialId{0};
  stale.attempt = Attempt{1};
  stale.seq = 1;
  stale.step = 1;
  stale.metrics = {{"loss", 0.1}};

  EXPECT_FALSE(brain.controller().accepts({brain.controller().next_event(), 0, stale}));
  brain.on(stale);
  EXPECT_EQ(brain.trial(0).reports, 0);
}

TEST(Controller, FailsATrialWhoseReportLacksTheObjective) {
  Brain brain(trials(1));
  brain.start(1);
  Reported report;
  report.trial = TrialId{0};
  report.attempt = Attempt{1};
  report.seq = 1;
  report.step = 1;
  report.metrics = {{"los", 0.1}, {"acc", 0.2}};

  const auto decisions = brain.on(report);
  brain.ended(0, EndKind::kStopped);

  ASSERT_EQ(all<Judged>(decisions).size(), 1u);
  EXPECT_EQ(brain.trial(0).state, TrialState::kFailed);
  EXPECT_EQ(brain.trial(0).cause, Cause::kBadReport);
  EXPECT_EQ(brain.trial(0).reason, "trial 0 reported [los, acc]; the objective is 'loss'");
}

TEST(Controller, FailsATrialWhoseTimeAttributeDoesNotGrow) {
  Brain brain(trials(1));
  brain.scheduler().attribute = "epoch";
  brain.start(1);
  const auto with_epoch = [&](Step step, double epoch) {
    Reported report;
    report.trial = TrialId{0};
    report.attempt = Attempt{1};
    report.seq = step;
    report.step = step;
    report.metrics = {{"loss", 0.1}, {"epoch", epoch}};
    return brain.on(report);
  };
  EXPECT_TRUE(all<Judged>(with_epoch(1, 5)).empty());

  EXPECT_EQ(all<Judged>(with_epoch(2, 5)).size(), 1u);

  EXPECT_EQ(brain.trial(0).state, TrialState::kStopping);
  EXPECT_THAT(brain.trial(0).reason, testing::HasSubstr("it must grow"));
}

TEST(Controller, NaNIsNeverTheBest) {
  Brain brain(trials(2));
  brain.start(2);
  brain.report(0, 1, std::nan(""));
  brain.on(Ticked{});
  EXPECT_EQ(brain.controller().best(), nullptr);

  brain.report(1, 1, std::numeric_limits<double>::infinity());
  brain.on(Ticked{});

  ASSERT_NE(brain.controller().best(), nullptr);
  EXPECT_EQ(brain.controller().best()->id, TrialId{1});
  EXPECT_EQ(brain.controller().counts().nan_reports, 1);
  EXPECT_EQ(brain.controller().counts().infinite_reports, 1);
}

TEST(Controller, TheEarlierOfTwoEqualScoresStaysBest) {
  Brain brain(trials(2));
  brain.start(2);
  brain.report(1, 1, 0.5);
  brain.report(0, 1, 0.5);
  brain.on(Ticked{});

  EXPECT_EQ(brain.controller().best()->id, TrialId{1});
}

TEST(Controller, SignsScoresAtTheDoor) {
  ControllerOptions options = trials(2);
  options.objectives = {{"loss", Mode::kMax, std::nullopt}};
  Brain brain(options);
  brain.start(2);
  brain.report(0, 1, 0.2);
  brain.report(1, 1, 0.9);
  brain.on(Ticked{});

  EXPECT_EQ(brain.controller().best()->id, TrialId{1});
  EXPECT_EQ(brain.controller().best()->best_value, 0.9);
  EXPECT_EQ(brain.scheduler().seen[0].score.u, -0.2);
}

TEST(Controller, GrantsAheadOnlyWhereNothingLearns) {
  Brain learning(trials(9));
  EXPECT_EQ(all<StartTrial>(learning.start(2, 2)).size(), 2u);

  Brain fifo(trials(9));
  fifo.scheduler().learning = false;
  EXPECT_EQ(all<StartTrial>(fifo.start(2, 2)).size(), 4u);
}

TEST(Controller, CountsATrialThatWasGrantedAheadAsWaiting) {
  Brain brain(trials(5));
  brain.scheduler().learning = false;
  brain.start(2, 2);
  EXPECT_EQ(granted_ahead(brain.controller()), (std::vector{TrialId{2}, TrialId{3}}));
  EXPECT_EQ(in_hand(brain.controller()).running, 2);
  EXPECT_EQ(in_hand(brain.controller()).waiting, 2);
  brain.ended(1);
  EXPECT_EQ(granted_ahead(brain.controller()), (std::vector{TrialId{3}, TrialId{4}}));
  brain.report(3, 1, 0.5);  // whoever reports has a slot
  EXPECT_EQ(granted_ahead(brain.controller()), std::vector{TrialId{4}});
}

TEST(Controller, AsksNothingDuringResumeAndComesToTheSameState) {
  Brain brain(trials(4));
  brain.scheduler().verdicts[2] = {Verdict::kStop, false, "rank 2 of 2"};
  brain.start(2);
  brain.report(0, 1, 0.5, true);
  brain.report(1, 1, 0.6, true);
  brain.report(0, 2, 0.4, true);
  brain.ended(0, EndKind::kStopped);
  brain.report(1, 2, 0.3, true);

  Brain resumed = brain.resumed();

  EXPECT_EQ(resumed.controller().asked(), 0);
  ASSERT_EQ(resumed.controller().trials(), brain.controller().trials());
  for (std::int64_t i = 0; i < brain.controller().trials(); ++i) {
    EXPECT_EQ(resumed.trial(i).state, brain.trial(i).state);
    EXPECT_EQ(resumed.trial(i).attempt, brain.trial(i).attempt);
    EXPECT_EQ(resumed.trial(i).best, brain.trial(i).best);
    EXPECT_EQ(resumed.trial(i).config, brain.trial(i).config);
  }
  EXPECT_EQ(resumed.ended(1, EndKind::kStopped), brain.ended(1, EndKind::kStopped));
}

TEST(Controller, FollowsARecordedDecisionThatItWouldNotTakeNow) {
  Brain brain(trials(2));
  brain.start(1);
  const EventNumber n = brain.controller().next_event();
  Reported report;
  report.trial = TrialId{0};
  report.attempt = Attempt{1};
  report.seq = 1;
  report.step = 1;
  report.metrics = {{"loss", 0.5}};
  brain.controller().observe({n, 0, report});

  brain.controller().apply(
      {Judged{TrialId{0}, 1, Verdict::kStop, TrialState::kStopped, Cause::kScheduler}, "older rules"});

  EXPECT_EQ(brain.trial(0).state, TrialState::kStopping);
  EXPECT_EQ(brain.trial(0).reason, "older rules");
}

TEST(Controller, ExploitsByDonorCheckpointAndOpensAGeneration) {
  Brain brain(trials(2));
  brain.scheduler().parks = true;
  brain.scheduler().verdicts[5] = {Verdict::kPause, false, "in the lower quantile"};
  brain.start(2);
  brain.report(1, 4, 0.1, true);
  const CheckpointId donated = brain.log().back().event.n;
  brain.report(0, 5, 0.9, true);
  brain.scheduler().before_new = [&](const Supply& supply) -> std::optional<Proposal> {
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

  const auto decisions = brain.ended(0, EndKind::kPaused);

  ASSERT_EQ(all<ExploitTrial>(decisions).size(), 1u);
  ASSERT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<ResumeTrial>(decisions)[0].checkpoint, donated);
  EXPECT_EQ(all<ResumeTrial>(decisions)[0].why, ResumeWhy::kExploit);
  EXPECT_EQ(brain.trial(0).generation, 1);
  EXPECT_EQ(brain.trial(0).last_step, 4);
  EXPECT_EQ(*brain.trial(0).config.find("x"), Value(42.0));
}

TEST(Controller, TellsWhereATrialMustWait) {
  Brain brain(trials(1));
  brain.scheduler().point = {9, true};
  brain.start(1);
  EXPECT_EQ(brain.controller().wait_point(TrialId{0}), (WaitPoint{9, true}));

  ControllerOptions stopping = trials(1);
  stopping.stop.training_iteration = 5;
  Brain earlier(stopping);
  earlier.scheduler().point = {9, true};
  earlier.start(1);
  EXPECT_EQ(earlier.controller().wait_point(TrialId{0}), (WaitPoint{5, false}));

  ControllerOptions watching = trials(1);
  watching.stop.metrics = {{"loss", false, 0.1}};
  Brain every(watching);
  every.start(1);
  EXPECT_EQ(every.controller().wait_point(TrialId{0}), (WaitPoint{0, false}));

  Brain never(trials(1));
  never.start(1);
  EXPECT_EQ(never.controller().wait_point(TrialId{0}).step, WaitPoint::kNever);
}

}  // namespace
}  // namespace tune::test

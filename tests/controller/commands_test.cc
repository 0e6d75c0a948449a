// What a person asks of an experiment: on trials, on all of it, and while nobody runs it.

#include "brain.h"

namespace tune::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Commanded ask(CommandKind kind, std::optional<std::int64_t> trial = std::nullopt) {
  Commanded command{kind, std::nullopt, 1};
  if (trial) command.trial = TrialId{*trial};
  return command;
}

Commanded enqueue(double x) {
  Commanded command{CommandKind::kEnqueue, std::nullopt, 1};
  command.config.set("x", x);
  return command;
}

Edited edit(const std::string& key, Value now, std::int64_t slots = 0) { return {key, {}, std::move(now), slots, 1}; }

/// A command at rest: a controller start without slots, and the trials that ran are lost.
void rest(Brain& brain) {
  const auto running = brain.controller().live();
  brain.start(0);
  for (const TrialId trial : running) brain.lost(trial.value);
}

double x_of(Brain& brain, std::int64_t trial) { return brain.trial(trial).config.find("x")->real(); }

void expect_equal_after_resume(Brain& brain) {
  Brain other = brain.resumed();
  ASSERT_EQ(other.controller().trials(), brain.controller().trials());
  for (std::int64_t i = 0; i < brain.controller().trials(); ++i) {
    EXPECT_EQ(other.trial(i).state, brain.trial(i).state) << i;
    EXPECT_EQ(other.trial(i).held, brain.trial(i).held) << i;
    EXPECT_EQ(other.trial(i).attempt, brain.trial(i).attempt) << i;
  }
  EXPECT_EQ(other.controller().finished(), brain.controller().finished());
  EXPECT_EQ(other.controller().ending(), brain.controller().ending());
  EXPECT_EQ(other.controller().trials_allowed(), brain.controller().trials_allowed());
  EXPECT_FALSE(other.controller().next()) << "the rules want something that was not decided";
}

// --- pause and resume
// -------------------------------------------------------------------------------------------------

TEST(PauseExperiment, StartsNothingUntilItIsResumed) {
  Brain brain(trials(4));
  brain.start(2);
  EXPECT_THAT(brain.on(ask(CommandKind::kPause)), IsEmpty());
  EXPECT_THAT(brain.ended(0, EndKind::kInterrupted), IsEmpty());
  EXPECT_FALSE(brain.controller().stands_still());
  EXPECT_THAT(brain.ended(1), SizeIs(1));  // it had completed, and is finished
  EXPECT_TRUE(brain.controller().stands_still());
  EXPECT_EQ(brain.trial(0).state, TrialState::kWaiting);
  EXPECT_TRUE(brain.controller().refusal(ask(CommandKind::kPause)));

  const auto decisions = brain.on(ask(CommandKind::kResume));
  EXPECT_EQ(all<ResumeTrial>(decisions).size(), 1u);
  EXPECT_EQ(all<StartTrial>(decisions).size(), 1u);
  EXPECT_TRUE(brain.controller().refusal(ask(CommandKind::kResume)));
  expect_equal_after_resume(brain);
}

TEST(PauseExperiment, EndsWithAStopAndWhatWaitsIsStopped) {
  Brain brain(trials(4));
  brain.start(2);
  brain.on(ask(CommandKind::kPause));
  brain.ended(0, EndKind::kInterrupted);
  brain.ended(1, EndKind::kInterrupted);
  brain.on(ask(CommandKind::kStop));
  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(1).cause, Cause::kUser);
  expect_equal_after_resume(brain);
}

TEST(PauseTrial, TakesItsSlotAwayAndItsReportsCountUntilItLeaves) {
  Brain brain(trials(3));
  brain.start(1);
  brain.on(ask(CommandKind::kPause, 0));
  brain.report(0, 1, 0.5, true);
  EXPECT_EQ(brain.trial(0).reports, 1);
  const auto decisions = brain.ended(0, EndKind::kInterrupted);
  EXPECT_EQ(brain.trial(0).state, TrialState::kPaused);
  EXPECT_EQ(all<StartTrial>(decisions).size(), 1u);

  EXPECT_THAT(brain.on(ask(CommandKind::kResume, 0)), IsEmpty());  // no slot is free
  const auto after = all<ResumeTrial>(brain.ended(1));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0].trial, TrialId{0});
  EXPECT_EQ(after[0].why, ResumeWhy::kUnpaused);
  EXPECT_TRUE(after[0].checkpoint);
  expect_equal_after_resume(brain);
}

TEST(PauseTrial, ThatWaitsIsPausedAtOnceAndOneThatDiesStaysSo) {
  Brain brain(trials(5));
  brain.start(2);
  rest(brain);
  brain.on(ask(CommandKind::kPause, 0));
  EXPECT_EQ(brain.trial(0).state, TrialState::kPaused);
  brain.start(2);
  EXPECT_EQ(brain.trial(0).state, TrialState::kPaused);
  brain.on(ask(CommandKind::kPause, 1));
  brain.lost(1);
  EXPECT_EQ(brain.trial(1).state, TrialState::kPaused);
  expect_equal_after_resume(brain);
}

TEST(PauseTrial, IsEndedWithTheExperimentAndCanBeRetried) {
  Brain brain(trials(2));
  brain.start(2);
  brain.on(ask(CommandKind::kPause, 0));
  brain.ended(0, EndKind::kInterrupted);
  brain.ended(1);
  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_THAT(brain.trial(0).reason, HasSubstr("paused by the user"));
  EXPECT_FALSE(brain.controller().refusal(ask(CommandKind::kRetry, 0)));
}

TEST(PauseTrial, ThatTheSchedulerHasParkedIsHeldWhenItIsPromoted) {
  Brain brain(trials(2));
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits in rung 1"};
  brain.scheduler().parks = true;
  bool promote = false;
  brain.scheduler().before_new = [&](const Supply& supply) -> std::optional<Proposal> {
    if (!promote || !supply.slot_free) return std::nullopt;
    promote = false;
    return Proposal::about(Proposal::Kind::kResume, TrialId{0}, "promoted");
  };
  brain.start(1);
  brain.report(0, 1, 0.5, true);
  brain.ended(0, EndKind::kPaused);
  EXPECT_TRUE(brain.trial(0).parked);
  EXPECT_TRUE(brain.controller().refusal(ask(CommandKind::kResume, 0)));
  brain.on(ask(CommandKind::kPause, 0));

  promote = true;
  const auto decisions = brain.ended(1);
  EXPECT_EQ(all<HoldTrial>(decisions).size(), 1u);
  EXPECT_TRUE(all<ResumeTrial>(decisions).empty());
  EXPECT_FALSE(brain.trial(0).parked);
}

// --- stop and cancel
// --------------------------------------------------------------------------------------------------

TEST(StopTrial, ReachesOneThatIsOnItsWayToAPause) {
  Brain brain(trials(2));
  brain.scheduler().verdicts[1] = {Verdict::kPause, false, "waits"};
  brain.start(1);
  brain.report(0, 1, 0.5);
  EXPECT_EQ(brain.trial(0).state, TrialState::kPausing);
  EXPECT_TRUE(all<Judged>(brain.on(ask(CommandKind::kStop, 0))).empty());
  brain.ended(0, EndKind::kPaused);
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_EQ(brain.trial(0).cause, Cause::kUser);
  expect_equal_after_resume(brain);
}

TEST(StopTrial, IsRefusedOnceItIsOver) {
  Brain brain(trials(3));
  brain.start(1);
  brain.ended(0);
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kStop, 0)), HasSubstr("completed already"));
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kPause, 0)), HasSubstr("completed already"));
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kStop, 9)), HasSubstr("there is no trial 9"));
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kRetry, 0)), HasSubstr("enqueue"));
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kResume, 0)), HasSubstr("enqueue"));
  EXPECT_THAT(brain.on(ask(CommandKind::kStop, 0)), IsEmpty());  // whoever wrote that row: it changes nothing
  EXPECT_THAT(brain.on(ask(CommandKind::kStop, 99)), IsEmpty());
  EXPECT_EQ(brain.trial(0).state, TrialState::kCompleted);
}

TEST(StopExperiment, AtRestEndsItAtOnce) {
  Brain brain(trials(5));
  brain.start(2);
  rest(brain);
  brain.on(ask(CommandKind::kStop));
  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.controller().counts().stopped, 2);
  expect_equal_after_resume(brain);

  brain.on(ask(CommandKind::kResume));
  EXPECT_FALSE(brain.controller().finished());
  EXPECT_EQ(all<StartTrial>(brain.start(2)).size(), 2u);
}

TEST(StopExperiment, IsTakenBackWhileTrialsStillRun) {
  Brain brain(trials(5));
  brain.start(2);
  brain.on(ask(CommandKind::kStop));
  EXPECT_EQ(brain.controller().ending(), EndWhy::kUser);
  EXPECT_TRUE(brain.controller().refusal(enqueue(7)));
  brain.on(ask(CommandKind::kResume));
  EXPECT_FALSE(brain.controller().ending());
  EXPECT_EQ(all<StartTrial>(brain.ended(0)).size(), 1u);
}

TEST(Withdrawn, ConfigurationsGoFirstWhenTheExperimentGoesOn) {
  Brain brain(trials(5));
  brain.scheduler().learning = false;
  brain.start(1, 1);  // trial 1 is granted ahead
  brain.on(ask(CommandKind::kStop));
  EXPECT_EQ(brain.trial(1).state, TrialState::kWithdrawn);
  brain.ended(0);
  const auto started = all<StartTrial>(brain.on(ask(CommandKind::kResume)));
  ASSERT_FALSE(started.empty());
  EXPECT_TRUE(started[0].queued);
  EXPECT_EQ(started[0].config.find("x")->real(), 1);
  for (std::int64_t next = 2; !brain.controller().finished(); ++next) brain.ended(next);
  std::set<double> seen;
  for (std::int64_t i = 0; i < brain.controller().trials(); ++i) {
    if (brain.trial(i).state == TrialState::kCompleted) seen.insert(x_of(brain, i));
  }
  EXPECT_EQ(seen, (std::set<double>{0, 1, 2, 3, 4}));
}

// --- enqueue
// ----------------------------------------------------------------------------------------------------------

TEST(Enqueue, GoesFirstAndBeyondTheBudgetAndMovesNoOtherConfiguration) {
  Brain brain(trials(3));
  brain.start(1);
  brain.on(enqueue(70));
  EXPECT_EQ(brain.controller().queued(), 1u);
  const auto started = all<StartTrial>(brain.ended(0));
  ASSERT_THAT(started, SizeIs(1));
  EXPECT_TRUE(started[0].queued);
  for (std::int64_t next = 1; !brain.controller().finished(); ++next) brain.ended(next);
  ASSERT_EQ(brain.controller().trials(), 4);
  EXPECT_EQ(x_of(brain, 0), 0);
  EXPECT_EQ(x_of(brain, 1), 70);
  EXPECT_EQ(x_of(brain, 2), 1);
  EXPECT_EQ(x_of(brain, 3), 2);
  expect_equal_after_resume(brain);
}

TEST(Enqueue, MakesAFinishedExperimentGoOn) {
  Brain brain(trials(1));
  brain.start(1);
  brain.ended(0);
  ASSERT_TRUE(brain.controller().finished());
  rest(brain);
  brain.on(enqueue(7));
  EXPECT_FALSE(brain.controller().finished());
  expect_equal_after_resume(brain);
  EXPECT_EQ(all<StartTrial>(brain.start(1)).size(), 1u);
  brain.ended(1);
  EXPECT_TRUE(brain.controller().finished());
}

TEST(Enqueue, TakesNoCellOfAFiniteSearch) {
  Brain brain({}, 2);
  brain.start(1);
  brain.on(enqueue(70));
  for (std::int64_t next = 0; !brain.controller().finished(); ++next) brain.ended(next);
  EXPECT_EQ(brain.controller().trials(), 3);
  EXPECT_EQ(x_of(brain, 2), 1);
  EXPECT_EQ(brain.controller().ending(), EndWhy::kExhausted);
}

// --- retry
// ------------------------------------------------------------------------------------------------------------

TEST(Retry, GoesOnFromTheLastCheckpointAndUsesUpNoRetry) {
  Brain brain(trials(1));
  brain.start(1);
  brain.report(0, 3, 0.5, true);
  brain.ended(0, EndKind::kFailed, Cause::kException);
  ASSERT_EQ(brain.trial(0).state, TrialState::kFailed);
  rest(brain);
  brain.on(ask(CommandKind::kRetry, 0));
  EXPECT_EQ(brain.controller().counts().failed, 0);
  EXPECT_FALSE(brain.controller().finished());
  expect_equal_after_resume(brain);

  const auto resumed = all<ResumeTrial>(brain.start(1));
  ASSERT_THAT(resumed, SizeIs(1));
  EXPECT_EQ(resumed[0].why, ResumeWhy::kUserRetry);
  EXPECT_TRUE(resumed[0].checkpoint);
  EXPECT_EQ(brain.trial(0).retries_used, 0);
  brain.report(0, 4, 0.4);
  brain.ended(0);
  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.controller().counts().completed, 1);
}

TEST(Retry, OfTheLastFailureOpensAnExperimentThatFailuresEnded) {
  ControllerOptions options = trials(10);
  options.budget.failures = 0;
  Brain brain(options);
  brain.start(1);
  brain.ended(0, EndKind::kFailed, Cause::kException);
  ASSERT_EQ(brain.controller().ending(), EndWhy::kFailures);
  EXPECT_FALSE(brain.controller().refusal(ask(CommandKind::kRetry, 0)));
  brain.on(ask(CommandKind::kRetry, 0));
  EXPECT_FALSE(brain.controller().ending());
}

TEST(Retry, IsRefusedWhereItCouldNotRun) {
  ControllerOptions options = trials(2);
  options.budget.time = 10;
  Brain brain(options);
  brain.start(1);
  brain.ended(0, EndKind::kFailed, Cause::kException);
  brain.at = 11;
  brain.on(Ticked{});
  brain.ended(1, EndKind::kStopped);
  EXPECT_THAT(*brain.controller().refusal(ask(CommandKind::kRetry, 0)), HasSubstr("budget.time"));
  EXPECT_THAT(*brain.controller().refusal(enqueue(1)), HasSubstr("budget.time"));
  rest(brain);
  brain.on(edit("budget.time", 100.0));
  EXPECT_FALSE(brain.controller().refusal(ask(CommandKind::kRetry, 0)));
}

// --- edits
// ------------------------------------------------------------------------------------------------------------

TEST(Edit, OfTheNumberOfTrialsHoldsLiveAndAfterTheEnd) {
  Brain brain(trials(2));
  brain.start(1);
  brain.on(edit("budget.trials", 3));
  for (std::int64_t next = 0; !brain.controller().finished(); ++next) brain.ended(next);
  EXPECT_EQ(brain.controller().trials(), 3);
  rest(brain);
  brain.on(edit("budget.trials", 4));
  EXPECT_FALSE(brain.controller().finished());
  brain.start(1);
  brain.ended(3);
  EXPECT_TRUE(brain.controller().finished());
  expect_equal_after_resume(brain);
}

TEST(Edit, ToFewerTrialsThanThereAreStartsNoneAndKillsNone) {
  Brain brain(trials(9));
  brain.start(3);
  EXPECT_THAT(brain.on(edit("budget.trials", 1)), IsEmpty());
  for (std::int64_t i = 0; i < 3; ++i) brain.ended(i);
  EXPECT_TRUE(brain.controller().finished());
  EXPECT_EQ(brain.controller().counts().completed, 3);
}

TEST(Edit, ToLessTimeThanHasPassedEndsTheExperimentAtOnce) {
  Brain brain(trials(9));
  brain.start(1);
  brain.at = 50;
  const auto decisions = brain.on(edit("budget.time", 40.0));
  EXPECT_EQ(all<EndExperiment>(decisions).at(0).why, EndWhy::kBudgetTime);
  EXPECT_EQ(all<Judged>(decisions).size(), 1u);
}

TEST(Edit, OfConcurrencyFillsTheNewSlotsAndTakesNoneAway) {
  Brain brain(trials(9));
  brain.start(1);
  EXPECT_EQ(all<StartTrial>(brain.on(edit("budget.concurrency", 3, 3))).size(), 2u);
  EXPECT_THAT(brain.on(edit("budget.concurrency", 1, 1)), IsEmpty());
  EXPECT_TRUE(all<StartTrial>(brain.ended(0)).empty());
  EXPECT_TRUE(all<StartTrial>(brain.ended(1)).empty());
  EXPECT_EQ(all<StartTrial>(brain.ended(2)).size(), 1u);
}

TEST(Edit, WithoutSenseChangesNothing) {
  Brain brain(trials(2));
  brain.start(1);
  brain.on(edit("budget.moon", 3));
  brain.on(edit("retries", "many"));
  EXPECT_EQ(brain.controller().trials_allowed(), 2);
}

// --- at rest
// ----------------------------------------------------------------------------------------------------------

TEST(AtRest, NothingStartsAndNothingEnds) {
  Brain brain(trials(5));
  brain.start(2);
  brain.report(0, 1, 0.5);
  rest(brain);
  EXPECT_EQ(brain.controller().trials(), 2);
  EXPECT_FALSE(brain.controller().ending());
  EXPECT_EQ(brain.controller().counts().waiting, 2);
  EXPECT_EQ(brain.trial(0).lost_in_a_row, 0);
  expect_equal_after_resume(brain);
}

TEST(Refused, CommandsAreKeptAndChangeNothing) {
  Brain brain(trials(2));
  brain.start(1);
  Commanded stop = ask(CommandKind::kStop);
  stop.refusal = "so it was decided then";
  EXPECT_THAT(brain.on(stop), IsEmpty());
  EXPECT_FALSE(brain.controller().ending());
}

}  // namespace
}  // namespace tune::test

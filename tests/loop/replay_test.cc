// Replay asks every rule again and compares.

#include "tests/controller/brain.h"
#include "tune/loop/recovery.h"

namespace tune::test {
namespace {

Controller fresh() {
  ControllerOptions options = trials(2);
  options.objectives = {{"loss", Mode::kMin, std::nullopt}};
  auto scheduler = std::make_unique<ScriptedScheduler>();
  scheduler->verdicts[2] = {Verdict::kStop, false, "rank 2 of 2"};
  return Controller(options, std::make_unique<CountingSampler>(), std::move(scheduler));
}

std::vector<LogEntry> recorded() {
  Brain brain(trials(2));
  brain.scheduler().verdicts[2] = {Verdict::kStop, false, "rank 2 of 2"};
  brain.start(1);
  brain.report(0, 1, 0.5);
  brain.report(0, 2, 0.4);
  brain.ended(0, EndKind::kStopped);
  brain.ended(1);
  return brain.log();
}

std::optional<ReplayFault> replay_all(Replay& replay, const std::vector<LogEntry>& log) {
  for (const LogEntry& entry : log) {
    if (auto fault = replay.next(entry)) return fault;
  }
  return std::nullopt;
}

TEST(Replay, AgreesWithItsOwnLog) {
  Replay replay(fresh());

  EXPECT_FALSE(replay_all(replay, recorded()));
  EXPECT_EQ(replay.configurations(), 2);
  EXPECT_GT(replay.compared(), 4);
}

TEST(Replay, FindsAnotherConfiguration) {
  auto log = recorded();
  std::get<StartTrial>(log[0].decisions[0].body).config.set("x", 9.0);
  Replay replay(fresh());

  const auto fault = replay_all(replay, log);

  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->event, log[0].event.n);
}

TEST(Replay, FindsADecisionThatIsMissing) {
  auto log = recorded();
  log[2].decisions.clear();
  Replay replay(fresh());

  const auto fault = replay_all(replay, log);

  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->recorded, "nothing");
}

TEST(Replay, FindsADecisionTooMany) {
  auto log = recorded();
  log[1].decisions.push_back(
      {Judged{TrialId{0}, 1, Verdict::kStop, TrialState::kStopped, Cause::kScheduler}, "made up"});
  Replay replay(fresh());

  const auto fault = replay_all(replay, log);

  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->answered, "nothing");
}

TEST(Replay, SaysWhatWasDecidedUnderOtherRulesInsteadOfCallingItWrong) {
  auto log = recorded();
  std::get<RunStarted>(log[0].event.body).rules = "controller=1 scripted=0 counting=1";
  std::get<Judged>(log[2].decisions[0].body).final_state = TrialState::kCompleted;
  Replay replay(fresh());

  EXPECT_FALSE(replay_all(replay, log));
  EXPECT_EQ(replay.compared(), 0);
  EXPECT_GT(replay.under_other_rules(), 0);
  EXPECT_EQ(replay.other_rules(), "controller=1 scripted=0 counting=1");
}

}  // namespace
}  // namespace tune::test

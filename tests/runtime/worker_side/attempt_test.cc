#include "core/runtime/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace tune {
namespace {

using testing::HasSubstr;

constexpr int kAborted = SIGABRT, kKilled = SIGKILL;
constexpr int exit_status(int code) { return code << 8; }

RunningAttempt attempt_at(double began) {
  RunningAttempt attempt;
  attempt.assign.trial = TrialId{1};
  attempt.assign.attempt = Attempt{2};
  attempt.began = attempt.heard = began;
  return attempt;
}

TEST(Attempt, WithoutLimitsHasNoDeadline) { EXPECT_EQ(next_deadline(attempt_at(5)), std::nullopt); }

TEST(Attempt, HasTheEarliestOfItsDeadlines) {
  RunningAttempt attempt = attempt_at(100);
  attempt.assign.limits.time = 50;
  EXPECT_EQ(next_deadline(attempt), 150);
  attempt.assign.limits.silence = 10;
  EXPECT_EQ(next_deadline(attempt), 110);
  attempt.heard = 130;
  EXPECT_EQ(next_deadline(attempt), 140);
  attempt.waits_for = 3;
  EXPECT_EQ(next_deadline(attempt), 150);
  attempt.assign.stop_time = 60;
  attempt.assign.elapsed = 45;
  EXPECT_EQ(next_deadline(attempt), 115);
  must_leave(attempt, OrderKind::kStop, 1, "", 112);
  EXPECT_EQ(next_deadline(attempt), 113);
}

TEST(Attempt, IsDueAtItsDeadlineAndNotBefore) {
  RunningAttempt attempt = attempt_at(100);
  attempt.assign.limits.time = 50;
  EXPECT_FALSE(what_is_due(attempt, 149.9).kill);
  ASSERT_TRUE(what_is_due(attempt, 150).kill);
  EXPECT_EQ(what_is_due(attempt, 150).kill->cause, Cause::kTimeLimit);
  attempt.assign.limits = {std::nullopt, 20, std::nullopt};
  EXPECT_EQ(what_is_due(attempt, 120).kill->cause, Cause::kHang);
  attempt.assign.limits = {};
  attempt.assign.stop_time = 30;
  EXPECT_FALSE(what_is_due(attempt, 129).stop);
  EXPECT_TRUE(what_is_due(attempt, 130).stop);
  must_leave(attempt, OrderKind::kStop, 30, "stop.time", 130);
  EXPECT_FALSE(what_is_due(attempt, 131).stop);
  EXPECT_EQ(what_is_due(attempt, 160).kill->how, EndKind::kStopped);
}

TEST(Attempt, TheEarlierOfTwoGracesCounts) {
  RunningAttempt attempt = attempt_at(0);
  must_leave(attempt, OrderKind::kPause, 30, "", 10);
  must_leave(attempt, OrderKind::kStop, 5, "Ctrl-C", 11);
  EXPECT_EQ(attempt.leave_by, 16);
  EXPECT_EQ(attempt.if_it_stays.how, EndKind::kStopped);
  must_leave(attempt, OrderKind::kInterrupt, 100, "", 12);
  EXPECT_EQ(attempt.leave_by, 16);
}

TEST(Attempt, ThatIsOverHasNoLimits) {
  RunningAttempt attempt = attempt_at(0);
  attempt.assign.limits.time = 1;
  attempt.own_end = Ended{};
  EXPECT_FALSE(what_is_due(attempt, 100).kill);
  EXPECT_EQ(next_deadline(attempt), std::nullopt);
}

TEST(Attempt, ItsOwnWordsSayHowItEnded) {
  RunningAttempt attempt = attempt_at(0);
  attempt.own_end = Ended{TrialId{9}, Attempt{9}, 9, EndKind::kFailed, Cause::kException, "no llama", 0, 3};
  const Ended end = how_it_ended(attempt, kAborted, "tail", MemoryKill::kNo, 10);
  EXPECT_EQ(end.trial, TrialId{1});
  EXPECT_EQ(end.attempt, Attempt{2});
  EXPECT_EQ(end.cause, Cause::kException);
  EXPECT_EQ(end.text, "no llama\ntail");
}

TEST(Attempt, AKilledOneEndsByItsSentence) {
  RunningAttempt attempt = attempt_at(0);
  attempt.killed = Sentence{EndKind::kFailed, Cause::kTimeLimit, "too long"};
  EXPECT_EQ(how_it_ended(attempt, kKilled, "", MemoryKill::kNo, 10).cause, Cause::kTimeLimit);
}

TEST(Attempt, AStatusSaysTheRest) {
  RunningAttempt attempt = attempt_at(0);
  attempt.assign.elapsed = 5;
  Ended end = how_it_ended(attempt, kAborted, "", MemoryKill::kNo, 10);
  EXPECT_EQ(end.cause, Cause::kSignal);
  EXPECT_EQ(end.code, SIGABRT);
  EXPECT_EQ(end.elapsed, 15);
  end = how_it_ended(attempt, exit_status(3), "", MemoryKill::kNo, 10);
  EXPECT_EQ(end.cause, Cause::kExit);
  EXPECT_EQ(end.code, 3);
  EXPECT_EQ(how_it_ended(attempt, exit_status(0), "", MemoryKill::kNo, 10).how, EndKind::kFailed);
}

TEST(Attempt, WantOfMemoryIsToldApart) {
  RunningAttempt attempt = attempt_at(0);
  EXPECT_EQ(how_it_ended(attempt, kKilled, "", MemoryKill::kHere, 1).cause, Cause::kMemory);
  EXPECT_EQ(how_it_ended(attempt, kKilled, "", MemoryKill::kNo, 1).cause, Cause::kSignal);
  const Ended perhaps = how_it_ended(attempt, kKilled, "", MemoryKill::kSomewhere, 1);
  EXPECT_EQ(perhaps.cause, Cause::kSignal);
  EXPECT_THAT(perhaps.text, HasSubstr("perhaps"));
  RunningAttempt program = attempt_at(0);  // a command's, in whose place its trial's process speaks
  program.own_end = Ended{TrialId{9}, Attempt{9}, 9, EndKind::kFailed, Cause::kSignal, "by signal 9", SIGKILL, 3};
  EXPECT_TRUE(was_killed(program, exit_status(0)));
  EXPECT_EQ(how_it_ended(program, exit_status(0), "", MemoryKill::kHere, 1).cause, Cause::kMemory);
  EXPECT_EQ(how_it_ended(program, exit_status(0), "", MemoryKill::kSomewhere, 1).cause, Cause::kSignal);
  program.killed = Sentence{EndKind::kFailed, Cause::kTimeLimit, "too long"};
  EXPECT_FALSE(was_killed(program, kKilled));
  EXPECT_TRUE(was_killed(attempt, kKilled));
  EXPECT_FALSE(was_killed(attempt, kAborted));
  const std::string words = "terminate called after throwing an instance of 'std::bad_alloc'";
  EXPECT_EQ(how_it_ended(attempt, kAborted, words, MemoryKill::kNo, 1).cause, Cause::kSignal);
  attempt.assign.resources.memory = 1u << 20;
  EXPECT_EQ(how_it_ended(attempt, kAborted, words, MemoryKill::kNo, 1).cause, Cause::kMemory);
  EXPECT_THAT(how_it_ended(attempt, kAborted, words, MemoryKill::kNo, 1).text, HasSubstr("1.0 MiB"));
}

TEST(Attempt, HearsOnlyAnswersThatConcernIt) {
  RunningAttempt told = attempt_at(0);
  told.wait = {27, true};
  const Ack idle{TrialId{1}, Attempt{2}, 5, Verdict::kContinue, {27, true}};
  const auto concerns = [&](const Ack& ack, Seq waits_for) {
    RunningAttempt attempt = told;
    attempt.waits_for = waits_for;
    return take_answer(attempt, ack, 1);
  };
  EXPECT_FALSE(concerns(idle, 0));
  EXPECT_TRUE(concerns(idle, 5));
  EXPECT_FALSE(concerns(idle, 6));
  Ack moved = idle;
  moved.wait.step = 81;
  EXPECT_TRUE(concerns(moved, 6));
  Ack stop = idle;
  stop.verdict = Verdict::kStop;
  EXPECT_TRUE(concerns(stop, 6));
  Ack far = idle;
  far.seq = 600;
  EXPECT_TRUE(concerns(far, 0));
  told.own_end = Ended{};
  EXPECT_FALSE(concerns(stop, 6));
}

TEST(Attempt, WaitsFromAReportToItsAnswer) {
  RunningAttempt attempt = attempt_at(0);
  took_message(attempt, false, 1);
  took_message(attempt, true, 2);
  EXPECT_EQ(attempt.seq, 2);
  EXPECT_EQ(attempt.waits_for, 2);
  Ack ack{TrialId{1}, Attempt{2}, 1, Verdict::kContinue, {9, true}};
  EXPECT_TRUE(take_answer(attempt, ack, 3));
  EXPECT_EQ(attempt.wait, (Wait{9, true}));
  EXPECT_EQ(attempt.waits_for, 2);
  ack.seq = 2;
  ack.verdict = Verdict::kPause;
  EXPECT_TRUE(take_answer(attempt, ack, 4));
  EXPECT_EQ(attempt.waits_for, 0);
  EXPECT_TRUE(attempt.told_to_leave);
}

}  // namespace
}  // namespace tune

// Limits and orders that end trials which do not end themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/runtime/proc.h"
#include "tests/runtime/worker_side/rig.h"

namespace tune {
namespace {

using testing::HasSubstr;

Ended end_of(const std::string& config, const std::function<void(Assign&)>& limit) {
  Rig rig;
  EXPECT_TRUE(rig.start());
  Assign assign = make_assign(0, config);
  limit(assign);
  const Ended end = rig.run(assign).log;
  EXPECT_FALSE(rig.pid(0) > 0 && is_alive(rig.pid(0)));
  return end;
}

TEST(Limits, TimeEndsATrialThatRunsTooLong) {
  const Ended end = end_of(R"({"do":"hang"})", [](Assign& assign) { assign.limits.time = 0.05; });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kTimeLimit);
  EXPECT_THAT(end.text, HasSubstr("limits.time"));
  EXPECT_GE(end.elapsed, 0.05);
}

TEST(Limits, SilenceEndsATrialThatHangs) {
  const Ended end = end_of(R"({"do":"hang"})", [](Assign& assign) { assign.limits.silence = 0.05; });
  EXPECT_EQ(end.cause, Cause::kHang);
  EXPECT_THAT(end.text, HasSubstr("limits.silence"));
}

TEST(Limits, ATrialThatWaitsForItsAnswerIsNotSilent) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.answers = false;
  Assign waits = make_assign(0, R"({"reports":2})");
  waits.limits.silence = 0.5;
  waits.wait = {1, false};
  rig.workers->assign(waits);
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 1; }));
  const double until = running_seconds() + 0.6;
  while (running_seconds() < until) rig.io.run_one_for(std::chrono::milliseconds(20));
  EXPECT_EQ(rig.done(0), nullptr);
  rig.answers = true;
  rig.workers->acknowledge({TrialId{0}, Attempt{1}, 1, Verdict::kContinue, {}});
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.how, EndKind::kCompleted);
}

TEST(Limits, OutputEndsATrialThatPrintsTooMuch) {
  const Ended end =
      end_of(R"({"do":"spill","bytes":1000000000})", [](Assign& assign) { assign.limits.output = 1'000'000; });
  EXPECT_EQ(end.cause, Cause::kOutput);
}

TEST(Limits, OutputCountsToTheLastByte) {
  const Ended end = end_of(R"({"do":"say"})", [](Assign& assign) { assign.limits.output = 11; });
  EXPECT_EQ(end.cause, Cause::kOutput);
  EXPECT_EQ(end_of(R"({"do":"say"})", [](Assign& assign) { assign.limits.output = 12; }).how, EndKind::kCompleted);
}

TEST(Limits, MemoryEndsATrialThatTakesTooMuch) {
  const Ended end =
      end_of(R"({"do":"eat","bytes":200000000})", [](Assign& assign) { assign.resources.memory = 100'000'000; });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kMemory);
}

TEST(Limits, MemoryOfChildrenThatLeftTheFamilyCounts) {
  const Ended end = end_of(R"({"do":"eaters"})", [](Assign& assign) { assign.resources.memory = 100'000'000; });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kMemory);
}

TEST(Limits, MemoryBelowTheLimitIsNobodysBusiness) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "TSan's shadow of the program is above the limit";
#endif
  Rig rig;
  ASSERT_TRUE(rig.start());
  Assign assign = make_assign(0, R"({"do":"eat","bytes":50000000})");
  assign.resources.memory = 100'000'000;
  assign.limits.time = 1.2;  // two looks
  EXPECT_EQ(rig.run(assign).log.cause, Cause::kTimeLimit);
}

TEST(Limits, StopTimeEndsATrialAsStopped) {
  const Ended end = end_of(R"({"do":"obey"})", [](Assign& assign) { assign.stop_time = 0.05; });
  EXPECT_EQ(end.how, EndKind::kStopped);
  EXPECT_EQ(end.cause, Cause::kStopRule);
}

TEST(Limits, StopTimeCountsEarlierAttempts) {
  const Ended end = end_of(R"({"do":"obey"})", [](Assign& assign) {
    assign.stop_time = 1000;
    assign.elapsed = 1000;
  });
  EXPECT_EQ(end.how, EndKind::kStopped);
}

TEST(Limits, WhoIsDeafToAnOrderIsKilledAfterItsGrace) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  for (const auto& [kind, how] :
       {std::pair{OrderKind::kStop, EndKind::kStopped}, std::pair{OrderKind::kPause, EndKind::kPaused},
        std::pair{OrderKind::kInterrupt, EndKind::kInterrupted}}) {
    const auto trial = static_cast<std::int64_t>(kind);
    rig.workers->assign(make_assign(trial, R"({"do":"hang"})"));
    ASSERT_TRUE(rig.until([&] { return !rig.reports(trial).empty(); }));
    rig.workers->order({TrialId{trial}, Attempt{1}, kind, 0.05, "enough"});
    ASSERT_TRUE(rig.until([&] { return rig.done(trial) != nullptr; }));
    EXPECT_EQ(rig.done(trial)->log.how, how);
    EXPECT_THAT(rig.done(trial)->log.text, HasSubstr("enough"));
    EXPECT_FALSE(is_alive(rig.pid(trial)));
  }
}

TEST(Limits, WhoObeysSavesAndLeaves) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty(); }));
  rig.workers->order({TrialId{0}, Attempt{1}, OrderKind::kInterrupt, 30, "Ctrl-C"});
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.how, EndKind::kInterrupted);
  bool saved = false;
  for (const WorkerMessage& message : rig.messages) {
    if (const auto* found = std::get_if<SavedMessage>(&message)) saved = found->checkpoint_bytes == "obeyed";
  }
  EXPECT_TRUE(saved);
}

}  // namespace
}  // namespace tune

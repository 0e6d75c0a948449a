// A given schedule is followed: who changes what, when, and by whose draws.

#include "schedulers/pbt_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

using ::testing::HasSubstr;

Value entry(std::int64_t at, double lr, std::optional<std::int64_t> trial = std::nullopt) {
  Map map{{"at", at}};
  if (at > 0) map.emplace_back("config", Map{{"lr", lr}, {"units", 3}});
  if (trial) map.emplace_back("trial", *trial);
  return map;
}

std::unique_ptr<Scheduler> make_schedule(List schedule, double max_t = 30) {
  return make("pbt_replay", {{"max_t", max_t}, {"schedule", std::move(schedule)}}, 4);
}

const Supply kFree{true, true, false, 0};

TEST(PbtReplay, ChangesTheConfigurationAtItsIterationFromTheTrialsOwnCheckpoint) {
  const auto scheduler = make_schedule({entry(0, 0, 4), entry(10, 0.01, 7), entry(20, 0.02)});
  const TrialId trial{0};
  scheduler->on_started(trial, {}, {});
  EXPECT_EQ(scheduler->draws_as(trial), TrialId{4});
  EXPECT_EQ(scheduler->next_point(trial).t, 10);
  EXPECT_TRUE(scheduler->next_point(trial).save);
  EXPECT_FALSE(tell(*scheduler, report_of(0, 9, 1, 5)));

  const auto verdict = tell(*scheduler, report_of(0, 10, 1, 6));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->verdict, Verdict::kPause);
  const auto change = scheduler->propose(kFree);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->kind, Proposal::Kind::kExploit);
  EXPECT_EQ(change->donor, trial);
  EXPECT_EQ(change->checkpoint, EventNumber{6});
  EXPECT_EQ(*change->config.find("lr"), Value(0.01));
  scheduler->on_proposal(*change);
  EXPECT_EQ(scheduler->draws_as(trial), TrialId{7});
  const auto on = scheduler->propose(kFree);
  ASSERT_TRUE(on);
  EXPECT_EQ(on->kind, Proposal::Kind::kResume);
  scheduler->on_proposal(*on);
  EXPECT_EQ(scheduler->next_point(trial).t, 20);
  EXPECT_EQ(scheduler->propose(kFree)->kind, Proposal::Kind::kStartNew);
}

TEST(PbtReplay, EndsTheTrialAtMaxT) {
  const auto scheduler = make_schedule({entry(10, 0.01)}, 12);
  scheduler->on_started(TrialId{0}, {}, {});
  EXPECT_EQ(scheduler->draws_as(TrialId{0}), TrialId{0});
  const auto verdict = tell(*scheduler, report_of(0, 12, 1, 3));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->verdict, Verdict::kStop);
  EXPECT_TRUE(verdict->completed);
}

TEST(PbtReplay, OfCoarseReportsTakesTheLastEntryThatWasPassed) {
  const auto scheduler = make_schedule({entry(3, 0.01), entry(5, 0.02), entry(9, 0.03)});
  scheduler->on_started(TrialId{0}, {}, {});
  tell(*scheduler, report_of(0, 6, 1, 3));
  const auto change = scheduler->propose(kFree);
  ASSERT_TRUE(change);
  EXPECT_EQ(*change->config.find("lr"), Value(0.02));
  scheduler->on_proposal(*change);
  scheduler->on_proposal(*scheduler->propose(kFree));
  EXPECT_EQ(scheduler->next_point(TrialId{0}).t, 9);
}

TEST(PbtReplay, StopsATrialThatHasNothingToGoOnFrom) {
  const auto scheduler = make_schedule({entry(3, 0.01)});
  scheduler->on_started(TrialId{0}, {}, {});
  SchedulerReport report = report_of(0, 3, 1, 4);
  report.checkpoint.reset();
  tell(*scheduler, report);
  const auto stop = scheduler->propose(kFree);
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->kind, Proposal::Kind::kStop);
  EXPECT_THAT(stop->reason, HasSubstr("nothing saved"));
}

TEST(PbtReplay, RefusesSchedulesThatMakeNoSense) {
  const auto refused = [](Value schedule) {
    SchedulerContext context;
    context.options = Options(Map{{"schedule", std::move(schedule)}});
    context.space = &test_space();
    const auto made = make_scheduler("pbt_replay", std::move(context));
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(refused(List{entry(0, 0), entry(4, 0.1)}), "");
  EXPECT_THAT(refused(3), HasSubstr("no list"));
  EXPECT_THAT(refused(List{entry(4, 0.1), entry(4, 0.2)}), HasSubstr("at 4 comes after at 4"));
  EXPECT_THAT(refused(List{Map{{"at", -1}}}), HasSubstr("needs `at`"));
  EXPECT_THAT(refused(List{Map{{"at", 4}}}), HasSubstr("needs `config`"));
  EXPECT_THAT(refused(List{Map{{"at", 0}, {"config", Map{}}}}), HasSubstr("points_to_evaluate"));
  EXPECT_THAT(refused(List{Map{{"at", 4}, {"config", Map{{"rl", 0.1}}}}}), HasSubstr("'rl'"));
  EXPECT_THAT(refused(List{Map{{"at", 0}, {"trial", "x"}}}), HasSubstr("no number of a trial"));
  EXPECT_THAT(refused(List{Map{{"at", 0}, {"step", 1}}}), HasSubstr("unknown key 'step'"));
}

}  // namespace
}  // namespace tune::test

// Trials, fork server and worker that die: who notices, what it is called, and that nothing is left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/channel.h"
#include "core/runtime/leftovers.h"
#include "core/runtime/proc.h"
#include "tests/runtime/worker_side/rig.h"

namespace tune {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

pid_t first_loss(const Rig& rig, std::int64_t trial) {
  return static_cast<pid_t>(*find_metric(rig.reports(trial).at(0).log.metrics, "loss"));
}

/// The fork server of a worker; its other children are orphans of trials.
pid_t host_of(pid_t worker) {
  for (const pid_t child : children_of(worker).value_or(std::vector<pid_t>())) {
    if (mark_of(child).ends_with("-00000000") && ::getpgid(child) == worker) return child;
  }
  ADD_FAILURE() << "no fork server";
  return worker;
}

TEST(Deaths, ATrialThatAbortsFailsBySignal) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const Ended end = rig.run(make_assign(0, R"({"do":"complain"})")).log;
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kSignal);
  EXPECT_EQ(end.code, SIGABRT);
  EXPECT_THAT(end.text, StartsWith("killed by signal 6"));
  EXPECT_THAT(end.text, HasSubstr("last words"));
}

TEST(Deaths, ATrialThatExitsFailsByItsCode) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  const Ended end = rig.run(make_assign(0, R"({"do":"exit","code":7})")).log;
  EXPECT_EQ(end.cause, Cause::kExit);
  EXPECT_EQ(end.code, 7);
  EXPECT_EQ(rig.run(make_assign(1, R"({"do":"exit","code":0})")).log.cause, Cause::kExit);
  EXPECT_EQ(rig.run(make_assign(2, "{}")).log.how, EndKind::kCompleted);
}

TEST(Deaths, AKilledTrialFailsAndItsNeighbourGoesOn) {
  Rig rig(scripted(), 2);
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"hang"})"));
  rig.workers->assign(make_assign(1, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty() && !rig.reports(1).empty(); }));
  ::kill(rig.pid(0), SIGKILL);
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.cause, Cause::kSignal);
  EXPECT_EQ(rig.done(0)->log.code, SIGKILL);
  EXPECT_TRUE(is_alive(rig.pid(1)));
  rig.workers->order({TrialId{1}, Attempt{1}, OrderKind::kStop, 30, "enough"});
  ASSERT_TRUE(rig.until([&] { return rig.done(1) != nullptr; }));
  EXPECT_EQ(rig.done(1)->log.how, EndKind::kStopped);
  EXPECT_TRUE(rig.lost.empty());
}

TEST(Deaths, ReportsOfADyingTrialAreKept) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2; }));
  ::kill(rig.pid(0), SIGKILL);
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.seq, 3);
}

TEST(Deaths, AChildThatLeftTheFamilyGoesWithItsTrial) {
  for (const char* what : {"child", "fork"}) {
    Rig rig;
    ASSERT_TRUE(rig.start());
    const DoneMessage done = rig.run(make_assign(0, std::string(R"({"do":")") + what + R"("})"));
    EXPECT_EQ(done.log.how, EndKind::kCompleted);
    EXPECT_FALSE(is_alive(first_loss(rig, 0))) << what;
  }
}

TEST(Deaths, AChildThatLeftTheFamilyGoesWithAKilledTrial) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2; }));
  const pid_t orphan = first_loss(rig, 0);
  EXPECT_TRUE(is_alive(orphan));
  rig.workers->order({TrialId{0}, Attempt{1}, OrderKind::kKill, 0, "withdrawn"});
  ASSERT_TRUE(rig.until([&] { return rig.done(0) != nullptr; }));
  EXPECT_EQ(rig.done(0)->log.how, EndKind::kStopped);
  EXPECT_THAT(rig.done(0)->log.text, HasSubstr("withdrawn"));
  EXPECT_FALSE(is_alive(orphan));
}

TEST(Deaths, TrialsOfADeadForkServerAreLostAndNotFailed) {
  Rig rig(scripted(), 2);
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  rig.workers->assign(make_assign(1, R"({"do":"hang"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2 && rig.reports(1).size() == 1; }));
  const pid_t orphan = first_loss(rig, 0);
  ::kill(host_of(rig.worker_pid()), SIGKILL);
  ASSERT_TRUE(rig.until([&] { return rig.lost.size() == 2; }));
  EXPECT_THAT(rig.lost_why, HasSubstr("fork server ended with signal 9"));
  ASSERT_TRUE(rig.until([&] { return !rig.log.empty(); }));
  EXPECT_THAT(rig.log, testing::ElementsAre(HasSubstr("the fork server ended with signal 9 (Killed); it is started")));
  // All are killed by now; one whose memory the kernel has taken back already may not be through with its exit.
  EXPECT_TRUE(rig.until([&] { return !is_alive(orphan) && !is_alive(rig.pid(0)) && !is_alive(rig.pid(1)); }));
  EXPECT_EQ(rig.done(0), nullptr);
  EXPECT_EQ(rig.run(make_assign(2, "{}")).log.how, EndKind::kCompleted);
}

TEST(Deaths, AForkServerIsReplacedAgainAndAgain) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  for (int round = 0; round < 10; ++round) {
    rig.workers->assign(make_assign(round, R"({"do":"hang"})"));
    ASSERT_TRUE(rig.until([&] { return !rig.reports(round).empty(); }));
    ::kill(host_of(rig.worker_pid()), SIGKILL);
    ASSERT_TRUE(rig.until([&] { return rig.lost.size() == static_cast<std::size_t>(round) + 1; }));
  }
  EXPECT_FALSE(rig.unusable.has_value());
}

TEST(Deaths, TrialsOfADeadWorkerAreLostAndAnotherIsStarted) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  rig.workers->assign(make_assign(1, R"({"do":"hang"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2; }));
  const pid_t worker = rig.worker_pid(), host = host_of(worker), orphan = first_loss(rig, 0);
  ::kill(worker, SIGKILL);
  ASSERT_TRUE(rig.until([&] { return rig.lost.size() == 2; }));
  EXPECT_THAT(rig.lost_why, HasSubstr("signal 9"));
  // Nothing of it runs any more; the system may still be taking one of them apart.
  EXPECT_TRUE(
      rig.until([&] { return !(is_alive(worker) || is_alive(host) || is_alive(rig.pid(0)) || is_alive(orphan)); }));
  Assign again = make_assign(0, "{}");
  again.attempt = Attempt{2};
  EXPECT_EQ(rig.run(again).log.how, EndKind::kCompleted);
  EXPECT_NE(rig.worker_pid(), worker);
}

TEST(Deaths, WorkersThatDieBeforeAnyReportEndTheRun) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  int killed = 0;
  ASSERT_TRUE(rig.until([&] {
    if (const pid_t worker = rig.worker_pid(); worker > 0 && ::kill(worker, SIGKILL) == 0) ++killed;
    return rig.unusable.has_value();
  }));
  EXPECT_THAT(rig.unusable->message, HasSubstr("in a row"));
  EXPECT_GE(killed, 5);
}

TEST(Deaths, AWorkerThatStandsStillIsReplacedWhenItsLeaseIsOver) {
  Rig rig;
  rig.options.lease = 0.5;
  rig.options.heartbeat = 0.05;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"hang"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty(); }));
  ::kill(rig.worker_pid(), SIGSTOP);
  ASSERT_TRUE(rig.until([&] { return rig.lost.size() == 1; }));
  EXPECT_TRUE(rig.until([&] { return !is_alive(rig.pid(0)); }));
}

TEST(Deaths, AForkServerThatStandsStillIsReplaced) {
  Rig rig(scripted(), 2);
  rig.options.lease = 1;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty(); }));
  const pid_t host = host_of(rig.worker_pid());
  ::kill(host, SIGSTOP);
  ASSERT_TRUE(rig.until([&] { return rig.lost.size() == 1; }));
  EXPECT_FALSE(is_alive(host));
  Assign again = make_assign(0, "{}");
  again.attempt = Attempt{2};
  EXPECT_EQ(rig.run(again).log.how, EndKind::kCompleted);
}

TEST(Deaths, AForkServerThatStoodStillForAMomentGoesOn) {
  Rig rig(scripted(), 2);
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty(); }));
  const pid_t host = host_of(rig.worker_pid());
  ::kill(host, SIGSTOP);
  rig.workers->assign(make_assign(1, "{}"));
  int turns = 0;
  ASSERT_TRUE(rig.until([&] { return ++turns > 3; }));  // it is on its way
  ::kill(host, SIGCONT);
  ASSERT_TRUE(rig.until([&] { return !rig.reports(1).empty(); }));
  EXPECT_TRUE(rig.lost.empty());
  EXPECT_TRUE(is_alive(host));
}

TEST(Deaths, AWorkerWithoutItsControllerLeavesWithItsTrialsWhenItsLeaseIsOver) {
  Rig rig;
  rig.options.lease = 0.5;
  rig.options.heartbeat = 0.05;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"obey"})"));
  ASSERT_TRUE(rig.until([&] { return !rig.reports(0).empty(); }));
  const pid_t worker = rig.worker_pid(), trial = rig.pid(0);
  // Nobody runs the loop now: to the worker that is a controller that is gone.
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, worker, 0)));
  pollfd end{pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 30'000), 1);
  EXPECT_FALSE(is_alive(worker) || is_alive(trial));
}

TEST(Deaths, ALaterControllerEndsWhatAnEarlierOneLeft) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.workers->assign(make_assign(0, R"({"do":"orphan"})"));
  ASSERT_TRUE(rig.until([&] { return rig.reports(0).size() == 2; }));
  const pid_t worker = rig.worker_pid(), trial = rig.pid(0), orphan = first_loss(rig, 0);
  EXPECT_EQ(end_leftover_workers(rig.workers->launches_json()), 1);
  EXPECT_FALSE(is_alive(worker) || is_alive(trial) || is_alive(orphan));
}

TEST(Deaths, OnlyTheProcessesThatAreMeantAreEnded) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  std::string json = rig.workers->launches_json();
  const pid_t worker = rig.worker_pid();
  const std::string start = "\"start\":";
  std::string other_time = json;
  other_time.insert(other_time.find(start) + start.size(), "1");
  // The launch is changed, too, so that the marks do not match either.
  const std::string launch = "\"launch\":\"";
  const std::size_t digit = other_time.find(launch) + launch.size();
  other_time[digit] = other_time[digit] == '0' ? '1' : '0';
  EXPECT_EQ(end_leftover_workers(other_time), 0);
  for (const char* text : {"", "[]", "{}", "[1]", "no json", R"([{"launch":"","pid":1,"start":1,"boot":""}])"}) {
    EXPECT_EQ(end_leftover_workers(text), 0) << text;
  }
  EXPECT_TRUE(is_alive(worker));
}

}  // namespace
}  // namespace tune

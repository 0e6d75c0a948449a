// tune-host and trials that go wrong: each is told, and hurts nobody else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/runtime/trial_side/host_process.h"

namespace tune {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Of a process that need not be a child of this one.
Fd open_pidfd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

/// Waits until the process has ended; false after half a minute.
bool ends(const Fd& process) {
  pollfd watched{process.get(), POLLIN, 0};
  return ::poll(&watched, 1, 30'000) == 1;
}

/// Wait status of a trial of this class.
int status_of(const std::string& name, const std::string& config = "{}") {
  HostProcess host("actors", name);
  EXPECT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign(config));
  EXPECT_TRUE(trial.at_end());
  const Exited exited = host.exited();
  EXPECT_EQ(exited.pid, trial.pid);
  return exited.status;
}

TEST(HostFailures, AnExceptionIsTheTrialsEnd) {
  HostProcess host("actors", "Throws");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  const Ended end = trial.expect<DoneFrame>().log;
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kException);
  EXPECT_EQ(end.text, "the loss is a llama");
  EXPECT_EQ(host.exited().status, 0);
}

TEST(HostFailures, AnInstanceThatCannotBeMadeIsTheTrialsEnd) {
  HostProcess host("actors", "Unborn");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  const Ended end = trial.expect<DoneFrame>().log;
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.text, "Unborn cannot be created: no actor today");
}

TEST(HostFailures, ExitsAbortsAndCrashesAreToldAsTheyWere) {
  const int exited = status_of("Exits", R"({"code":9})");
  EXPECT_TRUE(WIFEXITED(exited));
  EXPECT_EQ(WEXITSTATUS(exited), 9);
  const int aborted = status_of("Aborts");
  EXPECT_TRUE(WIFSIGNALED(aborted));
  EXPECT_EQ(WTERMSIG(aborted), SIGABRT);
  const int crashed = status_of("Segfaults");
  EXPECT_TRUE(WIFSIGNALED(crashed));
  EXPECT_EQ(WTERMSIG(crashed), SIGSEGV);
}

TEST(HostFailures, ACrashHurtsNoNeighbour) {
  HostProcess host("actors", "Hangs");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess victim = host.spawn();
  TrialProcess neighbour = host.spawn(spawn_in(1));
  victim.begin(simple_assign());
  neighbour.begin(simple_assign());
  victim.expect<ReportFrame>();
  neighbour.expect<ReportFrame>();
  ::kill(victim.pid, SIGSEGV);
  EXPECT_EQ(host.exited().pid, victim.pid);
  EXPECT_EQ(::kill(neighbour.pid, 0), 0);
  TrialProcess next = host.spawn();
  EXPECT_GT(next.pid, 0);
}

TEST(HostFailures, ExitInATrialPrintsNothingOfTheHost) {
  HostProcess host("actors", "Exits");
  ASSERT_TRUE(host.ready().ok);
  for (int i = 0; i < 2; ++i) {
    TrialProcess trial = host.spawn();
    trial.begin(simple_assign());
    EXPECT_EQ(trial.read_output(), "");
    host.exited();
  }
  host.close();
  EXPECT_EQ(host.read_output(), "[loaded]") << "once, and by the host";
}

TEST(HostFailures, MemoryBeyondTheLimitFailsTheTrial) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the process where they get no memory for themselves";
#endif
  HostProcess host("actors", "Allocates");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn({0, {}, {}, 1, 64u << 20});
  Assign assign = simple_assign();
  assign.resources.memory = 64u << 20;
  trial.begin(assign);
  const Ended end = trial.expect<DoneFrame>().log;
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kMemory);
  EXPECT_LT(host.exited().max_rss, std::uint64_t{1} << 30);
}

TEST(HostFailures, ALibraryThatStartsThreadsIsRefused) {
  HostProcess host("thread_starter");
  const Ready ready = host.ready();
  EXPECT_FALSE(ready.ok);
  EXPECT_THAT(ready.error, AllOf(HasSubstr("Threaded has started "), HasSubstr(" before its first trial")));
  EXPECT_THAT(ready.hint, HasSubstr("isolation: thread"));
}

TEST(HostFailures, ALibraryThatDoesNotLoadIsToldOfOnce) {
  HostProcess missing("is_not_there");
  const Ready not_there = missing.ready();
  EXPECT_FALSE(not_there.ok);
  EXPECT_EQ(not_there.code, ErrorCode::kNotFound);
  EXPECT_THAT(not_there.error, HasSubstr("cannot load "));
  EXPECT_TRUE(WIFEXITED(missing.wait()));
  HostProcess other("other_abi");
  EXPECT_THAT(other.ready().error, HasSubstr("7.8.9"));
  HostProcess thrower("throws_while_loading");
  EXPECT_THAT(thrower.ready().error, HasSubstr("the data set is missing"));
}

TEST(HostFailures, ASpawnWithoutDescriptorsIsRefused) {
  HostProcess host("actors", "Hangs");
  ASSERT_TRUE(host.ready().ok);
  const Spawned refused = host.ask(spawn_in(2), {});
  EXPECT_EQ(refused.slot, 2);
  EXPECT_EQ(refused.pid, 0);
  EXPECT_THAT(refused.error, HasSubstr("needs a channel"));
  EXPECT_GT(host.spawn().pid, 0) << "and the host goes on";
}

TEST(HostFailures, TheEndOfTheWorkersSocketKillsAllGroups) {
  HostProcess host("actors", "Forks");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  const ReportFrame report = trial.expect<ReportFrame>();
  const Fd process = open_pidfd(trial.pid);
  const Fd grandchild = open_pidfd(static_cast<pid_t>(*find_metric(report.report.log.metrics, "child")));
  ASSERT_TRUE(process && grandchild);
  host.close();
  EXPECT_TRUE(ends(process));
  EXPECT_TRUE(ends(grandchild));
  const int status = host.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(HostFailures, TrialsDieWithTheirHost) {
  HostProcess host("actors", "Hangs");
  ASSERT_TRUE(host.ready().ok);
  TrialProcess trial = host.spawn();
  trial.begin(simple_assign());
  trial.expect<ReportFrame>();
  const Fd process = open_pidfd(trial.pid);
  ::kill(host.pid(), SIGKILL);
  EXPECT_TRUE(ends(process));
  EXPECT_TRUE(trial.at_end());
}

TEST(HostFailures, EverythingDiesWithTheWorker) {
  int ends_of_pipe[2];
  ASSERT_EQ(::pipe(ends_of_pipe), 0);
  const Fd told(ends_of_pipe[0]);
  Fd telling(ends_of_pipe[1]);
  const pid_t worker = ::fork();
  if (worker == 0) {
    HostProcess host("actors", "Hangs", {"--parent", std::to_string(::getpid())});
    host.ready();
    TrialProcess trial = host.spawn();
    trial.begin(simple_assign());
    trial.expect<ReportFrame>();
    const pid_t pids[2] = {host.pid(), trial.pid};
    (void)!::write(telling.get(), pids, sizeof pids);
    while (true) ::pause();
  }
  telling.reset();
  pid_t pids[2] = {};
  ASSERT_EQ(::read(told.get(), pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  const Fd host = open_pidfd(pids[0]), trial = open_pidfd(pids[1]);
  ASSERT_TRUE(host && trial);
  ::kill(worker, SIGKILL);
  EXPECT_TRUE(ends(host));
  EXPECT_TRUE(ends(trial));
  ::waitpid(worker, nullptr, 0);
}

TEST(HostFailures, AHostWhoseParentIsGoneLeavesAtOnce) {
  HostProcess host("actors", "Hangs", {"--parent", "1"});
  EXPECT_THROW(host.ready(), std::runtime_error);
  const int status = host.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

}  // namespace
}  // namespace tune

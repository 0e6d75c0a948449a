#include "core/runtime/memory_group.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

namespace fs = std::filesystem;
using testing::ScratchDirectory;

/// A file tree as the kernel shows it to a process of /user/run.
class FakeKernel {
 public:
  explicit FakeKernel(const std::string& controllers) {
    fs::create_directories(root_ / "proc");
    fs::create_directories(root_ / "groups/user/run");
    root_.write("proc/mountinfo", "31 23 0:28 / /tmp rw - tmpfs tmpfs rw\n41 31 0:38 / " + (root_ / "groups") +
                                      " rw,relatime shared:9 - cgroup2 cgroup2 rw\n");
    root_.write("proc/cgroup", "4:cpu:/else\n0::/user/run\n");
    root_.write("groups/user/run/cgroup.controllers", controllers);
    root_.write("groups/user/run/cgroup.subtree_control", "");
    root_.write("groups/user/run/cgroup.procs", "");
  }
  std::optional<std::string> folder() const { return memory_groups_folder(root_ / "proc"); }
  ScratchDirectory root_;
};

TEST(MemoryGroups, AreMadeBelowTheOwnGroupWithTheMemoryControllerOn) {
  const FakeKernel kernel("cpu memory pids\n");
  EXPECT_EQ(kernel.folder(), kernel.root_ / "groups/user/run");
  EXPECT_EQ(kernel.root_.read("groups/user/run/cgroup.subtree_control"), "+memory");
}

TEST(MemoryGroups, AreMadeBesideTheRoomThatAnEarlierWorkerMade) {
  const FakeKernel kernel("memory\n");
  fs::create_directory(kernel.root_ / "groups/user/run/tune-12");
  kernel.root_.write("proc/cgroup", "0::/user/run/tune-12\n");
  EXPECT_EQ(kernel.folder(), kernel.root_ / "groups/user/run");
}

TEST(MemoryGroups, OfWorkersThatAreGoneAreSweptAway) {
  const FakeKernel kernel("memory\n");
  const std::string ours = kernel.root_ / ("groups/user/run/tune-" + std::to_string(::getpid()) + "-1");
  fs::create_directory(kernel.root_ / "groups/user/run/tune-4194304-7");  // beyond the greatest pid there may be
  fs::create_directory(ours);
  kernel.folder();
  EXPECT_FALSE(fs::exists(kernel.root_ / "groups/user/run/tune-4194304-7"));
  EXPECT_TRUE(fs::exists(ours));
}

TEST(MemoryGroups, AreNotMadeWhereThereIsNoMemoryController) {
  EXPECT_FALSE(FakeKernel("cpu pids\n").folder());
  const FakeKernel without("memory\n");
  without.root_.write("proc/mountinfo", "31 23 0:28 / /tmp rw - tmpfs tmpfs rw\n");
  EXPECT_FALSE(without.folder());
  EXPECT_FALSE(memory_groups_folder("/no/such/folder"));
}

TEST(MemoryGroups, TheKernelsKillsAreThoseOfTheOwnGroup) {
  const FakeKernel kernel("memory\n");
  const std::string proc = kernel.root_ / "proc", own = kernel.root_ / "groups/user/run";
  EXPECT_EQ(own_memory_events(proc), "");
  kernel.root_.write("groups/user/run/memory.events", "oom_kill 9\n");  // with all groups below it
  EXPECT_EQ(own_memory_events(proc), "");
  kernel.root_.write("groups/user/run/memory.events.local", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 3\n");
  EXPECT_EQ(own_memory_events(proc), own + "/memory.events.local");
  EXPECT_EQ(memory_kills_in(own + "/memory.events.local"), 3u);
  EXPECT_EQ(memory_kills_in("/no/such/file"), std::nullopt);
}

TEST(MemoryGroups, TheKernelsKillsAreThoseOfTheOwnGroupOfVersion1) {
  const FakeKernel kernel("cpu\n");
  const std::string proc = kernel.root_ / "proc";
  fs::create_directories(kernel.root_ / "old/inner");
  kernel.root_.write("old/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
  kernel.root_.write("old/inner/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  kernel.root_.write("proc/mountinfo", "41 31 0:38 / " + (kernel.root_ / "groups") +
                                           " rw - cgroup2 cgroup2 rw\n42 31 0:39 /box " + (kernel.root_ / "old") +
                                           " rw shared:9 - cgroup cgroup rw,hugetlb,memory\n43 31 0:40 / " +
                                           (kernel.root_ / "groups") + " rw - cgroup cgroup rw,cpu\n");
  for (const auto& [group, file] :
       {std::pair{"/box", "old/memory.oom_control"}, std::pair{"/box/inner", "old/inner/memory.oom_control"}}) {
    kernel.root_.write("proc/cgroup", "5:cpu:/else\n4:hugetlb,memory:" + std::string(group) + "\n0::/user/run\n");
    EXPECT_EQ(own_memory_events(proc), kernel.root_ / file);
  }
}

/// A process that takes so much memory as soon as it is let go.
pid_t fork_eater(std::size_t bytes, int& let_go) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  let_go = ends[1];
  const pid_t pid = ::fork();
  if (pid != 0) {
    ::close(ends[0]);
    return pid;
  }
  char go = 0;
  if (::read(ends[0], &go, 1) != 1) ::_exit(1);
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) ::_exit(2);
  std::memset(memory, 1, bytes);
  ::_exit(0);
}

TEST(MemoryGroups, WhatTakesMoreThanTheirLimitIsKilledByTheKernel) {
  MemoryGroupFiles files;
  std::string folder;
  const std::string old = "/sys/fs/cgroup/memory";
  if (const auto found = memory_groups_folder()) {
    folder = *found + "/tune-" + std::to_string(::getpid()) + "-1";
  } else if (::access((old + "/memory.limit_in_bytes").c_str(), W_OK) == 0) {
    files = {"memory.limit_in_bytes", "memory.oom_control", false};
    folder = old + "/tune-" + std::to_string(::getpid()) + "-1";
  } else {
    GTEST_SKIP() << "no control group can be made here";
  }
  const auto own_kills = [] { return memory_kills_in(own_memory_events()); };
  const auto before = own_kills();
  for (const bool is_greedy : {false, true}) {
    int let_go = -1;
    const pid_t pid = fork_eater(is_greedy ? 128u << 20 : 1u << 20, let_go);
    ASSERT_GT(pid, 0);
    auto group = MemoryGroup::make(folder, 32u << 20, pid, files);
    if (!group) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      GTEST_SKIP() << group.error().message;
    }
    ASSERT_EQ(::write(let_go, "!", 1), 1);
    ::close(let_go);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, is_greedy);
    EXPECT_EQ(group->kills(), is_greedy ? 1u : 0u);
    { const MemoryGroup gone = *std::move(group); }
    EXPECT_FALSE(fs::exists(folder));
  }
  EXPECT_EQ(own_kills(), before);  // killed elsewhere: no sign of want of memory here
}

}  // namespace
}  // namespace tune

#pragma once

// A trial's memory limit held by the kernel: a control group (cgroup v2) for the trial's process and all that it
// starts, wherever that goes. What is beyond the limit is killed at once, and shared memory counts too. Where no such
// group can be made (no cgroup v2, or not ours to change), trial_runner_limits.cc measures twice a second instead.
//
// A group is made below the one that the worker runs in: if that is a scope that was handed to its user
// (`systemd-run --user --scope -p Delegate=yes tune run ...`), or the user is root. Its processes must first move into
// a group beside the trials', as the kernel wants; that is done only if all of them belong to this run.
//
// A trial without such a limit is in the worker's own group. What the kernel kills there is counted there, of either
// version: a SIGKILL while that count has grown was the kernel's.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"

namespace tune {

/// Names in a group's folder. Those of version 1 serve tests on machines that have no other.
struct MemoryGroupFiles {
  std::string limit = "memory.max", events = "memory.events";
  bool kills_all = true;  ///< memory.oom.group: with one process, all of its group are killed
};

/// One group; its folder goes with it.
class MemoryGroup {
 public:
  /// Makes `folder` and moves `pid` into it, so that its children will be in it too. kIo.
  static Result<MemoryGroup> make(const std::string& folder, std::uint64_t limit, pid_t pid,
                                  const MemoryGroupFiles& files = {});
  MemoryGroup(MemoryGroup&& other) noexcept;
  MemoryGroup& operator=(MemoryGroup&& other) noexcept;
  ~MemoryGroup();

  /// Processes of it that the kernel has killed so far for want of memory.
  std::uint64_t kills() const;

 private:
  MemoryGroup(std::string folder, MemoryGroupFiles files) : folder_(std::move(folder)), files_(std::move(files)) {}
  std::string folder_;  ///< empty: moved away
  MemoryGroupFiles files_;
};

/// The file in which the kernel counts the processes of this process's own group that it has killed for want of memory,
/// whoever's memory that was: the line `oom_kill`. Empty: it counts for no group (version 2 has no count for the root,
/// or a kernel before 5.2). `proc` as in memory_groups_folder().
std::string own_memory_events(const std::string& proc = "/proc/self");

/// The count in such a file; nothing: there is none.
std::optional<std::uint64_t> memory_kills_in(const std::string& file);

/// The folder below which the worker may make groups, with the memory controller on; nothing: there is none. `proc`:
/// where to read mountinfo and cgroup (for tests). Moves this process, its parent and what those have started into a
/// group of its own below it where the kernel asks for that.
std::optional<std::string> memory_groups_folder(const std::string& proc = "/proc/self");

}  // namespace tune

#pragma once

// What the kernel says of processes (proc(5)), and how everything of an attempt is found and ended: by its group, and
// by TUNE_ATTEMPT in the environment, which descendants keep that leave group and session.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

/// Seconds of CLOCK_BOOTTIME: for leases, which run on while a laptop sleeps.
double boot_seconds();
/// Seconds of CLOCK_MONOTONIC: for the running time of trials.
double running_seconds();

/// Changes with each boot of the machine; empty if it cannot be read.
std::string boot_id();

/// When the process was started (field 22 of /proc/PID/stat): with pid and boot id it names one process for ever.
/// Nothing: no such process, or a zombie.
std::optional<std::int64_t> process_start(pid_t pid);

/// Its children, those of all threads. Nothing: unknown (gone, or a kernel that does not tell).
std::optional<std::vector<pid_t>> children_of(pid_t pid);

/// TUNE_ATTEMPT of a process, as it was when its program began: what a forked process that executes nothing sets for
/// itself is not seen. Empty: none, a zombie, or gone.
std::string mark_of(pid_t pid);
/// Processes whose TUNE_ATTEMPT begins with `mark`. Zombies have no environment and are not found.
std::vector<pid_t> marked_processes(std::string_view mark);
/// SIGKILL to all of them; how many there were.
std::size_t kill_marked(std::string_view mark);
/// Processes by number, with process_start(): a number may be used again.
using Family = std::map<pid_t, std::int64_t>;
/// marked_processes() as they are now. One that the system takes apart loses its mark first and what it holds open
/// later.
Family marked_family(std::string_view mark);
/// SIGKILL to all of them and to `family`, again until they are gone and hold nothing open; false: some outlived
/// `seconds` (in uninterruptible sleep).
bool end_marked(std::string_view mark, double seconds, Family family = {});

/// Whether it stands still by a signal (SIGSTOP).
bool is_stopped(pid_t pid);
/// SIGKILL to all children of this process, those it has inherited included, and to theirs in turn; reaps them. False:
/// some outlived `seconds`.
bool end_children(double seconds);

/// Bytes that belong to this process alone, in memory or swapped out; 0 if it is gone.
std::uint64_t private_memory(pid_t pid);
/// These processes, and all descendants of them.
std::vector<pid_t> with_descendants(std::vector<pid_t> roots);

/// How often the kernel has killed for want of memory since the machine started.
std::uint64_t memory_kills();

}  // namespace tune

#pragma once

// What runs below a test: the processes of `tune`, by what they are. The test program is made the reaper of its
// orphans, so that a worker whose controller was killed is still found below it, and "nothing is left" can be asked
// for.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tune::testing {

struct Process {
  pid_t pid = 0, parent = 0;
  bool zombie = false;
  std::string name;     ///< of the program file, without its folder
  std::string command;  ///< arguments, separated by blanks
  bool is_worker() const { return name == "tune" && command.find(" __worker ") != std::string::npos; }
  bool is_host() const { return name == "tune-host"; }
};

/// From now on orphans below this process become its children.
void adopt_orphans();

/// All descendants of `root` but zombies, parents before children.
std::vector<Process> processes_below(pid_t root);

/// Buries dead orphans. `mine`: children whose end somebody waits for.
void bury_orphans(const std::vector<pid_t>& mine);

/// Bytes of memory that belong to these processes alone, without files they share.
std::uint64_t memory_of(const std::vector<Process>& processes);

/// The parts of one run, as far as they live.
struct RunProcesses {
  std::vector<pid_t> workers, hosts, trials;
};
/// Below this process: workers, their fork servers, and the children of those.
RunProcesses run_processes();

}  // namespace tune::testing

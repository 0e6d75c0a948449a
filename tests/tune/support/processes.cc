#include "tests/tune/support/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>

namespace tune::testing {
namespace {

/// Empty if it cannot be read: a process may end at any moment. (A stream would throw.)
std::string proc_text(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char block[4096];
  for (ssize_t got; (got = read(fd, block, sizeof block)) > 0;) text.append(block, static_cast<std::size_t>(got));
  close(fd);
  return text;
}

/// Nothing with pid 0 if it is gone.
Process look_at(pid_t pid) {
  Process process;
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string stat = proc_text(folder + "/stat");
  const std::size_t name_ends = stat.rfind(')');
  char state = 0;
  if (name_ends == std::string::npos ||
      std::sscanf(stat.c_str() + name_ends + 1, " %c %d", &state, &process.parent) != 2) {
    return process;
  }
  process.pid = pid;
  process.zombie = state == 'Z' || state == 'X';
  char exe[4096] = {};
  if (readlink((folder + "/exe").c_str(), exe, sizeof exe - 1) > 0) {
    const char* slash = std::strrchr(exe, '/');
    process.name = slash == nullptr ? exe : slash + 1;
  }
  process.command = proc_text(folder + "/cmdline");
  std::replace(process.command.begin(), process.command.end(), '\0', ' ');
  return process;
}

std::vector<Process> all_processes() {
  std::vector<Process> all;
  DIR* const entries = opendir("/proc");
  if (entries == nullptr) return all;
  while (const dirent* entry = readdir(entries)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    if (Process process = look_at(pid); process.pid != 0) all.push_back(std::move(process));
  }
  closedir(entries);
  return all;
}

}  // namespace

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

std::vector<Process> processes_below(pid_t root) {
  std::multimap<pid_t, Process> children;
  for (Process& process : all_processes()) children.emplace(process.parent, std::move(process));
  std::vector<Process> found;
  std::vector<pid_t> parents{root};
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto [from, to] = children.equal_range(parents[i]);
    for (auto child = from; child != to; ++child) {
      parents.push_back(child->second.pid);
      if (!child->second.zombie) found.push_back(child->second);
    }
  }
  return found;
}

void bury_orphans(const std::vector<pid_t>& mine) {
  for (const Process& process : all_processes()) {
    if (process.parent != getpid() || !process.zombie || std::ranges::find(mine, process.pid) != mine.end()) continue;
    waitpid(process.pid, nullptr, WNOHANG);
  }
}

std::uint64_t memory_of(const std::vector<Process>& processes) {
  std::uint64_t kilobytes = 0;
  for (const Process& process : processes) {
    std::istringstream in(proc_text("/proc/" + std::to_string(process.pid) + "/smaps_rollup"));
    for (std::string line; std::getline(in, line);) {
      unsigned long long value = 0;
      if (std::sscanf(line.c_str(), "Private_Dirty: %llu kB", &value) == 1) kilobytes += value;
    }
  }
  return kilobytes * 1024;
}

RunProcesses run_processes() {
  RunProcesses found;
  for (const Process& process : processes_below(getpid())) {
    const bool below_host = std::ranges::find(found.hosts, process.parent) != found.hosts.end();
    if (process.is_worker()) {
      found.workers.push_back(process.pid);
    } else if (below_host) {
      found.trials.push_back(process.pid);
    } else if (process.is_host()) {
      found.hosts.push_back(process.pid);
    }
  }
  return found;
}

}  // namespace tune::testing

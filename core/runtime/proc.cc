// Readers of /proc.

#include "core/runtime/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>

#include "core/channel.h"

namespace tune {
namespace {

double clock_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The whole file; nothing if it cannot be opened.
std::optional<std::string> read_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  while (true) {
    const std::size_t had = text.size();
    text.resize(had + 4096);
    const ssize_t got = ::read(file.get(), text.data() + had, 4096);
    if (got < 0 && errno == EINTR) {
      text.resize(had);
      continue;
    }
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) return text;
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// Calls `visit` with each number that is an entry of `directory`.
template <class Visit>
bool for_each_number(const char* directory, Visit&& visit) {
  DIR* const entries = ::opendir(directory);
  if (!entries) return false;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.empty() && name.front() >= '0' && name.front() <= '9') {
      if (const auto pid = number<pid_t>(name)) visit(*pid);
    }
  }
  ::closedir(entries);
  return true;
}

/// 0 if it is gone.
pid_t parent_of(pid_t pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  const std::size_t name_ends = stat.rfind(')');  // the name may hold anything; then come its state and its parent
  return name_ends + 4 < stat.size() ? number<pid_t>(std::string_view(stat).substr(name_ends + 4)).value_or(0) : 0;
}

/// "Private_Dirty:   12 kB": the sum of such lines.
std::uint64_t sum_of(std::string_view text, std::initializer_list<std::string_view> names) {
  std::uint64_t kilobytes = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const std::string_view name : names) {
      if (line.starts_with(name)) kilobytes += number<std::uint64_t>(line.substr(name.size())).value_or(0);
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return kilobytes * 1024;
}

}  // namespace

double boot_seconds() { return clock_seconds(CLOCK_BOOTTIME); }
double running_seconds() { return clock_seconds(CLOCK_MONOTONIC); }

std::string boot_id() {
  std::string id = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

std::optional<std::int64_t> process_start(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
  if (!stat) return std::nullopt;
  const std::size_t name_ends = stat->rfind(')');  // the name may hold anything, also ") "
  if (name_ends == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*stat).substr(name_ends + 1);
  if (rest.starts_with(" Z") || rest.starts_with(" X")) return std::nullopt;
  for (int field = 3; field < 22; ++field) {
    const std::size_t space = rest.find(' ', 1);
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space);
  }
  return number<std::int64_t>(rest);
}

std::optional<std::vector<pid_t>> children_of(pid_t pid) {
  std::vector<pid_t> children;
  bool known = true;
  const bool listed = for_each_number(fmt::format("/proc/{}/task", pid).c_str(), [&](pid_t thread) {
    const auto text = read_file(fmt::format("/proc/{}/task/{}/children", pid, thread));
    known = known && text;
    if (!text) return;
    std::string_view rest = *text;
    while (const auto child = number<pid_t>(rest)) {
      children.push_back(*child);
      const std::size_t space = rest.find(' ', 1);
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space);
    }
  });
  if (!listed || !known) return std::nullopt;
  return children;
}

std::string mark_of(pid_t pid) {
  constexpr std::string_view kName = "TUNE_ATTEMPT=";
  const std::string environment = read_file(fmt::format("/proc/{}/environ", pid)).value_or("");
  std::string_view rest = environment;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('\0'));
    if (entry.starts_with(kName)) return std::string(entry.substr(kName.size()));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
  }
  return {};
}

std::vector<pid_t> marked_processes(std::string_view mark) {
  std::vector<pid_t> found;
  for_each_number("/proc", [&](pid_t pid) {
    if (mark_of(pid).starts_with(mark)) found.push_back(pid);
  });
  return found;
}

std::size_t kill_marked(std::string_view mark) {
  std::size_t killed = 0;
  for (const pid_t pid : marked_processes(mark)) {
    if (pid != ::getpid() && ::kill(pid, SIGKILL) == 0) ++killed;
  }
  return killed;
}

Family marked_family(std::string_view mark) {
  Family family;
  for (const pid_t pid : marked_processes(mark)) {
    if (const auto start = process_start(pid)) family.emplace(pid, *start);
  }
  return family;
}

bool end_marked(std::string_view mark, double seconds, Family family) {
  const double until = running_seconds() + seconds;
  while (true) {
    family.merge(marked_family(mark));
    family.erase(::getpid());
    std::erase_if(family, [](const auto& process) {
      return process_start(process.first) != process.second || ::kill(process.first, SIGKILL) != 0;
    });
    if (family.empty()) return true;
    if (running_seconds() > until) return false;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

bool is_stopped(pid_t pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  const std::size_t name_ends = stat.rfind(')');
  return name_ends != std::string::npos && stat.compare(name_ends, 3, ") T") == 0;
}

bool end_children(double seconds) {
  const double until = running_seconds() + seconds;
  while (true) {
    int status = 0;
    while (::waitpid(-1, &status, WNOHANG) > 0) {
    }
    const auto children = children_of(::getpid());
    if (!children || children->empty()) return true;
    for (const pid_t child : *children) ::kill(child, SIGKILL);
    if (running_seconds() > until) return false;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

std::uint64_t private_memory(pid_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/smaps_rollup", pid));
  return text ? sum_of(*text, {"Private_Clean:", "Private_Dirty:", "Private_Hugetlb:", "SwapPss:"}) : 0;
}

// Not by children_of: a kernel that does not tell would hide a program's memory from its limit.
std::vector<pid_t> with_descendants(std::vector<pid_t> roots) {
  std::multimap<pid_t, pid_t> children;
  for_each_number("/proc", [&](pid_t child) { children.emplace(parent_of(child), child); });
  for (std::size_t i = 0; i < roots.size(); ++i) {
    const auto [from, to] = children.equal_range(roots[i]);
    for (auto child = from; child != to; ++child) roots.push_back(child->second);
  }
  return roots;
}

std::uint64_t memory_kills() {
  const std::string text = read_file("/proc/vmstat").value_or("");
  const std::size_t found = text.find("\noom_kill ");
  if (found == std::string::npos) return 0;
  return number<std::uint64_t>(std::string_view(text).substr(found + 10)).value_or(0);
}

}  // namespace tune

#include "core/runtime/memory_group.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <utility>
#include <vector>

#include "core/channel.h"
#include "core/runtime/proc.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "tune-";  // then the pid of the worker that made it

/// One write, as the files of a group want it; false with errno.
bool write_value(const std::string& path, const std::string& text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

/// The folder of this process's group in the hierarchy that `mounted` finds in mountinfo and `listed` in cgroup; empty:
/// there is none.
std::string group_folder(const std::string& proc, const std::function<bool(const std::string&)>& mounted,
                         const std::function<bool(const std::string&)>& listed) {
  std::string root, place;
  std::istringstream mounts(read_text(proc + "/mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    if (!mounted(line)) continue;
    std::istringstream fields(line);
    for (int i = 0; i < 4; ++i) fields >> root;  // what of the hierarchy is seen there; the next is where
    fields >> place;
  }
  if (place.empty()) return {};
  std::istringstream groups(read_text(proc + "/cgroup"));
  for (std::string line; std::getline(groups, line);) {
    if (!listed(line)) continue;
    std::string path = line.substr(std::min(line.find(":/"), line.size()) + 1);
    if (root != "/" && (path == root || path.starts_with(root + "/"))) path.erase(0, root.size());
    return fs::path(path == "/" ? place : place + path).lexically_normal().string();
  }
  return {};
}

/// Of version 2.
std::string own_group(const std::string& proc) {
  return group_folder(
      proc, [](const std::string& mount) { return mount.find(" - cgroup2 ") != std::string::npos; },
      [](const std::string& group) { return group.starts_with("0::/"); });
}

/// Of version 1, for memory.
std::string own_old_group(const std::string& proc) {
  const auto has = [](std::string list, std::string_view end) {
    std::ranges::replace(list, ',', ' ');
    return has_word(list.substr(0, list.find(end)), "memory");
  };
  return group_folder(
      proc,
      [&](const std::string& mount) {
        const std::size_t dash = mount.find(" - cgroup ");
        return dash != std::string::npos && has(mount.substr(mount.rfind(' ')), "\n");
      },
      [&](const std::string& group) {
        const std::size_t list = group.find(':') + 1;  // "4:memory:/path"
        return list > 0 && has(group.substr(list), ":");
      });
}

/// Groups of workers that are gone; one that holds processes is not removed by the kernel.
void sweep(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const pid_t pid = std::atoi(name.c_str() + kPrefix.size());
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) ::rmdir(it->path().c_str());
  }
}

/// Moves all processes of `group`, which must be this run's, into one below it.
bool make_room(const std::string& group) {
  const std::vector<pid_t> ours = with_descendants({::getppid()});
  std::vector<pid_t> all;
  std::istringstream pids(read_text(group + "/cgroup.procs"));
  for (pid_t pid = 0; pids >> pid;) all.push_back(pid);
  if (!std::ranges::all_of(all, [&](pid_t pid) { return std::ranges::find(ours, pid) != ours.end(); })) return false;
  const std::string leaf = fmt::format("{}/{}{}", group, kPrefix, ::getpid());
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return false;
  return std::ranges::all_of(all, [&](pid_t pid) { return write_value(leaf + "/cgroup.procs", std::to_string(pid)); });
}

}  // namespace

Result<MemoryGroup> MemoryGroup::make(const std::string& folder, std::uint64_t limit, pid_t pid,
                                      const MemoryGroupFiles& files) {
  const auto error = [&](const char* what) {
    return fail(ErrorCode::kIo, fmt::format("cannot {} the control group {}: {}", what, folder, std::strerror(errno)));
  };
  if (::mkdir(folder.c_str(), 0755) != 0) return error("make");
  MemoryGroup group(folder, files);
  if (!write_value(folder + "/" + files.limit, std::to_string(limit))) return error("limit");
  if (files.kills_all) {
    write_value(folder + "/memory.swap.max", "0");  // where swap is accounted: a limit is no invitation to swap
    if (!write_value(folder + "/memory.oom.group", "1")) return error("set up");
  }
  if (!write_value(folder + "/cgroup.procs", std::to_string(pid))) return error("enter");
  return group;
}

MemoryGroup::MemoryGroup(MemoryGroup&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), files_(std::move(other.files_)) {}

MemoryGroup& MemoryGroup::operator=(MemoryGroup&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(files_, other.files_);
  return *this;
}

MemoryGroup::~MemoryGroup() {
  if (!folder_.empty()) ::rmdir(folder_.c_str());
}

std::uint64_t MemoryGroup::kills() const { return memory_kills_in(folder_ + "/" + files_.events).value_or(0); }

std::optional<std::uint64_t> memory_kills_in(const std::string& file) {
  std::istringstream lines(read_text(file));
  std::string name;
  for (std::uint64_t count = 0; lines >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  return std::nullopt;
}

std::string own_memory_events(const std::string& proc) {
  // Not memory.events: that counts the groups below too, which may be anybody's.
  std::string file = own_group(proc) + "/memory.events.local";
  std::string old_file = own_old_group(proc) + "/memory.oom_control";
  if (memory_kills_in(file)) return file;
  return memory_kills_in(old_file) ? old_file : std::string();
}

std::optional<std::string> memory_groups_folder(const std::string& proc) {
  std::string group = own_group(proc);
  const fs::path path(group);
  if (path.filename().string().starts_with(kPrefix)) group = path.parent_path().string();  // an earlier worker's room
  if (group.empty() || !has_word(read_text(group + "/cgroup.controllers"), "memory")) return std::nullopt;
  if (::access(group.c_str(), W_OK) != 0 || ::access((group + "/cgroup.procs").c_str(), W_OK) != 0) return std::nullopt;
  sweep(group);
  const std::string control = group + "/cgroup.subtree_control";
  if (has_word(read_text(control), "memory") || write_value(control, "+memory")) return group;
  if (errno == EBUSY && make_room(group) && write_value(control, "+memory")) return group;
  return std::nullopt;
}

}  // namespace tune

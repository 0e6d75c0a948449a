#include "experiments/store/sql_error.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace tune::sql {
namespace {

// SQLite's write lock in WAL mode is byte 120 of the -shm file; readers hold 123 to 127 (wal.c, os_unix.c).
constexpr std::int64_t kWalWriteLock = 120;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool exists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

Error cannot_open(const std::string& path, int system_error) {
  const std::string folder = folder_of(path);
  if (!exists(folder)) return {ErrorCode::kIo, fmt::format("cannot open {}: there is no folder {}", path, folder), {}};
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return {ErrorCode::kIo, fmt::format("cannot open {}: it is a folder", path), {}};
  }
  if (access(folder.c_str(), W_OK) != 0) {
    return {ErrorCode::kIo, fmt::format("cannot write in {}: {}", folder, std::system_category().message(errno)),
            "--db FILE puts the database elsewhere"};
  }
  const std::string why = system_error != 0 ? std::system_category().message(system_error) : "SQLite cannot open it";
  return {ErrorCode::kIo, fmt::format("cannot open {}: {}", path, why), {}};
}

Error busy(const std::string& path) {
  std::vector<std::int64_t> pids = lock_holders(path + "-shm", kWalWriteLock, kWalWriteLock);
  if (pids.empty()) pids = lock_holders(path, 0, INT64_MAX);
  std::erase(pids, getpid());
  const std::string who = pids.empty() ? "another process" : process_in_words(pids.front());
  return {ErrorCode::kBusy, fmt::format("{} is locked: {} keeps a transaction open", path, who),
          "end that transaction (COMMIT or ROLLBACK) or that program"};
}

}  // namespace

std::vector<std::int64_t> lock_holders(const std::string& file, std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> pids;
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return pids;
  std::FILE* locks = std::fopen("/proc/locks", "re");
  if (locks == nullptr) return pids;
  char line[256];
  while (std::fgets(line, sizeof line, locks) != nullptr) {
    std::int64_t pid = 0, from = 0, to = INT64_MAX;
    unsigned major = 0, minor = 0;
    unsigned long inode = 0;
    char end[24] = {};
    // 3: POSIX  ADVISORY  WRITE 4242 fe:00:131093 120 120
    if (std::sscanf(line, "%*d: POSIX %*s %*s %" SCNd64 " %x:%x:%lu %" SCNd64 " %20s", &pid, &major, &minor, &inode,
                    &from, end) != 6) {
      continue;
    }
    if (end[0] != 'E') to = std::strtoll(end, nullptr, 10);  // EOF: to the end
    if (inode != info.st_ino || makedev(major, minor) != info.st_dev || from > last || to < first) continue;
    if (std::ranges::find(pids, pid) == pids.end()) pids.push_back(pid);
  }
  std::fclose(locks);
  return pids;
}

std::string process_in_words(std::int64_t pid) {
  std::ifstream in(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(in, name);
  return name.empty() ? fmt::format("process {}", pid) : fmt::format("process {} ({})", pid, name);
}

Error sql_error(sqlite3* db, int code, const std::string& given_path) {
  const char* known = sqlite3_db_filename(db, "main");
  const std::string path = !given_path.empty() ? given_path : known != nullptr && *known != 0 ? known : "the database";
  const std::string words = sqlite3_errmsg(db);
  const int system_error = sqlite3_system_errno(db);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kDiskFull, fmt::format("the disk is full: cannot write {}", path), "free some space"};
    case SQLITE_NOTADB:
      return {ErrorCode::kDamaged, fmt::format("{} is no tune database (SQLite does not know its form)", path), {}};
    case SQLITE_CORRUPT:
      return {ErrorCode::kDamaged, fmt::format("{} is damaged or cut off ({})", path, words), kPagesDamaged};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return busy(path);
    case SQLITE_READONLY:
      return {ErrorCode::kIo, fmt::format("{} cannot be written: the file or its folder is read-only", path),
              "--db FILE puts the database elsewhere"};
    case SQLITE_CANTOPEN: return cannot_open(path, system_error);
    case SQLITE_IOERR:
      if (system_error == ENOSPC || system_error == EDQUOT) {
        return {ErrorCode::kDiskFull, fmt::format("the disk is full: cannot write {}", path), "free some space"};
      }
      return {ErrorCode::kIo,
              fmt::format("{}: {}{}", path, words,
                          system_error != 0 ? " (" + std::system_category().message(system_error) + ")" : ""),
              {}};
    case SQLITE_NOMEM: return {ErrorCode::kIo, fmt::format("no memory left while working on {}", path), {}};
    case SQLITE_TOOBIG:
      return {ErrorCode::kBadInput, fmt::format("a value is too large for {} (1 GB at most)", path), {}};
    default: return {ErrorCode::kInternal, fmt::format("{}: {} (SQLite code {})", path, words, code), {}};
  }
}

}  // namespace tune::sql

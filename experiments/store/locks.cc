#include "experiments/store/locks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "experiments/store/sql_error.h"

namespace tune {
namespace {

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

struct flock range(short type, std::int64_t first, std::int64_t last) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = last == std::numeric_limits<std::int64_t>::max() ? 0 : last - first + 1;
  return lock;
}

}  // namespace

/// One open descriptor of a lock file, and what this process holds through it.
class LockFile {
 public:
  explicit LockFile(int fd) : fd_(fd) {}
  ~LockFile() { ::close(fd_); }
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  bool holds(std::int64_t first, std::int64_t last) const {
    for (const auto& [from, to] : held_) {
      if (from <= last && first <= to) return true;
    }
    return false;
  }
  /// 0: held now; else the pid that is in the way, or -1 with errno.
  std::int64_t take(std::int64_t first, std::int64_t last) {
    if (holds(first, last)) return getpid();
    struct flock lock = range(F_WRLCK, first, last);
    while (fcntl(fd_, F_SETLK, &lock) != 0) {
      if (errno == EINTR) continue;
      if (errno != EACCES && errno != EAGAIN) return -1;
      const std::int64_t pid = holder(first, last);
      if (pid != 0) return pid;
      lock = range(F_WRLCK, first, last);  // gone between the two questions
    }
    held_.emplace_back(first, last);
    return 0;
  }
  void free(std::int64_t first, std::int64_t last) {
    std::erase(held_, std::pair(first, last));
    struct flock lock = range(F_UNLCK, first, last);
    (void)fcntl(fd_, F_SETLK, &lock);
  }
  std::int64_t holder(std::int64_t first, std::int64_t last) const {
    struct flock lock = range(F_WRLCK, first, last);
    if (fcntl(fd_, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
  }

 private:
  int fd_;
  std::vector<std::pair<std::int64_t, std::int64_t>> held_;
};

namespace {

// The kernel keeps these locks by (process, file): closing *any* descriptor of the file frees all of them. So a process
// must have one descriptor a file, and the table of those is the process's own, not any object's.
std::mutex table_mutex;
std::map<Identity, std::weak_ptr<LockFile>> table;
pid_t table_of = 0;  // a forked child inherits the table but none of the locks

std::shared_ptr<LockFile> known(const Identity& identity) {
  if (table_of != getpid()) {
    table.clear();
    table_of = getpid();
  }
  const auto found = table.find(identity);
  return found == table.end() ? nullptr : found->second.lock();
}

/// Requires: table_mutex held.
Result<std::shared_ptr<LockFile>> open_lock_file(const std::string& path, bool create) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    if (auto file = known({info.st_dev, info.st_ino})) return file;
  }
  const int fd = ::open(path.c_str(), O_CLOEXEC | (create ? O_RDWR | O_CREAT : O_RDONLY), 0666);
  if (fd < 0) {
    return fail(ErrorCode::kIo, fmt::format("cannot open {}: {}", path, std::system_category().message(errno)),
                "--db FILE puts the database elsewhere");
  }
  fstat(fd, &info);
  if (auto raced = known({info.st_dev, info.st_ino})) {  // cannot be: the mutex is held, and stat said there was none
    ::close(fd);
    return raced;
  }
  auto file = std::make_shared<LockFile>(fd);
  table[{info.st_dev, info.st_ino}] = file;
  return file;
}

}  // namespace

HeldLock::HeldLock(HeldLock&& other) noexcept
    : file_(std::move(other.file_)), first_(other.first_), last_(other.last_) {}

HeldLock& HeldLock::operator=(HeldLock&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(first_, other.first_);
  std::swap(last_, other.last_);
  return *this;
}

HeldLock::~HeldLock() {
  if (file_ == nullptr) return;
  const std::lock_guard guard(table_mutex);
  if (table_of == getpid()) file_->free(first_, last_);
  file_.reset();
}

Result<HeldLock> take_lock(const std::string& db, std::int64_t first, std::int64_t last) {
  const std::lock_guard guard(table_mutex);
  auto file = open_lock_file(db + "-lock", true);
  if (!file) return pass_on(std::move(file));
  const std::int64_t in_the_way = (*file)->take(first, last);
  if (in_the_way < 0) {
    return fail(ErrorCode::kIo, fmt::format("cannot lock {}-lock: {}", db, std::system_category().message(errno)),
                "a network file system must support POSIX record locks");
  }
  if (in_the_way > 0) return fail(ErrorCode::kBusy, sql::process_in_words(in_the_way));
  HeldLock held;
  held.file_ = *std::move(file);
  held.first_ = first;
  held.last_ = last;
  return held;
}

Result<HeldLock> take_setup_lock(const std::string& db) {
  constexpr int kTries = 30'000;
  for (int i = 0;; ++i) {
    auto lock = take_lock(db, 0, 0);
    if (lock || lock.error().code != ErrorCode::kBusy) return lock;
    if (i == kTries) {
      return fail(ErrorCode::kBusy, fmt::format("{} sets up {} and does not end", lock.error().message, db));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result<HeldLock> take_experiment_lock(const std::string& db, ExperimentId id, const std::string& name) {
  auto lock = take_lock(db, id.value, id.value);
  if (!lock && lock.error().code == ErrorCode::kBusy) {
    return fail(ErrorCode::kBusy, fmt::format("experiment '{}' is being run by {}", name, lock.error().message),
                fmt::format("tune status {} watches it, tune stop {} ends it", name, name));
  }
  return lock;
}

Result<HeldLock> take_all_experiments_lock(const std::string& db) {
  auto lock = take_lock(db, 1, std::numeric_limits<std::int64_t>::max());
  if (!lock && lock.error().code == ErrorCode::kBusy) {
    return fail(ErrorCode::kBusy,
                fmt::format("{} must be upgraded, and {} runs an experiment of it", db, lock.error().message),
                "try again when that run has ended");
  }
  return lock;
}

std::int64_t experiment_holder(const std::string& db, ExperimentId id) {
  const std::lock_guard guard(table_mutex);
  auto file = open_lock_file(db + "-lock", false);
  if (!file) return 0;
  return (*file)->holds(id.value, id.value) ? getpid() : (*file)->holder(id.value, id.value);
}

}  // namespace tune

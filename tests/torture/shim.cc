// A library that is loaded before all others (LD_PRELOAD) and makes the system fail on demand: the n-th write, fsync,
// rename or open of files of the run, connections that are cut or slow, a wall clock that jumps. The machine itself is
// left as it is. scripts/torture makes the plans.
//
//   TUNE_TORTURE_FOLDER=/path      files below it are meant
//   TUNE_TORTURE_PLAN=entries      separated by blanks: ROLE.CALL:N:HOW[:TIMES]
//
// ROLE: controller, worker. CALL: write (also pwrite), sync (fsync, fdatasync), rename, open, truncate, socket (send
// and receive). N: which of these calls, from 1; TIMES: and how many after it. HOW: ENOSPC, EIO, EACCES, EMFILE; SHORT
// (half of a write); CUT (a socket); a number (microseconds that a socket is held up). CALL clock, HOW seconds: from
// the n-th look at the wall clock on it is so many seconds off, back after TIMES looks.
//
//   TUNE_TORTURE_FILESYSTEM=0x6969    every file system says that it is of this kind (statfs(2))

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

enum Call { kWrite, kSync, kRename, kOpen, kTruncate, kSocket, kClock, kCalls };
constexpr const char* kNames[kCalls] = {"write", "sync", "rename", "open", "truncate", "socket", "clock"};
constexpr int kShort = -1, kCut = -2, kDelay = -3;

struct Entry {
  Call call;
  long from, until;
  int error;    // errno, or one of the above
  long amount;  // microseconds, or seconds
};

struct Plan {
  Entry entries[32];
  int size = 0;
  char folder[4096] = {};
  std::atomic<long> counts[kCalls] = {};
};

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// What this process is; nothing is done to the others.
const char* role() {
  static char text[4096];
  const int fd = static_cast<int>(next<int(const char*, int, ...)>("open")("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  const size_t program = strlen(text);
  if (program >= 9 && strcmp(text + program - 9, "tune-host") == 0) return "trial";
  if (program < 4 || strcmp(text + program - 4, "tune") != 0) return "other";
  const bool has_more = static_cast<ssize_t>(program) + 1 < size;
  return has_more && strcmp(text + program + 1, "__worker") == 0 ? "worker" : "controller";
}

int error_of(const char* how) {
  if (strcmp(how, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(how, "EIO") == 0) return EIO;
  if (strcmp(how, "EACCES") == 0) return EACCES;
  if (strcmp(how, "EMFILE") == 0) return EMFILE;
  if (strcmp(how, "SHORT") == 0) return kShort;
  if (strcmp(how, "CUT") == 0) return kCut;
  return kDelay;
}

Plan* read_plan() {
  static Plan plan;
  const char* const folder = getenv("TUNE_TORTURE_FOLDER");
  const char* const text = getenv("TUNE_TORTURE_PLAN");
  if (folder == nullptr || text == nullptr) return &plan;
  snprintf(plan.folder, sizeof plan.folder, "%s", folder);
  const char* const self = role();
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", text);
  char* rest = nullptr;
  for (char* entry = strtok_r(copy, " ", &rest); entry != nullptr; entry = strtok_r(nullptr, " ", &rest)) {
    char who[16], what[16], how[16];
    long n = 0, times = 1;
    if (sscanf(entry, "%15[a-z].%15[a-z]:%ld:%15[-A-Z0-9]:%ld", who, what, &n, how, &times) < 4) continue;
    if (strcmp(who, self) != 0 || plan.size == 32) continue;
    for (int call = 0; call < kCalls; ++call) {
      if (strcmp(what, kNames[call]) != 0) continue;
      plan.entries[plan.size++] = {static_cast<Call>(call), n, n + times, error_of(how), atol(how)};
    }
  }
  return &plan;
}

Plan& plan() {
  static Plan* const all = read_plan();
  return *all;
}

/// What is to happen to this call; nullptr: nothing.
const Entry* due(Call call) {
  Plan& all = plan();
  if (all.size == 0) return nullptr;
  const long n = ++all.counts[call];
  for (int i = 0; i < all.size; ++i) {
    const Entry& entry = all.entries[i];
    if (entry.call == call && n >= entry.from && n < entry.until) return &entry;
  }
  return nullptr;
}

bool is_meant(const char* path) {
  const size_t size = strlen(plan().folder);
  return size > 0 && strncmp(path, plan().folder, size) == 0;
}

bool is_meant(int fd) {
  if (plan().size == 0) return false;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  return is_meant(path);
}

/// A connection between controller and worker: not the nameless ones to trials.
bool is_connection(int fd) {
  if (plan().size == 0) return false;
  sockaddr_un ours{}, theirs{};
  socklen_t size = sizeof ours;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &size) != 0 || ours.sun_family != AF_UNIX) return false;
  if (size > sizeof ours.sun_family && ours.sun_path[0] != '\0') return true;
  size = sizeof theirs;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &size) == 0 && size > sizeof theirs.sun_family &&
         theirs.sun_path[0] != '\0';
}

/// True: the call fails with errno set.
bool fails(Call call) {
  const Entry* const entry = due(call);
  if (entry == nullptr || entry->error <= 0) return false;
  errno = entry->error;
  return true;
}

template <class Do>
ssize_t do_write(int fd, size_t size, Do&& write_for_real) {
  if (!is_meant(fd)) return write_for_real(size);
  const Entry* const entry = due(kWrite);
  if (entry == nullptr) return write_for_real(size);
  if (entry->error == kShort) return write_for_real(size / 2);
  errno = entry->error;
  return -1;
}

template <class Do>
ssize_t do_socket(int fd, Do&& for_real) {
  if (!is_connection(fd)) return for_real();
  const Entry* const entry = due(kSocket);
  if (entry != nullptr && entry->error == kCut) {
    shutdown(fd, SHUT_RDWR);
    errno = ECONNRESET;
    return -1;
  }
  if (entry != nullptr && entry->error == kDelay) usleep(static_cast<useconds_t>(entry->amount));
  return for_real();
}

time_t offset() {
  const Entry* const entry = due(kClock);
  return entry == nullptr ? 0 : entry->amount;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto real = next<ssize_t(int, const void*, size_t)>("write");
  return do_write(fd, size, [&](size_t n) { return real(fd, data, n); });
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return do_write(fd, size, [&](size_t n) { return real(fd, data, n, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static const auto real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return do_write(fd, size, [&](size_t n) { return real(fd, data, n, at); });
}
int fsync(int fd) {
  static const auto real = next<int(int)>("fsync");
  return is_meant(fd) && fails(kSync) ? -1 : real(fd);
}
int fdatasync(int fd) {
  static const auto real = next<int(int)>("fdatasync");
  return is_meant(fd) && fails(kSync) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) noexcept {
  static const auto real = next<int(int, off_t)>("ftruncate");
  return is_meant(fd) && fails(kTruncate) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  static const auto real = next<int(int, off64_t)>("ftruncate64");
  return is_meant(fd) && fails(kTruncate) ? -1 : real(fd, size);
}
int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int(const char*, const char*)>("rename");
  return is_meant(to) && fails(kRename) ? -1 : real(from, to);
}

#define TUNE_OPEN(name)                                                   \
  int name(const char* path, int flags, ...) {                            \
    static const auto real = next<int(const char*, int, ...)>(#name);     \
    va_list arguments;                                                    \
    va_start(arguments, flags);                                           \
    const mode_t mode = va_arg(arguments, mode_t);                        \
    va_end(arguments);                                                    \
    return is_meant(path) && fails(kOpen) ? -1 : real(path, flags, mode); \
  }
TUNE_OPEN(open)
TUNE_OPEN(open64)

ssize_t send(int fd, const void* data, size_t size, int flags) {
  static const auto real = next<ssize_t(int, const void*, size_t, int)>("send");
  return do_socket(fd, [&] { return real(fd, data, size, flags); });
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
  return do_socket(fd, [&] { return real(fd, message, flags); });
}
ssize_t recv(int fd, void* data, size_t size, int flags) {
  static const auto real = next<ssize_t(int, void*, size_t, int)>("recv");
  return do_socket(fd, [&] { return real(fd, data, size, flags); });
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static const auto real = next<ssize_t(int, msghdr*, int)>("recvmsg");
  return do_socket(fd, [&] { return real(fd, message, flags); });
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += offset();
  return result;
}
int gettimeofday(timeval* now, void* zone) noexcept {
  static const auto real = next<int(timeval*, void*)>("gettimeofday");
  const int result = real(now, zone);
  if (result == 0) now->tv_sec += offset();
  return result;
}
time_t time(time_t* out) noexcept {
  static const auto real = next<time_t(time_t*)>("time");
  const time_t now = real(nullptr) + offset();
  if (out != nullptr) *out = now;
  return now;
}

#define TUNE_STATFS(name)                                                         \
  int name(const char* path, struct name* info) noexcept {                        \
    static const auto real = next<int(const char*, struct name*)>(#name);         \
    const int result = real(path, info);                                          \
    const char* const kind = getenv("TUNE_TORTURE_FILESYSTEM");                   \
    if (result == 0 && kind != nullptr) info->f_type = strtol(kind, nullptr, 16); \
    return result;                                                                \
  }
TUNE_STATFS(statfs)
TUNE_STATFS(statfs64)

}  // extern "C"

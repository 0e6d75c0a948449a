#pragma once

// A SQLite VFS over the default one that counts, fails and forgets: the n-th write, sync, open or truncate can fail,
// and after a power loss only what was synced is there (of the rest, any part). So a test can walk through every
// instant at which a disk may let a program down.

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tune::test {

class FaultVfs {
 public:
  enum Operation : unsigned { kWrite = 1, kSync = 2, kTruncate = 4, kOpen = 8, kAll = 15 };

  /// A code of fail(): half of what is written gets to the file, then it fails.
  static constexpr int kShortWrite = SQLITE_IOERR_WRITE;

  explicit FaultVfs(std::string name);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  const std::string& name() const { return name_; }

  /// The n-th (from 1) of these operations from now fails with `code`; `lasting`: all after it, too.
  void fail(std::int64_t n, unsigned operations, int code, bool lasting);
  void heal();
  bool has_failed() const;

  std::int64_t count(Operation operation) const;
  /// All operations since the start, of any kind.
  std::int64_t operations() const;

  /// Bytes of a file after a power loss now: what was synced, and of each later write and truncation maybe some
  /// (`seed`; 0: none).
  std::string after_power_loss(const std::string& path, std::uint64_t seed) const;

 private:
  friend struct FaultFile;
  struct Change {
    bool truncates = false;
    std::size_t offset = 0;
    std::string bytes;
  };
  struct Image {
    std::string durable;
    std::vector<Change> pending;
  };

  static int open(sqlite3_vfs*, const char*, sqlite3_file*, int, int*);
  static int remove(sqlite3_vfs*, const char*, int);
  static int access(sqlite3_vfs*, const char*, int, int*);
  static int full_path(sqlite3_vfs*, const char*, int, char*);
  /// SQLITE_OK, or the code with which this operation is to fail.
  int step(Operation operation);
  static void apply(std::string& image, const Change& change);

  std::string name_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  mutable std::mutex mutex_;
  std::map<std::string, Image> images_;
  std::map<Operation, std::int64_t> counts_;
  std::int64_t operations_ = 0;
  std::int64_t left_ = 0;  // until the failure; 0: none planned
  unsigned which_ = 0;
  int code_ = 0;
  bool lasting_ = false, failed_ = false;
};

}  // namespace tune::test

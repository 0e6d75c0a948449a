#pragma once

// Who runs which experiment: a POSIX record lock on byte <experiment id> of `tune.db-lock`. The kernel frees it the
// moment its process ends, however it ends; a forked child does not hold it (flock would stay with the child), and
// F_GETLK names the holder. Byte 0 guards the making and the upgrading of the database itself.

#include <cstdint>
#include <memory>
#include <string>

#include "core/ids.h"
#include "core/result.h"

namespace tune {

/// A held range of bytes; freed by the destructor. One process holds a byte once: a second try in the same process
/// fails like one in another (the kernel alone would grant it).
class HeldLock {
 public:
  HeldLock() = default;
  HeldLock(HeldLock&& other) noexcept;
  HeldLock& operator=(HeldLock&& other) noexcept;
  ~HeldLock();

 private:
  friend Result<HeldLock> take_lock(const std::string&, std::int64_t, std::int64_t);
  std::shared_ptr<class LockFile> file_;
  std::int64_t first_ = 0, last_ = 0;
};

/// Locks bytes [first, last] of `<db>-lock` without waiting. kBusy: the message is the holder in words (`process 123
/// (tune)`); kIo.
Result<HeldLock> take_lock(const std::string& db, std::int64_t first, std::int64_t last);

/// The lock on the making and upgrading of the database; waits for it, at most 30 s.
Result<HeldLock> take_setup_lock(const std::string& db);
/// The lock on one experiment. kBusy: "experiment 'x' is being run by process 123 (tune)".
Result<HeldLock> take_experiment_lock(const std::string& db, ExperimentId id, const std::string& name);
/// The lock on all experiments there are or will be.
Result<HeldLock> take_all_experiments_lock(const std::string& db);

/// Pid of the process that holds the experiment, or 0. Opens nothing that this process holds locks on.
std::int64_t experiment_holder(const std::string& db, ExperimentId id);

}  // namespace tune

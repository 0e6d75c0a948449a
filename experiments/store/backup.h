#pragma once

// A copy of a database that somebody may be running: `FILE`, and `FILE.checkpoints` with the large checkpoints that the
// copy names. Nobody is kept waiting: a writer in WAL mode does not mind a reader, and checkpoints are read a chunk at
// a time.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace tune {

struct Backup {
  std::uint64_t bytes = 0;             ///< of FILE
  std::int64_t checkpoints = 0;        ///< that lie in FILE.checkpoints
  std::uint64_t checkpoint_bytes = 0;  ///< of these
  std::vector<std::string> damaged;    ///< checkpoints that are not what was written: a line each; they are left out
};

/// Both files appear whole, synced, or not at all. The copy holds every turn that was committed when it was taken. A
/// checkpoint that the run releases meanwhile is no loss: the copy is taken again. kBadInput: `file` exists or is the
/// database; kNotFound, kNewerVersion, kDamaged, kIo, kDiskFull. `progress` hears bytes of checkpoints copied.
Result<Backup> back_up(const std::string& db, const std::string& file,
                       const std::function<void(std::uint64_t)>& progress = {});

}  // namespace tune

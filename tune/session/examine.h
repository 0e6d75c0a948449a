#pragma once

// Is the log of an experiment what was written, and would this program decide the same: `tune replay`, `tune doctor`.

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/spec/reader.h"
#include "experiments/store/store.h"
#include "tune/loop/recovery.h"

namespace tune {

struct LogExamination {
  std::optional<HashFault> hash;       ///< where the log is not what was written; then nothing was replayed
  std::optional<ReplayFault> replay;   ///< where the rules answer otherwise
  std::int64_t decisions = 0;          ///< recomputed, all equal up to `replay`
  std::int64_t configurations = 0;     ///< recomputed
  std::int64_t under_other_rules = 0;  ///< decisions that were not compared
  std::string other_rules;

  bool good() const { return !hash && !replay; }
  /// One line for people.
  std::string text() const;
};

/// Reads the whole log twice. kBadInput: its specification cannot be read by this program; errors of the store.
Result<LogExamination> examine_log(const Reader& reader, const ExperimentRow& row, const ReaderContext& context);

}  // namespace tune

#pragma once

// Exit codes: stable like an interface, told by `tune help exit-codes`.

#include "core/result.h"

namespace tune::cli {

enum Exit : int {
  kOk = 0,             ///< budget used or target reached, at least one trial done
  kFailed = 1,         ///< no trial succeeded, too many failed, or replay differs
  kUsage = 2,          ///< wrong usage or invalid file
  kInternal = 3,       ///< internal error
  kNotFound = 4,       ///< no such experiment or trial
  kTargetMissed = 5,   ///< --require-target
  kDatabase = 6,       ///< the database cannot be used: held, newer, damaged, disk full
  kRefused = 7,        ///< a command does not fit the state of its experiment or trial
  kInterrupted = 130,  ///< and 143: state saved
  kTerminated = 143,   ///< tune report: taken, and the trial should leave
};

/// The exit code of an error.
Exit exit_code(ErrorCode code);

/// Prints `tune: message` and the hint to stderr; its exit code.
int report(const Error& error);

}  // namespace tune::cli

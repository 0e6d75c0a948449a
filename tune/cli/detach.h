#pragma once

// `--detach`: the run goes on in a process of its own session, which no closing terminal reaches. Its parent returns
// once the run has really begun, or has failed, which it tells as the run itself would have.

#include <optional>
#include <string>

#include "core/result.h"

namespace tune::cli {

class Detachment {
 public:
  /// The file beside the database that takes what the run prints.
  static std::string log_of(const std::string& database, const std::string& experiment);

  /// Forks. In the parent: waits, and gives the exit code it must end with (what the run printed before it failed goes
  /// to stderr). In the child: nothing; stdout and stderr are the log from now on, and SIGHUP is ignored.
  /// Requires: one thread, and no database is open. kIo: the log cannot be written.
  Result<std::optional<int>> split(const std::string& database, const std::string& experiment);

  /// In the child: lets the parent go. Elsewhere: nothing.
  void begun();

  /// In the parent, once the run has begun: its process.
  int child() const { return child_; }

 private:
  int child_ = 0;
  int to_parent_ = -1;
};

}  // namespace tune::cli

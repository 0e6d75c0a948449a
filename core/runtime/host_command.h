#pragma once

// Which program is the fork server of a trainable: tune-host, or the program that has registered the trainable itself.

#include <string>
#include <vector>

#include "core/runtime/worker.h"

namespace tune {

struct HostCommand {
  std::vector<std::string> arguments;    ///< program and first arguments
  std::vector<std::string> environment;  ///< NAME=VALUE, beside that of the worker
};

/// kTrial: the file named as library is a program that runs no trials itself, or one of another interface. Where the
/// library was built with AddressSanitizer and the fork server was not, its runtime is loaded before all else, as it
/// demands.
Result<HostCommand> host_command(const WorkerOptions& options);

/// Equal to those of <tune/abi.h>, which nothing in core may include.
inline constexpr const char* kProgramMark = "tune-program-interface:";
inline constexpr const char* kHostArgument = "__tune_host";
inline constexpr const char* kProgramInterface = "1";

}  // namespace tune

#pragma once

// Where a worker finds the controller that comes after its own: a symbolic link beside the database, named after the
// worker's launch, that points at the new controller's socket. The worker looks there whenever nobody answers at the
// socket it knows. A link, because it is made and read in one step and holds a path of any length.

#include <optional>
#include <string>

#include "core/result.h"

namespace tune {

/// Tells the worker of `launch` to come to `socket`; replaces what was told before. kIo.
Result<void> call_worker(const std::string& attempts_dir, const std::string& launch, const std::string& socket);
/// Where it is to come; nothing: nobody has called.
std::optional<std::string> called_to(const std::string& attempts_dir, const std::string& launch);
/// Takes the call back, and the folder away if nothing else is in it.
void forget_call(const std::string& attempts_dir, const std::string& launch);

}  // namespace tune

#pragma once

// Errors of the rooms below as those of the C++ API.

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "experiments/spec/reader.h"
#include "tune/api/include/tune/expected.h"

namespace tune {

/// `not-found`, `busy`, ...: stable names.
std::string error_code_name(ErrorCode code);

Failure to_failure(const Error& error);

/// The errors among what a reader found. `place`: where a diagnostic stands, in words.
Failure to_failure(const std::vector<Diagnostic>& diagnostics,
                   const std::function<std::string(const Diagnostic&)>& place);

}  // namespace tune

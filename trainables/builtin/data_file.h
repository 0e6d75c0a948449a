#pragma once

// Opens a file of recorded data that an experiment file names: what cannot be one (a directory, a pipe that nobody
// writes to, a device without end) is refused before it is read.

#include <fstream>
#include <string>
#include <string_view>

#include "core/result.h"

namespace tune {

/// `what`: for messages, `learning curves`. kNotFound: no such file; kBadInput: no regular file, or it cannot be read.
Result<std::ifstream> open_data_file(const std::string& path, std::string_view what);

}  // namespace tune

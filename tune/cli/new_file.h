#pragma once

// What a person names with -o: a file that appears whole or not at all.

#include <functional>
#include <ostream>
#include <string>

#include "core/result.h"

namespace tune::cli {

/// Lets `write` fill the file `path`, or stdout where it is `-`. A file is written beside its place, synced, renamed:
/// after an error what stood there still does. A link is followed, so that what it leads to is replaced and not the
/// link; what is no ordinary file (a device, a pipe) is written to in place. kIo, kDiskFull, and what `write` returns.
Result<void> write_output(const std::string& path, const std::function<Result<void>(std::ostream&)>& write);

/// errno, as an error about such a file.
tl::unexpected<Error> cannot_write(const std::string& path);

}  // namespace tune::cli

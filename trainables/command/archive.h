#pragma once

// A directory as bytes: POSIX ustar with pax records for long names, so that an exported checkpoint opens with `tar
// xf`. Entries are sorted and carry no times and no owners: equal directories are equal bytes, which the store keeps
// once.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace tune {

struct PackOptions {
  std::vector<std::string> only;  ///< files or directories of these names below it, and nothing else; none: all
  std::vector<std::pair<std::string, std::string>> more;  ///< further files: name, content
};

/// Regular files, directories and symbolic links below `directory`. Files that vanish meanwhile are left out. kNotFound
/// if one of `only` is not there, kIo if something cannot be read.
Result<std::string> pack_directory(const std::string& directory, const PackOptions& options = {});

/// Into an existing, empty directory. kDamaged for anything pack_directory would not have written: a bad checksum, a
/// name that leaves the directory, a cut-off end.
Result<void> unpack_directory(std::string_view bytes, const std::string& directory);

}  // namespace tune

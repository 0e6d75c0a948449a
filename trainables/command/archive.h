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

/// Regular files, directories and symbolic links below `directory`, then `more` as (name, content). Files that vanish
/// meanwhile are left out. kIo if something cannot be read.
Result<std::string> pack_directory(const std::string& directory,
                                   const std::vector<std::pair<std::string, std::string>>& more = {});

/// Into an existing, empty directory. kDamaged for anything pack_directory would not have written: a bad checksum, a
/// name that leaves the directory, a cut-off end.
Result<void> unpack_directory(std::string_view bytes, const std::string& directory);

}  // namespace tune

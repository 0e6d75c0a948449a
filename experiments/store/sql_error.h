#pragma once

// SQLite's result codes as errors that a person can act on: which file, what was found, who holds it.

#include <string>
#include <vector>

#include "core/result.h"

struct sqlite3;

namespace tune::sql {

/// The advice where pages of a file are damaged. Not `.recover`: Debian's sqlite3 is built without what that needs.
inline constexpr const char* kPagesDamaged =
    "restore the last backup (tune backup makes them); without one, save what can still be read, for SQL to ask: "
    "sqlite3 FILE .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 NEW";

/// Error of the last call on `db`; `path` where the connection does not know its file yet.
Error sql_error(sqlite3* db, int code, const std::string& path = {});

/// Processes that hold a POSIX lock on bytes [first, last] of a file, from /proc/locks (opening and closing the file to
/// ask would drop our own locks on it). Empty where /proc tells nothing.
std::vector<std::int64_t> lock_holders(const std::string& file, std::int64_t first, std::int64_t last);

/// `process 123 (sqlite3)`
std::string process_in_words(std::int64_t pid);

}  // namespace tune::sql

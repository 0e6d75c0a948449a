#pragma once

// Opening tune.db: made or upgraded if needed, with the settings that this program counts on.

#include <string>

#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"

namespace tune {

/// For writing. `create`: made if missing; else kNotFound. An older database is upgraded, which needs that nobody runs
/// an experiment of it (kBusy). kNewerVersion, kDamaged, kBadInput (another program's), kIo.
Result<sql::Connection> open_database(const std::string& db, bool create, const StoreOptions& options);

/// For reading; in a directory that cannot be written too. kNotFound: no such file, or nothing in it.
Result<sql::Connection> open_database_to_read(const std::string& db);

/// Absolute, so that a later change of directory moves nothing.
std::string absolute_path(const std::string& path);
bool file_exists(const std::string& path);

inline std::string checkpoints_file(const std::string& db) { return db + ".checkpoints"; }

}  // namespace tune

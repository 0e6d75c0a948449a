#pragma once

// Tables and views of tune.db, and how a database of an older version becomes one of today's. What they mean is said in
// docs/formats/database.md.

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "experiments/store/sqlite.h"

namespace tune {

inline constexpr std::int64_t kSchemaVersion = 2;           ///< PRAGMA user_version
inline constexpr std::int64_t kApplicationId = 0x74756e65;  ///< PRAGMA application_id: "tune"

/// SQL that takes a database from version `to - 1` to version `to`.
struct Migration {
  std::int64_t to = 0;
  const char* sql = nullptr;
};

/// All steps, beginning with the one that makes version 1 out of an empty file.
std::span<const Migration> migrations();
/// Drops the documented views and makes them again: done whenever a step was taken. Views of other names stay.
const char* views_sql();

/// What a file is, without changing it. kNewerVersion, kDamaged; kBadInput if it is a database of another program.
struct SchemaState {
  bool empty = false;  ///< no table yet
  std::int64_t version = 0;
};
Result<SchemaState> inspect_schema(const sql::Connection& connection, const std::string& path,
                                   std::int64_t newest = kSchemaVersion);

/// Takes every step that is missing, in one transaction, and makes the views anew. Nothing if the database is of today.
/// Requires: nobody writes any experiment of it (a lock on all, see locks.h), unless it is empty.
Result<void> migrate(const sql::Connection& connection, const std::string& path, std::span<const Migration> steps,
                     const char* views);

}  // namespace tune

#pragma once

// What can be said about a database without running anything: are its files whole, do its rows refer to what is there,
// and is the place where it lies a good one. Reads only; also while a run goes on.

#include <string>
#include <vector>

#include "core/result.h"

namespace tune {

struct Finding {
  bool harmful = false;  ///< something is damaged or lost; else good to know
  std::string what;      ///< one line
  std::string advice;    ///< what to do; empty: nothing
};

/// The advice where rows are not what tune wrote.
inline constexpr const char* kTablesEdited = "the tables were changed by something else than tune: restore a backup";

/// SQLite's own check of the database and of the file of large checkpoints. Reads every page.
Result<std::vector<Finding>> check_files(const std::string& db);

/// Rows that refer to rows that are not there, and projections that do not follow from the log.
Result<std::vector<Finding>> check_references(const std::string& db);

/// The file system that `db` lies in, or is to lie in: a network file system (whose locks and syncs cannot be counted
/// on), little space, a folder that takes no files.
std::vector<Finding> check_place(const std::string& db);

/// A sentence about a network file system under `db`; empty: it is none.
std::string network_warning(const std::string& db);

}  // namespace tune

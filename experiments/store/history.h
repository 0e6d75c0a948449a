#pragma once

// What a person has changed of an experiment, for lists.

#include <string>
#include <vector>

#include "core/ids.h"
#include "core/result.h"

namespace tune {

struct EditRow {
  std::string key;          ///< `budget.trials`
  std::string before, now;  ///< for people: `200`, `not set`
  double wall = 0;          ///< Unix seconds
};

/// Edits in the order of the log. As open_reader.
Result<std::vector<EditRow>> read_edits(const std::string& db, ExperimentId experiment);

}  // namespace tune

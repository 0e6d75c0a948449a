#pragma once

// A report as a program writes it: one line, a JSON object or `name=value` pairs. Whatever is no report is output.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics.h"
#include "core/result.h"

namespace tune {

struct ProgramReport {
  std::optional<std::int64_t> step;  ///< `training_iteration`, if it said so
  Metrics metrics;                   ///< its numbers, without that one
  std::string extra;                 ///< JSON object of all else, or empty
  /// "checkpoint": true: all of ${checkpoint_dir} (empty here); a text: what has this name in it.
  std::optional<std::string> checkpoint;

  friend bool operator==(const ProgramReport&, const ProgramReport&) = default;
};

/// A JSON object that holds a number (of `objective`, if that is not empty); bare NaN and Infinity are numbers, and
/// null of an objective is NaN, as which other languages print it. Nothing for any other line. kTrial if
/// `training_iteration` is no whole number from 1.
Result<std::optional<ProgramReport>> read_json_report(std::string_view line, const std::vector<std::string>& objective);

/// A line of nothing but `name=value`, separated by blanks or commas, under the same rules.
Result<std::optional<ProgramReport>> read_pairs_report(std::string_view line,
                                                       const std::vector<std::string>& objective);

/// `"abc" for 'loss' is no number`, `'{"loss": ' cannot be read: ...`: what is wrong with a line that names one of the
/// objectives, as if to report it, and is no report; empty for any other line.
std::string why_unreadable(std::string_view line, bool is_pairs, const std::vector<std::string>& objective);

/// The object that read_json_report reads back equal, but for a checkpoint without a name, which is of the past.
std::string program_report_to_json(const ProgramReport& report);

}  // namespace tune

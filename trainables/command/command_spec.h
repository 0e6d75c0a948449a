#pragma once

// The `command` map of an experiment file, on its way from the reader to the trial process, as JSON:
//
//   {"command": ["python3", "train.py", "--lr=${lr}"],   list: no shell; text: /bin/sh -c
//    "report": "stdout",                                  or "file", "pairs"
//    "working_dir": "/home/me/experiment",                absolute
//    "env": {"OMP_NUM_THREADS": "2"},
//    "objective": ["rmse"],                               optional: only objects that hold one of these are reports
//    "exact": true}                                       optional: said by the run, not by the file

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace tune {

struct CommandSpec {
  enum class ReportBy { kStdout, kFile, kPairs };

  std::vector<std::string> command;  ///< items; of a text, one
  bool shell = false;                ///< a text
  ReportBy report = ReportBy::kStdout;
  std::string working_dir = ".";
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::string> objective;
  bool exact = false;  ///< how far it was ahead at a decision must not be seen in the log, if its files allow

  friend bool operator==(const CommandSpec&, const CommandSpec&) = default;
};

/// kBadInput says which member is wrong.
Result<CommandSpec> parse_command_spec(std::string_view json);

}  // namespace tune

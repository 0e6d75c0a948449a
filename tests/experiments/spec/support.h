#pragma once

// What the tests of the reader share: the rooms it is told of, and reading in one line.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/spec/reader.h"

namespace tune::testing {

/// Schedulers as the reader sees them: fifo and asha built, hyperband (with options) and pbt (without) not.
const Catalogue& test_schedulers();

/// All rooms; `builtins` are branin, iris, empty and ackley.
ReaderContext test_context(std::vector<std::pair<std::string, std::string>> overrides = {});

/// Reads `text` as `experiment.yaml` in the tests' folder of good files.
ReadOutcome read(std::string_view text, std::vector<std::pair<std::string, std::string>> overrides = {});

/// A complete file with `tail` at its end: version, trainable branin, objective loss, one uniform parameter `x1`, a
/// budget. Sections of the head that `tail` has itself are left out.
std::string complete(std::string_view tail);

/// `LINE:COLUMN CODE message | hint` for each diagnostic (severity before it unless it is an error).
std::vector<std::string> lines(const std::vector<Diagnostic>& diagnostics);
/// The errors only.
std::vector<std::string> errors(const ReadOutcome& outcome);

/// Text of a file; the test fails if it cannot be read.
std::string read_file(const std::string& path);
/// Files of a folder beside this one, sorted.
std::vector<std::string> files_of(const std::string& folder);
/// Absolute path of a folder beside this one.
std::string folder(const std::string& name);

}  // namespace tune::testing

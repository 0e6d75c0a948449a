#pragma once

// Faults of the text itself: bytes that are no text, and syntax errors in words that say why.

#include <string>

#include "experiments/spec/diagnostics.h"
#include "experiments/spec/source.h"

namespace tune {

/// False, with a fault, for what no YAML parser need see: yaml-cpp would end the file at some control characters
/// without a word.
bool check_bytes(const Source& source, Faults& faults);

/// A parser names what it missed at `line` (one-based; 0: nowhere) and `byte_column` (zero-based); people need to know
/// why.
void report_syntax_error(const std::string& message, int line, int byte_column, const Source& source, Faults& faults);

}  // namespace tune

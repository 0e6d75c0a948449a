#pragma once

// Faults of the text itself: bytes that are no text, and syntax errors in words that say why.

#include <optional>
#include <string>

#include "experiments/spec/diagnostics.h"
#include "experiments/spec/source.h"

namespace tune {

/// False, with a fault, for what no YAML parser need see: yaml-cpp would end the file at some control characters
/// without a word.
bool check_bytes(const Source& source, Faults& faults);

/// What the parser was at when it gave up.
struct SyntaxError {
  std::string message;                      ///< the parser's own words
  int line = 0;                             ///< one-based; 0: nowhere
  int byte_column = 0;                      ///< zero-based
  std::optional<std::size_t> open_bracket;  ///< offset of the innermost { or [ that is not closed yet
};

/// A parser names what it missed; people need to know what they did.
void report_syntax_error(const SyntaxError& error, const Source& source, Faults& faults);

}  // namespace tune

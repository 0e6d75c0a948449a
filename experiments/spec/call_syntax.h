#pragma once

// Distributions written as Python has them, `uniform(0, 1)` or `uniform[0, 1]`, and ranges as `(0, 1)`. YAML takes them
// for text, and inside braces splits that text at its commas: they are found in the text of the file itself, so that
// the answer is the form of this file and not what became of the pieces.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tune {

struct CallSyntax {
  std::size_t offset = 0, length = 0;  ///< in the text that was searched
  std::string text;
  std::string advice;  ///< `write {uniform: [0, 1]}`
};

/// The call that begins at `offset` and is closed on the same line; nothing if no distribution is named there.
std::optional<CallSyntax> find_call(std::string_view text, std::size_t offset);

/// The call that the byte at `offset` is inside of, where it is the first bracket of the arguments.
std::optional<CallSyntax> find_call_around(std::string_view text, std::size_t offset);

}  // namespace tune

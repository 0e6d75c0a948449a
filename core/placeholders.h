#pragma once

// `${NAME}` in a text, as the command and environment of a program have it: where the placeholders stand, and what lies
// between them. `$$` is a dollar sign, and so is a `$` before anything else.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

struct PlaceholderPiece {
  bool is_placeholder = false;
  std::string text;                ///< NAME, or literal text with `$$` read as `$`
  std::size_t begin = 0, end = 0;  ///< of the piece in the whole text, in bytes; `${` and `}` belong to it
};

struct PlaceholderText {
  std::vector<PlaceholderPiece> pieces;  ///< in their order; none is empty literal text
  std::optional<std::size_t> unclosed;   ///< where a `${` stands that has no `}`; what follows it is in no piece
};

PlaceholderText read_placeholders(std::string_view text);

/// What NAME begins with where it is a variable of the environment.
inline constexpr std::string_view kEnvironmentPrefix = "env:";

/// VARIABLE of each `${env:VARIABLE}` in a text, in their order.
std::vector<std::string> environment_names(std::string_view text);

}  // namespace tune

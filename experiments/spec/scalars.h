#pragma once

// Typing of plain scalars by the YAML 1.2 core rules. It is ours because yaml-cpp's conversions follow no rules at all:
// they take `yes` for a bool, `010` for eight, and ignore quotes.

#include <string>
#include <string_view>

#include "core/value.h"

namespace tune {

struct PlainScalar {
  Value value;        ///< null, bool, integer, real or text
  std::string fault;  ///< not empty: a number that no 64 bits hold; `value` is then a real near it, or 0
};

PlainScalar read_plain_scalar(std::string_view text);

/// What other readers would take this text for (`a bool`, `a number`, `a date`, `a time`), or nothing: worth a note.
std::string_view looks_like(std::string_view text);

/// The value for messages: text in quotes, numbers as people write them, lists and maps as `a list`, `a map`.
std::string show_value(const Value& value);
/// `text`, `an integer`, `a real`, `a bool`, `a list`, `a map`, `nothing`.
std::string_view kind_phrase(const Value& value);

}  // namespace tune

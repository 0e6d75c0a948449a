#pragma once

// What is said to a person. fmt::print throws where the stream takes nothing more, as a log file on a full disk does: a
// run must not end because nobody can hear of it.

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

#include "core/utf8.h"

namespace tune {

/// Writes to `to` as far as that is possible. What is lost of stdout, std::ferror tells at the end.
template <class... Values>
void tell(std::FILE* to, fmt::format_string<Values...> format, Values&&... values) {
  const std::string text = fmt::format(format, std::forward<Values>(values)...);
  if (std::fwrite(text.data(), 1, text.size(), to) < text.size()) return;
}

/// The same for lines in which a name, a value or what a trial said may stand: what would steer the terminal is shown
/// instead (visible()).
template <class... Values>
void tell_plainly(std::FILE* to, fmt::format_string<Values...> format, Values&&... values) {
  tell(to, "{}", visible(fmt::format(format, std::forward<Values>(values)...), true));
}

}  // namespace tune

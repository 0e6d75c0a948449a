#pragma once

// UTF-8 as far as JSON and terminals need it: where a text is well formed, what stands in for what is not, and what a
// terminal would obey instead of showing it.

#include <cstdint>
#include <string>
#include <string_view>

namespace tune {

/// Length of the well-formed UTF-8 sequence at the front of `text`, 1 to 4; 0: there is none (overlong forms,
/// surrogates and code points beyond U+10FFFF are not well formed). Requires: text is not empty.
std::size_t utf8_length(std::string_view text);

/// Appends a code point. Requires: below 0x110000 and no surrogate.
void append_utf8(std::string& out, std::uint32_t code_point);

/// The text as a terminal may have it: control characters, which could move the cursor or change the title, as `\x1b`,
/// those that turn the order of what follows as `\u202e`, and line breaks as `\n`. With `lines`, line breaks and tabs
/// stay.
std::string visible(std::string_view text, bool lines = false);

/// What replaces a byte that is no UTF-8: U+FFFD.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Appends the character at the front of `text`, or kReplacement for a byte that begins none. Gives how many bytes of
/// `text` that is. Requires: text is not empty.
std::size_t append_mended(std::string& out, std::string_view text);

/// The text with kReplacement for each byte that is no UTF-8: as it is when it has been written as JSON and read back.
std::string mended(std::string_view text);

}  // namespace tune

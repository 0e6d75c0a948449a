#pragma once

// UTF-8 as far as JSON needs it: where a text is well formed, and what stands in for what is not.

#include <cstdint>
#include <string>
#include <string_view>

namespace tune {

/// Length of the well-formed UTF-8 sequence at the front of `text`, 1 to 4; 0: there is none (overlong forms,
/// surrogates and code points beyond U+10FFFF are not well formed). Requires: text is not empty.
std::size_t utf8_length(std::string_view text);

/// Appends a code point. Requires: below 0x110000 and no surrogate.
void append_utf8(std::string& out, std::uint32_t code_point);

/// What replaces a byte that is no UTF-8: U+FFFD.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace tune

#include "experiments/spec/surrogate_pairs.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/utf8.h"

namespace tune {

namespace {

constexpr char kHidden = '\xC0';                // in no UTF-8, nor does an escape of YAML give it
constexpr std::size_t kEscape = 6, kPair = 12;  // `\ud83c`, `\ud83c\udf89`

/// The number of the escape at the front of `text`, whose backslash may be hidden.
std::optional<std::uint32_t> escaped(std::string_view text) {
  if (text.size() < kEscape || text[1] != 'u') return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = text.data() + kEscape;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, number, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// The character of the pair at the front of `text`, if one stands there.
std::optional<std::uint32_t> joined(std::string_view text, char backslash) {
  if (text.size() < kPair || text[0] != backslash || text[kEscape] != backslash) return std::nullopt;
  const auto high = escaped(text), low = escaped(text.substr(kEscape));
  if (!high || !low || *high < 0xD800 || *high > 0xDBFF || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
}

}  // namespace

std::string hide_surrogate_pairs(std::string_view text) {
  std::string hidden(text);
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    if (joined(text.substr(at), '\\')) {
      hidden[at] = hidden[at + kEscape] = kHidden;
      at += kPair;
    } else {
      at += 2;  // what a backslash escapes may be a backslash
    }
  }
  return hidden;
}

std::string show_surrogate_pairs(std::string_view scalar, bool escapes) {
  std::string shown;
  while (!scalar.empty()) {
    const std::size_t plain = std::min(scalar.find(kHidden), scalar.size());
    shown += scalar.substr(0, plain);
    scalar.remove_prefix(plain);
    if (scalar.empty()) break;
    const auto character = escapes ? joined(scalar, kHidden) : std::nullopt;
    if (character) {
      append_utf8(shown, *character);
    } else {
      shown += '\\';
    }
    scalar.remove_prefix(character ? kPair : 1);
  }
  return shown;
}

}  // namespace tune

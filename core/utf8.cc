#include "core/utf8.h"

namespace tune {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_large = first == 0xF4 && byte(1) >= 0x90;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

std::size_t append_mended(std::string& out, std::string_view text) {
  const std::size_t length = utf8_length(text);
  out += length > 0 ? text.substr(0, length) : kReplacement;
  return length > 0 ? length : 1;
}

std::string mended(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) text.remove_prefix(append_mended(out, text));
  return out;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

std::string visible(std::string_view text, bool lines) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  const auto put_code = [&](std::string_view prefix, unsigned code) {
    out += prefix;
    out += kDigits[code >> 4 & 15];
    out += kDigits[code & 15];
  };
  const auto byte_at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(i), next = byte_at(i + 1), third = byte_at(i + 2);
    const bool is_c1 = byte == 0xC2 && next >= 0x80 && next <= 0x9F;  // U+0080 to U+009F: ESC [ in one character
    // U+202A to U+202E and U+2066 to U+2069: what follows is shown in another order than it has.
    const bool turns = byte == 0xE2 && ((next == 0x80 && third >= 0xAA && third <= 0xAE) ||
                                        (next == 0x81 && third >= 0xA6 && third <= 0xA9));
    const bool stays = lines && (byte == '\n' || byte == '\t');
    if (byte == '\n' && !stays) {
      out += "\\n";
    } else if (byte == '\t' && !stays) {
      out += "\\t";
    } else if ((byte < 0x20 || byte == 0x7F) && !stays) {
      put_code("\\x", byte);
    } else if (is_c1) {
      put_code("\\x", next);
      i += 1;
    } else if (turns) {
      put_code("\\u20", (next & 0x3F) << 6 | (third & 0x3F));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace tune

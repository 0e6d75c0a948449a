// The writing half of core/json.h.

#include <charconv>
#include <cmath>

#include "core/json.h"
#include "core/utf8.h"

namespace tune {
namespace {

enum class NotFinite { kText, kBare };

std::string_view name_of_not_finite(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

void append_integer(std::string& out, std::int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void append_finite(std::string& out, double value) {
  char buffer[40];
  char* const end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
  out += digits;
  if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_value(std::string& out, const Value& value, NotFinite not_finite) {
  switch (value.kind()) {
    case Value::Kind::kNull: out += "null"; return;
    case Value::Kind::kBool: out += value.boolean() ? "true" : "false"; return;
    case Value::Kind::kInteger: append_integer(out, value.integer()); return;
    case Value::Kind::kReal:
      if (not_finite == NotFinite::kBare && !std::isfinite(value.real())) {
        out += name_of_not_finite(value.real());
      } else {
        append_json_real(out, value.real());
      }
      return;
    case Value::Kind::kText: append_json_text(out, value.text()); return;
    case Value::Kind::kList: {
      out += '[';
      bool first = true;
      for (const Value& item : value.list()) {
        if (!first) out += ',';
        first = false;
        append_value(out, item, not_finite);
      }
      out += ']';
      return;
    }
    case Value::Kind::kMap: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.map()) {
        if (!first) out += ',';
        first = false;
        append_json_text(out, key);
        out += ':';
        append_value(out, item, not_finite);
      }
      out += '}';
      return;
    }
  }
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

void append_json(std::string& out, const Value& value) { append_value(out, value, NotFinite::kText); }
void append_json_exact(std::string& out, const Value& value) { append_value(out, value, NotFinite::kBare); }

void append_json_real(std::string& out, double value) {
  if (std::isfinite(value)) return append_finite(out, value);
  out += '"';
  out += name_of_not_finite(value);
  out += '"';
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
    } else {
      text.remove_prefix(append_mended(out, text));
    }
  }
  out += '"';
}

}  // namespace tune

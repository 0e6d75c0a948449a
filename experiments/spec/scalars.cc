#include "experiments/spec/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/text.h"

namespace tune {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

bool is_decimal_integer(std::string_view unsigned_text) {
  return !unsigned_text.empty() && skip_digits(unsigned_text, 0) == unsigned_text.size();
}

/// (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_decimal_real(std::string_view text) {
  std::size_t at = skip_digits(text, 0);
  const bool leading = at > 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (!leading && at == fraction) return false;
  } else if (!leading) {
    return false;
  }
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t exponent = at;
  at = skip_digits(text, exponent);
  return at > exponent && at == text.size();
}

std::optional<Value> parse_integer_of_base(std::string_view text, int base) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Value(value);
}

PlainScalar integer(std::string_view written, std::string_view digits, int base) {
  if (auto value = parse_integer_of_base(digits, base)) return {*std::move(value), {}};
  return {Value(0), std::string(written) + " does not fit 64 bits"};
}

PlainScalar real(std::string_view written, std::string_view without_plus) {
  double value = 0;
  const auto result = std::from_chars(without_plus.data(), without_plus.data() + without_plus.size(), value);
  if (result.ec == std::errc()) return {Value(value), {}};
  return {Value(0.0), std::string(written) + " does not fit a 64-bit real"};
}

}  // namespace

PlainScalar read_plain_scalar(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  static constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  static constexpr std::array<std::string_view, 3> kInf = {".inf", ".Inf", ".INF"};
  static constexpr std::array<std::string_view, 3> kNaN = {".nan", ".NaN", ".NAN"};
  if (one_of(text, kNull)) return {};
  if (one_of(text, kTrue)) return {Value(true), {}};
  if (one_of(text, kFalse)) return {Value(false), {}};
  if (one_of(text, kNaN)) return {Value(std::numeric_limits<double>::quiet_NaN()), {}};

  const bool has_sign = text[0] == '-' || text[0] == '+';
  const std::string_view magnitude = text.substr(has_sign ? 1 : 0);
  const std::string_view without_plus = text.substr(text[0] == '+' ? 1 : 0);  // from_chars knows no plus
  if (one_of(magnitude, kInf)) return {Value(text[0] == '-' ? -kInfinity : kInfinity), {}};
  if (is_decimal_integer(magnitude)) return integer(text, without_plus, 10);
  const auto all_of = [](std::string_view digits, auto accept) {
    return !digits.empty() && std::all_of(digits.begin(), digits.end(), accept);
  };
  if (text.starts_with("0o") && all_of(text.substr(2), [](char c) { return c >= '0' && c <= '7'; })) {
    return integer(text, text.substr(2), 8);
  }
  if (text.starts_with("0x") &&
      all_of(text.substr(2), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); })) {
    return integer(text, text.substr(2), 16);
  }
  if (is_decimal_real(magnitude)) return real(text, without_plus);
  return {Value(text), {}};
}

std::string_view looks_like(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kBools = {"yes", "Yes", "YES", "no",  "No",  "NO",
                                                              "on",  "On",  "ON",  "off", "Off", "OFF"};
  if (one_of(text, kBools)) return "a bool";
  static constexpr std::array<std::string_view, 9> kSpecial = {"inf", "Inf",      "-inf",     "+inf",     "nan",
                                                               "NaN", "infinity", "Infinity", "-Infinity"};
  if (one_of(text, kSpecial)) return "a number";
  if (text.empty()) return {};
  const std::string_view magnitude = text.substr(text[0] == '-' || text[0] == '+' ? 1 : 0);
  if (magnitude.empty() || !is_digit(magnitude[0]) || !is_digit(magnitude.back())) return {};
  const auto only = [&](std::string_view extra) {
    return std::all_of(magnitude.begin(), magnitude.end(),
                       [&](char c) { return is_digit(c) || extra.find(c) != std::string_view::npos; });
  };
  if (only("_") || only(",") || only("_.") || only(",.")) return "a number";
  if (only(":")) return "a time";
  if (magnitude.size() == 10 && only("-") && magnitude[4] == '-' && magnitude[7] == '-') return "a date";
  return {};
}

std::string show_value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "null";
    case Value::Kind::kBool: return value.boolean() ? "true" : "false";
    case Value::Kind::kInteger: return std::to_string(value.integer());
    case Value::Kind::kReal: {
      if (std::isfinite(value.real())) return format_real(value.real());
      if (std::isnan(value.real())) return ".nan";
      return value.real() < 0 ? "-.inf" : ".inf";
    }
    case Value::Kind::kText: return "'" + value.text() + "'";
    case Value::Kind::kList: return "a list";
    case Value::Kind::kMap: return "a map";
  }
  return {};
}

std::string_view kind_phrase(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "nothing";
    case Value::Kind::kBool: return "a bool";
    case Value::Kind::kInteger: return "an integer";
    case Value::Kind::kReal: return "a real";
    case Value::Kind::kText: return "text";
    case Value::Kind::kList: return "a list";
    case Value::Kind::kMap: return "a map";
  }
  return {};
}

}  // namespace tune

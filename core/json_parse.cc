// The reading half of core/json.h: recursive descent, bounded depth, one pass.

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_set>

#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"

namespace tune {
namespace {

constexpr int kMaxDepth = 64;
/// Up to so many keys a map is searched for a repeated one; beyond, a set remembers them.
constexpr std::size_t kFewKeys = 16;

class Parser {
 public:
  explicit Parser(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  Result<Value> document() {
    Value value;
    skip_space();
    if (!read(value, 0)) return failure();
    skip_space();
    if (at_ != end_) {
      wrong("text after the end of the document");
      return failure();
    }
    return value;
  }

 private:
  tl::unexpected<Error> failure() const {
    return fail(ErrorCode::kBadInput, fmt::format("JSON, byte {}: {}", wrong_at_ - begin_, wrong_));
  }

  bool wrong(std::string what) { return wrong(at_, std::move(what)); }
  bool wrong(const char* where, std::string what) {
    wrong_at_ = where;
    wrong_ = std::move(what);
    return false;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view expected) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(expected)) {
      return wrong("expected a value");
    }
    at_ += expected.size();
    return true;
  }

  bool read(Value& out, int depth) {
    if (at_ == end_) return wrong("the text ends where a value is due");
    switch (*at_) {
      case '{': return read_map(out, depth + 1);
      case '[': return read_list(out, depth + 1);
      case '"': {
        std::string text;
        if (!read_text(text)) return false;
        out = Value(std::move(text));
        return true;
      }
      case 't': out = Value(true); return word("true");
      case 'f': out = Value(false); return word("false");
      case 'n': out = Value(); return word("null");
      case 'N': out = Value(std::numeric_limits<double>::quiet_NaN()); return word("NaN");
      case 'I': out = Value(std::numeric_limits<double>::infinity()); return word("Infinity");
      default: return read_number(out);
    }
  }

  bool read_list(Value& out, int depth) {
    if (depth > kMaxDepth) return wrong(fmt::format("nested deeper than {}", kMaxDepth));
    ++at_;
    List list;
    skip_space();
    if (!take(']')) {
      while (true) {
        skip_space();
        if (!read(list.emplace_back(), depth)) return false;
        skip_space();
        if (take(',')) continue;
        if (take(']')) break;
        return wrong("expected ',' or ']'");
      }
    }
    out = Value(std::move(list));
    return true;
  }

  bool read_map(Value& out, int depth) {
    if (depth > kMaxDepth) return wrong(fmt::format("nested deeper than {}", kMaxDepth));
    ++at_;
    Map map;
    std::unordered_set<std::string> seen;
    skip_space();
    if (!take('}')) {
      while (true) {
        skip_space();
        const char* const key_at = at_;
        if (at_ == end_ || *at_ != '"') return wrong("expected a key in quotes");
        std::string key;
        if (!read_text(key)) return false;
        if (is_repeated(map, seen, key)) return wrong(key_at, fmt::format("the key '{}' is given twice", key));
        skip_space();
        if (!take(':')) return wrong("expected ':'");
        skip_space();
        if (map.empty()) map.reserve(4);
        if (!read(map.emplace_back(std::move(key), Value()).second, depth)) return false;
        skip_space();
        if (take(',')) continue;
        if (take('}')) break;
        return wrong("expected ',' or '}'");
      }
    }
    out = Value(std::move(map));
    return true;
  }

  static bool is_repeated(const Map& map, std::unordered_set<std::string>& seen, const std::string& key) {
    if (map.size() < kFewKeys) {
      for (const auto& [name, value] : map) {
        if (name == key) return true;
      }
      return false;
    }
    if (seen.empty()) {
      for (const auto& [name, value] : map) seen.insert(name);
    }
    return !seen.insert(key).second;
  }

  bool read_number(Value& out) {
    const char* const start = at_;
    const bool minus = take('-');
    if (minus && at_ != end_ && *at_ == 'I') {
      out = Value(-std::numeric_limits<double>::infinity());
      return word("Infinity");
    }
    const char* const digits = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    if (at_ == digits) return wrong(start, "expected a value");
    if (*digits == '0' && at_ - digits > 1) return wrong(start, "a number may not begin with 0");
    bool integral = true;
    if (take('.')) {
      integral = false;
      if (!some_digits()) return wrong("expected a digit after '.'");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      integral = false;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!some_digits()) return wrong("expected a digit in the exponent");
    }
    if (integral) {
      std::int64_t value = 0;
      if (std::from_chars(start, at_, value).ec == std::errc()) {
        // `-0` is how some writers show the real.
        out = value == 0 && minus ? Value(-0.0) : Value(value);
        return true;
      }
    }
    out = Value(*parse_real(std::string_view(start, static_cast<std::size_t>(at_ - start))));
    return true;
  }

  bool some_digits() {
    const char* const start = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != start;
  }

  /// Requires: a quote is next.
  bool read_text(std::string& out) {
    const char* const start = at_++;
    while (true) {
      const char* const run = at_;
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20 &&
             static_cast<unsigned char>(*at_) < 0x80) {
        ++at_;
      }
      out.append(run, at_);
      if (at_ == end_) return wrong(start, "a text without an end");
      if (take('"')) return true;
      if (*at_ == '\\') {
        if (!read_escape(out)) return false;
      } else if (static_cast<unsigned char>(*at_) < 0x20) {
        return wrong("a control character inside a text");
      } else {
        const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
        at_ += append_mended(out, rest);
      }
    }
  }

  bool read_escape(std::string& out) {
    ++at_;
    if (at_ == end_) return wrong("a text without an end");
    switch (*at_++) {
      case '"': out += '"'; return true;
      case '\\': out += '\\'; return true;
      case '/': out += '/'; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': return read_code_point(out);
      default: return wrong(at_ - 1, "unknown escape");
    }
  }

  /// After `\u`: one code point, which may take a second escape. A surrogate alone becomes U+FFFD.
  bool read_code_point(std::string& out) {
    std::uint32_t first = 0;
    if (!read_hex4(first)) return false;
    if (first >= 0xD800 && first <= 0xDBFF && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      const char* const second_at = at_;
      at_ += 2;
      std::uint32_t second = 0;
      if (!read_hex4(second)) return false;
      if (second >= 0xDC00 && second <= 0xDFFF) {
        append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        return true;
      }
      at_ = second_at;
    }
    if (first >= 0xD800 && first <= 0xDFFF) {
      out += kReplacement;
    } else {
      append_utf8(out, first);
    }
    return true;
  }

  bool read_hex4(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ == end_) return wrong("a text without an end");
      const char c = *at_;
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return wrong("expected four hexadecimal digits after \\u");
      out = out << 4 | static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* wrong_at_ = nullptr;
  std::string wrong_;
};

}  // namespace

Result<Value> parse_json(std::string_view text) { return Parser(text).document(); }

}  // namespace tune

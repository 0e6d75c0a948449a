#include "searchspaces/expression_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/text.h"
#include "searchspaces/expression_functions.h"

namespace tune {
namespace {

using Kind = ExpressionToken::Kind;

constexpr std::size_t kMaxNesting = 64;

struct Advice {
  std::string_view written, message, hint;
};

/// Longest first: what people write from habit and what to write instead.
constexpr std::array<Advice, 14> kForeignOperators{{
    {"**", "'**' is no operator", "write a ^ b"},
    {"//", "'//' is no operator", "write floor(a / b)"},
    {"=<", "'=<' is no operator", "did you mean '<='?"},
    {"=>", "'=>' is no operator", "did you mean '>='?"},
    {"<>", "'<>' is no operator", "did you mean '!='?"},
    {"%", "'%' is no operator", "write mod(a, b)"},
    {"&", "'&' is no operator", "write &&"},
    {"|", "'|' is no operator", "write ||"},
    {"=", "'=' is no comparison", "did you mean '=='?"},
    {"\"", "text values cannot be compared", "conditions on text belong in 'when'"},
    {"'", "text values cannot be compared", "conditions on text belong in 'when'"},
    {"[", "'[' is no bracket of an expression", "write ( and )"},
    {"{", "'{' is no bracket of an expression", "write ( and )"},
    {"$", "'$' belongs to no expression", "write the name alone"},
}};

constexpr std::array<Advice, 3> kForeignWords{{
    {"and", "'and' is no operator", "write &&"},
    {"or", "'or' is no operator", "write ||"},
    {"not", "'not' is no operator", "write !"},
}};

constexpr std::array<std::string_view, 13> kOperatorSpellings{"<=", ">=", "==", "!=", "&&", "||", "<",
                                                              ">",  "+",  "-",  "*",  "/",  "^"};

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) { return starts_name(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_comparison(const ExpressionToken& token) {
  return token.kind == Kind::kOperator && std::string_view("<>=!").find(token.text[0]) != std::string_view::npos;
}

tl::unexpected<ExpressionError> refuse(std::size_t position, std::size_t length, std::string message,
                                       std::string hint = {}) {
  ExpressionError error;
  error.position = position;
  error.length = std::max<std::size_t>(length, 1);
  error.message = std::move(message);
  error.hint = std::move(hint);
  return tl::unexpected(std::move(error));
}

std::size_t name_length(std::string_view rest) {
  std::size_t n = 0;
  while (n < rest.size() && (in_name(rest[n]) || (rest[n] == '.' && n + 1 < rest.size() && starts_name(rest[n + 1]))))
    ++n;
  return n;
}

std::size_t number_length(std::string_view rest) {
  std::size_t n = 0;
  const auto digits = [&] {
    while (n < rest.size() && is_digit(rest[n])) ++n;
  };
  digits();
  if (n < rest.size() && rest[n] == '.') ++n;
  digits();
  if (n < rest.size() && (rest[n] == 'e' || rest[n] == 'E')) {
    std::size_t exponent = n + 1;
    if (exponent < rest.size() && (rest[exponent] == '+' || rest[exponent] == '-')) ++exponent;
    if (exponent < rest.size() && is_digit(rest[exponent])) {
      n = exponent;
      digits();
    }
  }
  return n;
}

/// Bytes of the first character of UTF-8 text.
std::size_t character_length(std::string_view rest) {
  std::size_t n = 1;
  while (n < rest.size() && (static_cast<unsigned char>(rest[n]) & 0xc0) == 0x80) ++n;
  return n;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  tl::expected<ExpressionTokens, ExpressionError> read() {
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (at_ == text_.size()) return std::move(tokens_);
      if (auto failed = read_one()) return tl::unexpected(*std::move(failed));
    }
  }

 private:
  /// Nothing, or what is wrong.
  std::optional<ExpressionError> read_one() {
    const std::string_view rest = text_.substr(at_);
    if (is_digit(rest[0]) || (rest[0] == '.' && rest.size() > 1 && is_digit(rest[1]))) return read_number(rest);
    if (starts_name(rest[0])) return read_name(rest);
    switch (rest[0]) {
      case '(': return take(Kind::kOpen, 1);
      case ')': return take(Kind::kClose, 1);
      case ',': return take(Kind::kComma, 1);
      case '?': return take(Kind::kQuestion, 1);
      case ':': return take(Kind::kColon, 1);
      default: return read_operator(rest);
    }
  }

  std::optional<ExpressionError> read_number(std::string_view rest) {
    const std::size_t n = number_length(rest);
    const auto value = parse_real(rest.substr(0, n));
    if (n < rest.size() && (in_name(rest[n]) || rest[n] == '.')) {
      std::size_t end = n;
      while (end < rest.size() && (in_name(rest[end]) || rest[end] == '.')) ++end;
      return refuse(at_, end, fmt::format("'{}' is no number", rest.substr(0, end))).value();
    }
    if (!value || !std::isfinite(*value)) {
      return refuse(at_, n, fmt::format("'{}' is beyond the range of numbers", rest.substr(0, n))).value();
    }
    return take(Kind::kNumber, n);
  }

  std::optional<ExpressionError> read_name(std::string_view rest) {
    const std::size_t n = name_length(rest);
    const std::string_view name = rest.substr(0, n);
    for (const Advice& word : kForeignWords) {
      if (word.written == name) return refuse(at_, n, std::string(word.message), std::string(word.hint)).value();
    }
    std::size_t after = n;
    while (after < rest.size() && is_space(rest[after])) ++after;
    return take(after < rest.size() && rest[after] == '(' ? Kind::kFunction : Kind::kName, n);
  }

  std::optional<ExpressionError> read_operator(std::string_view rest) {
    for (const Advice& foreign : kForeignOperators) {
      if (!rest.starts_with(foreign.written) || is_ours(rest)) continue;
      return refuse(at_, foreign.written.size(), std::string(foreign.message), std::string(foreign.hint)).value();
    }
    const bool operand_before =
        !tokens_.empty() && (tokens_.back().kind == Kind::kNumber || tokens_.back().kind == Kind::kName ||
                             tokens_.back().kind == Kind::kClose);
    if (!operand_before && std::string_view("!+-").find(rest[0]) != std::string_view::npos)
      return take(Kind::kPrefix, 1);
    for (const std::string_view ours : kOperatorSpellings) {
      if (rest.starts_with(ours)) return take(Kind::kOperator, ours.size());
    }
    const std::size_t n = character_length(rest);
    return refuse(at_, n, fmt::format("unexpected '{}'", rest.substr(0, n))).value();
  }

  /// `==`, `&&` and `||` begin like what is refused.
  static bool is_ours(std::string_view rest) {
    return rest.starts_with("==") || rest.starts_with("&&") || rest.starts_with("||");
  }

  std::optional<ExpressionError> take(Kind kind, std::size_t length) {
    tokens_.push_back({kind, at_, text_.substr(at_, length)});
    at_ += length;
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  ExpressionTokens tokens_;
};

/// One pair of brackets, or the whole expression.
struct Level {
  const ExpressionToken* open = nullptr;         // null: the whole expression
  const ExpressionFunction* function = nullptr;  // null: brackets that only group
  std::size_t arguments = 0;
  std::vector<std::size_t> questions;  // tokens of '?' without their ':' yet
  std::size_t segment = 0;             // first token after the last || && , ? : or bracket
  std::size_t comparison = 0;          // token after the comparison of the segment; 0: none yet
};

class FormCheck {
 public:
  FormCheck(std::string_view text, const ExpressionTokens& tokens) : text_(text), tokens_(tokens) {}

  tl::expected<void, ExpressionError> run() {
    if (tokens_.empty()) return refuse(0, text_.size(), "the expression is empty");
    levels_.emplace_back();
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      if (auto good = step(tokens_[at_]); !good) return good;
    }
    if (auto good = needs_operand_before_end(); !good) return good;
    if (levels_.size() > 1) return refuse(level().open->position, 1, "'(' is never closed");
    return questions_answered();
  }

 private:
  using Outcome = tl::expected<void, ExpressionError>;

  Level& level() { return levels_.back(); }

  Outcome step(const ExpressionToken& token) {
    switch (token.kind) {
      case Kind::kNumber:
      case Kind::kName: return operand(token);
      case Kind::kFunction: return function(token);
      case Kind::kOpen: return open(token);
      case Kind::kClose: return close(token);
      case Kind::kComma: return comma(token);
      case Kind::kQuestion: return question(token);
      case Kind::kColon: return colon(token);
      case Kind::kOperator: return binary(token);
      case Kind::kPrefix: return Outcome();
    }
    return Outcome();
  }

  Outcome operand(const ExpressionToken& token) {
    if (operand_done_) {
      return refuse(token.position, token.text.size(), fmt::format("an operator is missing before '{}'", token.text));
    }
    operand_done_ = true;
    return Outcome();
  }

  Outcome function(const ExpressionToken& token) {
    if (operand_done_) return operand(token);
    if (find_expression_function(token.text) != nullptr) return Outcome();
    std::string hint = did_you_mean_hint(token.text, expression_function_names());
    if (hint.empty()) hint = "functions: " + join(expression_function_names());
    return refuse(token.position, token.text.size(), fmt::format("unknown function '{}'", token.text), std::move(hint));
  }

  Outcome open(const ExpressionToken& token) {
    if (operand_done_) return refuse(token.position, 1, "an operator is missing before '('");
    if (levels_.size() > kMaxNesting) {
      return refuse(token.position, 1, fmt::format("the expression is nested more than {} deep", kMaxNesting));
    }
    Level level;
    level.open = &token;
    if (at_ > 0 && tokens_[at_ - 1].kind == Kind::kFunction) {
      level.open = &tokens_[at_ - 1];
      level.function = find_expression_function(tokens_[at_ - 1].text);
    }
    level.segment = at_ + 1;
    levels_.push_back(std::move(level));
    return Outcome();
  }

  Outcome close(const ExpressionToken& token) {
    if (levels_.size() == 1) return refuse(token.position, 1, "')' without '('");
    const bool empty_call = level().function != nullptr && tokens_[at_ - 1].kind == Kind::kOpen;
    if (!empty_call) {
      if (auto good = needs_operand(token); !good) return good;
      if (auto good = questions_answered(); !good) return good;
      ++level().arguments;
    }
    if (auto good = argument_count(); !good) return good;
    levels_.pop_back();
    operand_done_ = true;
    return Outcome();
  }

  Outcome argument_count() {
    const ExpressionFunction* function = level().function;
    if (function == nullptr) return Outcome();
    const std::size_t got = level().arguments;
    if (got >= function->min_arguments && got <= function->max_arguments) return Outcome();
    const bool open_ended = function->max_arguments > 2;
    return refuse(
        level().open->position, level().open->text.size(),
        fmt::format("{} takes {}{} argument{}; got {}", function->name, function->min_arguments,
                    open_ended ? " or more" : "", function->min_arguments == 1 && !open_ended ? "" : "s", got));
  }

  Outcome comma(const ExpressionToken& token) {
    if (level().function == nullptr) {
      return refuse(token.position, 1, "',' belongs between the arguments of a function only",
                    "a decimal point is written '.'");
    }
    if (auto good = needs_operand(token); !good) return good;
    if (auto good = questions_answered(); !good) return good;
    ++level().arguments;
    return new_segment();
  }

  Outcome question(const ExpressionToken& token) {
    if (auto good = needs_operand(token); !good) return good;
    level().questions.push_back(at_);
    return new_segment();
  }

  Outcome colon(const ExpressionToken& token) {
    if (level().questions.empty()) return refuse(token.position, 1, "':' without '?'", "write condition ? a : b");
    if (auto good = needs_operand(token); !good) return good;
    level().questions.pop_back();
    return new_segment();
  }

  Outcome binary(const ExpressionToken& token) {
    if (auto good = needs_operand(token); !good) return good;
    if (is_comparison(token)) {
      if (level().comparison != 0) return chained();
      level().comparison = at_ + 1;
    }
    if (token.text == "&&" || token.text == "||") return new_segment();
    operand_done_ = false;
    return Outcome();
  }

  Outcome new_segment() {
    operand_done_ = false;
    level().segment = at_ + 1;
    level().comparison = 0;
    return Outcome();
  }

  Outcome needs_operand(const ExpressionToken& token) const {
    if (operand_done_) return {};
    return refuse(token.position, token.text.size(), fmt::format("a value is missing before '{}'", token.text));
  }

  Outcome needs_operand_before_end() const {
    if (operand_done_) return {};
    const ExpressionToken& last = tokens_.back();
    return refuse(last.position, last.text.size(), fmt::format("a value is missing after '{}'", last.text));
  }

  Outcome questions_answered() {
    if (level().questions.empty()) return {};
    return refuse(tokens_[level().questions.back()].position, 1, "'?' without ':'", "write condition ? a : b");
  }

  /// `1 <= x <= 3`: the hint is the user's own text, mended.
  Outcome chained() {
    const std::size_t first = level().comparison - 1, second = at_;
    std::size_t end = second + 1;
    for (std::size_t depth = 0; end < tokens_.size(); ++end) {
      const ExpressionToken& token = tokens_[end];
      if (token.kind == Kind::kOpen) ++depth;
      if (token.kind == Kind::kClose && depth-- == 0) break;
      if (depth == 0 && (token.kind == Kind::kComma || token.kind == Kind::kQuestion || token.kind == Kind::kColon ||
                         is_comparison(token) || token.text == "&&" || token.text == "||")) {
        break;
      }
    }
    const std::string_view left = between(level().segment, first), middle = between(first + 1, second);
    const std::string_view right = between(second + 1, end);
    std::string hint;
    if (!right.empty()) {
      hint = fmt::format("write {} {} {} && {} {} {}", left, tokens_[first].text, middle, middle, tokens_[second].text,
                         right);
    }
    const std::size_t from = tokens_[level().segment].position;
    const std::size_t to = tokens_[end - 1].position + tokens_[end - 1].text.size();
    return refuse(from, to - from, fmt::format("'{}' compares twice in a row", text_.substr(from, to - from)),
                  std::move(hint));
  }

  /// The text of tokens [from, to).
  std::string_view between(std::size_t from, std::size_t to) const {
    if (from >= to) return {};
    const std::size_t begin = tokens_[from].position;
    return text_.substr(begin, tokens_[to - 1].position + tokens_[to - 1].text.size() - begin);
  }

  std::string_view text_;
  const ExpressionTokens& tokens_;
  std::vector<Level> levels_;
  std::size_t at_ = 0;
  bool operand_done_ = false;
};

}  // namespace

tl::expected<ExpressionTokens, ExpressionError> read_expression_tokens(std::string_view text) {
  return Reader(text).read();
}

tl::expected<void, ExpressionError> check_expression_form(std::string_view text, const ExpressionTokens& tokens) {
  return FormCheck(text, tokens).run();
}

}  // namespace tune

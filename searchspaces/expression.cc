// Expressions over muParser. Form and names are checked on our own words first (expression_tokens.h); muParser then
// gets a text rewritten from them, in which names are v0, v1, ... and numbers n0, n1, ...: so no name can collide with
// its functions, and no number is read by its locale. Its own operators and functions are replaced by ours
// (expression_functions.h), since it calls libm.

#include "searchspaces/expression.h"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/text.h"
#include "searchspaces/expression_functions.h"
#include "searchspaces/expression_tokens.h"

namespace tune {
namespace {

using Kind = ExpressionToken::Kind;

struct NamedNumber {
  std::string_view name;
  double value;
};

constexpr NamedNumber kConstants[] = {
    {"true", 1}, {"false", 0}, {"_pi", 0x1.921fb54442d18p+1}, {"_e", 0x1.5bf0a8b145769p+1}};

const NamedNumber* find_constant(std::string_view name) {
  const auto found = std::find_if(std::begin(kConstants), std::end(kConstants),
                                  [&](const NamedNumber& constant) { return constant.name == name; });
  return found == std::end(kConstants) ? nullptr : found;
}

/// muParser takes one prefix operator at most, so a run of them is rewritten as one of these.
struct Prefix {
  const char* symbol;
  double (*apply)(double);
};
constexpr Prefix kPrefixes[] = {{"-", [](double x) { return -x; }},
                                {"!", [](double x) { return x == 0 ? 1.0 : 0.0; }},
                                {"!!", [](double x) { return x == 0 ? 0.0 : 1.0; }},
                                {"-!", [](double x) { return x == 0 ? -1.0 : -0.0; }},
                                {"-!!", [](double x) { return x == 0 ? -0.0 : -1.0; }}};

/// The one prefix that a run such as `-!-` comes to; empty for none. What stands left of the first '!' may change the
/// sign, what stands right of it nothing; '!' itself counts by twos.
std::string collapse_prefixes(std::string_view run) {
  const std::size_t first_not = run.find('!');
  const std::string_view signs = run.substr(0, first_not);
  std::string out = std::count(signs.begin(), signs.end(), '-') % 2 == 1 ? "-" : "";
  if (first_not != std::string_view::npos) out += std::count(run.begin(), run.end(), '!') % 2 == 1 ? "!" : "!!";
  return out;
}

unsigned precedence(std::string_view symbol) {
  if (symbol == "||") return mu::prLOR;
  if (symbol == "&&") return mu::prLAND;
  if (symbol == "+" || symbol == "-") return mu::prADD_SUB;
  if (symbol == "*" || symbol == "/") return mu::prMUL_DIV;
  return symbol == "^" ? mu::prPOW : mu::prCMP;
}

void define_language(mu::Parser& parser) {
  parser.ClearFun();
  parser.ClearConst();
  parser.ClearInfixOprt();
  parser.EnableBuiltInOprt(false);  // ?: and brackets stay
  for (const ExpressionOperator& op : expression_operators()) {
    parser.DefineOprt(std::string(op.symbol), op.apply, precedence(op.symbol),
                      op.symbol == "^" ? mu::oaRIGHT : mu::oaLEFT);
  }
  for (const Prefix& prefix : kPrefixes) parser.DefineInfixOprt(prefix.symbol, prefix.apply);
  for (const ExpressionFunction& function : expression_functions()) {
    const std::string name(function.name);
    if (function.one) parser.DefineFun(name, function.one);
    if (function.two) parser.DefineFun(name, function.two);
    if (function.many) parser.DefineFun(name, function.many);
  }
}

bool names_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// The legal name with '-' that stands at `position`, which words would read as a subtraction; or null.
const std::string* dashed_name_at(std::string_view text, std::size_t position, const std::vector<std::string>& legal) {
  const std::string_view rest = text.substr(position);
  for (const std::string& name : legal) {
    if (name.find('-') == std::string::npos || !rest.starts_with(name)) continue;
    if (rest.size() == name.size() || !names_char(rest[name.size()])) return &name;
  }
  return nullptr;
}

ExpressionError error_at(std::size_t position, std::size_t length, std::string message, std::string hint) {
  ExpressionError error;
  error.position = position;
  error.length = length;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::optional<ExpressionError> check_name(std::string_view text, const ExpressionToken& token,
                                          const std::vector<std::string>& legal) {
  if (const std::string* dashed = dashed_name_at(text, token.position, legal)) {
    std::string mended = *dashed;
    std::replace(mended.begin(), mended.end(), '-', '_');
    return error_at(token.position, dashed->size(),
                    fmt::format("'{}' holds '-', which an expression reads as minus", *dashed),
                    fmt::format("call the parameter {}", mended));
  }
  if (std::find(legal.begin(), legal.end(), token.text) != legal.end() || find_constant(token.text))
    return std::nullopt;
  if (find_expression_function(token.text)) {
    return error_at(token.position, token.text.size(), fmt::format("'{}' is a function", token.text),
                    fmt::format("write {}(...)", token.text));
  }
  std::string hint = did_you_mean_hint(token.text, legal);
  if (hint.empty()) hint = legal.empty() ? "there are no names to use" : "names: " + join(legal);
  ExpressionError error =
      error_at(token.position, token.text.size(), fmt::format("unknown name '{}'", token.text), std::move(hint));
  error.unknown_name = true;
  return error;
}

}  // namespace

struct Expression::Impl {
  std::string text;
  std::vector<std::string> names;
  std::vector<std::size_t> positions;
  mutable std::vector<double> values;  // of the names; muParser holds their addresses
  mu::Parser parser;
};

Expression::Expression(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

tl::expected<Expression, ExpressionError> Expression::parse(std::string text, const std::vector<std::string>* legal) {
  if (text.size() > kMaxLength) {
    return tl::unexpected(error_at(
        0, text.size(), fmt::format("the expression has {} bytes; {} are allowed", text.size(), kMaxLength), ""));
  }
  auto impl = std::make_unique<Impl>();
  impl->text = std::move(text);
  const auto tokens = read_expression_tokens(impl->text);
  if (!tokens) return tl::unexpected(tokens.error());
  if (auto form = check_expression_form(impl->text, *tokens); !form) return tl::unexpected(std::move(form).error());

  std::map<std::string_view, std::size_t> index_of;
  std::vector<double> numbers;
  std::string rewritten;
  std::string prefixes;  // the run before the token
  for (const ExpressionToken& token : *tokens) {
    if (token.kind == Kind::kPrefix) {
      prefixes += token.text;
      continue;
    }
    if (!prefixes.empty()) {
      rewritten += " " + collapse_prefixes(prefixes);
      prefixes.clear();
    }
    if (!rewritten.empty() && token.kind != Kind::kOpen) rewritten += ' ';  // none before '(': muParser wants `max(`
    const auto number = [&](double value) {
      rewritten += fmt::format("n{}", numbers.size());
      numbers.push_back(value);
    };
    if (token.kind == Kind::kNumber) {
      number(*parse_real(token.text));
    } else if (token.kind == Kind::kName) {
      if (legal) {
        if (auto fault = check_name(impl->text, token, *legal)) return tl::unexpected(*std::move(fault));
      }
      const bool known = legal && std::find(legal->begin(), legal->end(), token.text) != legal->end();
      if (const NamedNumber* constant = find_constant(token.text); constant && !known) {
        number(constant->value);
        continue;
      }
      const auto [place, first_use] = index_of.emplace(token.text, impl->names.size());
      if (first_use) {
        impl->names.emplace_back(token.text);
        impl->positions.push_back(token.position);
      }
      rewritten += fmt::format("v{}", place->second);
    } else {
      rewritten += token.text;
    }
  }
  impl->values.assign(impl->names.size(), 1.0);
  try {
    define_language(impl->parser);
    for (std::size_t i = 0; i < numbers.size(); ++i) impl->parser.DefineConst(fmt::format("n{}", i), numbers[i]);
    for (std::size_t i = 0; i < impl->values.size(); ++i)
      impl->parser.DefineVar(fmt::format("v{}", i), &impl->values[i]);
    impl->parser.SetExpr(rewritten);
    impl->parser.Eval();  // compiles; the value with all names 1 means nothing
  } catch (const mu::ParserError& error) {
    return tl::unexpected(error_at(0, impl->text.size(), "this is no expression: " + error.GetMsg(), ""));
  }
  return Expression(std::move(impl));
}

const std::string& Expression::text() const { return impl_->text; }
const std::vector<std::string>& Expression::names() const { return impl_->names; }
std::size_t Expression::position(std::size_t index) const { return impl_->positions[index]; }

Result<double> Expression::evaluate(const std::function<std::optional<double>(std::string_view)>& lookup) const {
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    const auto value = lookup(impl_->names[i]);
    if (!value)
      return fail(ErrorCode::kBadInput,
                  fmt::format("'{}' needs '{}', which is not there", impl_->text, impl_->names[i]));
    impl_->values[i] = *value;
  }
  double result = 0;
  try {
    result = impl_->parser.Eval();
  } catch (const mu::ParserError& error) {
    return fail(ErrorCode::kInternal, fmt::format("'{}' cannot be evaluated: {}", impl_->text, error.GetMsg()));
  }
  if (!std::isfinite(result)) {
    return fail(ErrorCode::kBadInput, fmt::format("'{}' is {}", impl_->text, format_real(result)));
  }
  return result;
}

}  // namespace tune

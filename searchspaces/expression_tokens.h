#pragma once

// The words of an expression, and all checks of its form: what muParser would accept with another meaning (`=`, chained
// comparison, a bare comma) or refuse with a poor message is caught here, with its place in the user's text.
//
//   expression = condition ['?' expression ':' expression]
//   condition  = operands joined by || && < > <= >= == != + - * / ^, with prefix ! + -
//   operand    = number | name | name '(' expression {',' expression} ')' | '(' expression ')'

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "searchspaces/expression.h"

namespace tune {

struct ExpressionToken {
  enum class Kind { kNumber, kName, kFunction, kOperator, kPrefix, kOpen, kClose, kComma, kQuestion, kColon };
  Kind kind;
  std::size_t position;  ///< byte offset in the text
  std::string_view text;
};

using ExpressionTokens = std::vector<ExpressionToken>;

/// Words of `text`, which outlives them. Fails on characters and words that belong to no expression. A name that a
/// bracket follows is a function.
tl::expected<ExpressionTokens, ExpressionError> read_expression_tokens(std::string_view text);

/// Operators between operands, brackets and ?: in pairs, commas inside functions, functions that exist with arguments
/// as many as they take, no chained comparison, nesting of at most 64.
tl::expected<void, ExpressionError> check_expression_form(std::string_view text, const ExpressionTokens& tokens);

}  // namespace tune

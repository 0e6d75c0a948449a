#pragma once

// The functions and operators of expressions. A derived value is part of a configuration, which must be equal to the
// bit on any machine: so none of them calls a transcendental function of libm (core/portable_math.h says why).

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

struct ExpressionFunction {
  std::string_view name;
  std::size_t min_arguments, max_arguments;
  double (*one)(double) = nullptr;
  double (*two)(double, double) = nullptr;
  double (*many)(const double*, int) = nullptr;
};

struct ExpressionOperator {
  std::string_view symbol;
  double (*apply)(double, double);
};

/// abs sign sqrt exp ln log (natural) log2 log10, trigonometry, floor ceil round trunc rint, mod pow atan2, min max sum
/// avg. mod has the sign of its second argument; round takes halves away from zero, rint up.
std::span<const ExpressionFunction> expression_functions();
const ExpressionFunction* find_expression_function(std::string_view name);
const std::vector<std::string>& expression_function_names();

/// || && comparisons + - * / ^; true is 1.
std::span<const ExpressionOperator> expression_operators();

}  // namespace tune

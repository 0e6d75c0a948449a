#include "searchspaces/expression_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/portable_math.h"

// Of libm only what IEEE 754 defines to the bit is called: sqrt, floor, ceil, trunc, round, fmod, frexp.

namespace tune {
namespace {

constexpr double kPi = 0x1.921fb54442d18p+1;
constexpr double kHalfPi = 0x1.921fb54442d18p+0;
constexpr double kLn2 = 0x1.62e42fefa39efp-1;
constexpr double kLn10 = 0x1.26bb1bbb55516p+1;

double absolute(double x) { return std::abs(x); }
double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
double square_root(double x) { return std::sqrt(x); }
double round_down(double x) { return std::floor(x); }
double round_up(double x) { return std::ceil(x); }
double round_half_away(double x) { return std::round(x); }
double truncate(double x) { return std::trunc(x); }
double round_half_up(double x) { return std::floor(x + 0.5); }

double modulo(double a, double b) {
  const double r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// Exact for powers of two: the fraction of those has logarithm 0.
double log2(double x) {
  if (!(x > 0) || !std::isfinite(x)) return portable::log(x);
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);  // in [1/2, 1)
  if (fraction < 0x1.6a09e667f3bcdp-1) {
    fraction *= 2;
    --exponent;
  }
  return exponent + portable::log(fraction) / kLn2;
}

/// Exact for the powers of ten that are doubles.
double log10(double x) {
  const double quotient = portable::log(x) / kLn10;
  const double nearest = std::round(quotient);
  if (std::abs(nearest) <= 22 && std::abs(quotient - nearest) < 1e-9) {
    double power = 1;
    for (int i = 0; i < static_cast<int>(std::abs(nearest)); ++i) power *= 10;
    if (x == (nearest < 0 ? 1 / power : power)) return nearest;
  }
  return quotient;
}

/// exp(x) - 1 and ln(1 + x) without cancellation near 0 (W. Kahan's rearrangement).
double expm1(double x) {
  const double e = portable::exp(x);
  if (e == 1) return x;
  const double difference = e - 1;
  if (difference == -1 || !std::isfinite(e)) return difference;
  return difference * x / portable::log(e);
}
double log1p(double x) {
  const double sum = 1 + x;
  return sum == 1 || !std::isfinite(sum) ? (std::isfinite(sum) ? x : portable::log(sum))
                                         : portable::log(sum) * x / (sum - 1);
}

double tangent(double x) { return portable::sin(x) / portable::cos(x); }

/// Half the angle twice, then the Taylor series for |t| < tan(pi/16).
double arctangent(double x) {
  if (std::isnan(x)) return x;
  if (std::abs(x) > 1) return sign(x) * kHalfPi - arctangent(1 / x);
  double t = x;
  for (int halving = 0; halving < 2; ++halving) t = t / (1 + std::sqrt(1 + t * t));
  const double square = t * t;
  double series = 0;
  for (int n = 27; n >= 1; n -= 2) series = 1.0 / n - square * series;
  return 4 * t * series;
}

double arctangent2(double y, double x) {
  if (std::isnan(x) || std::isnan(y)) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return y == 0 ? 0.0 : sign(y) * kHalfPi;
  if (std::isinf(x) && std::isinf(y)) return sign(y) * (x > 0 ? kHalfPi / 2 : kHalfPi * 1.5);
  const double angle = arctangent(y / x);
  if (x > 0) return angle;
  return y < 0 ? angle - kPi : angle + kPi;
}

double arcsine(double x) { return arctangent2(x, std::sqrt((1 - x) * (1 + x))); }
double arccosine(double x) { return arctangent2(std::sqrt((1 - x) * (1 + x)), x); }

/// exp(x) / 2, also where exp(x) alone is too large.
double half_exp(double x) {
  const double root = portable::exp(x / 2);
  return root / 2 * root;
}

double hyperbolic_sine(double x) {
  const double size = std::abs(x);
  if (size > 40) return sign(x) * half_exp(size);
  const double e = expm1(size);
  return sign(x) * (e + e / (e + 1)) / 2;
}
double hyperbolic_cosine(double x) {
  const double size = std::abs(x);
  return size > 40 ? half_exp(size) : (portable::exp(size) + portable::exp(-size)) / 2;
}
double hyperbolic_tangent(double x) {
  const double size = std::abs(x);
  if (size > 22) return sign(x);
  const double e = expm1(2 * size);
  return sign(x) * (e / (e + 2));
}
double area_sine(double x) {
  const double size = std::abs(x);
  if (size > 1e8) return sign(x) * (portable::log(size) + kLn2);
  return sign(x) * log1p(size + size * size / (1 + std::sqrt(1 + size * size)));
}
double area_cosine(double x) {
  return x > 1e8 ? portable::log(x) + kLn2 : portable::log(x + std::sqrt((x - 1) * (x + 1)));
}
double area_tangent(double x) { return log1p(2 * x / (1 - x)) / 2; }

/// The best of x, or a NaN among them: it must not be lost by its place in the list.
template <class Better>
double pick(const double* x, int n, Better better) {
  double best = x[0];
  for (int i = 0; i < n; ++i) {
    if (std::isnan(x[i])) return x[i];
    if (better(x[i], best)) best = x[i];
  }
  return best;
}
double smallest(const double* x, int n) {
  return pick(x, n, [](double a, double b) { return a < b; });
}
double largest(const double* x, int n) {
  return pick(x, n, [](double a, double b) { return a > b; });
}
double sum(const double* x, int n) {
  double total = 0;
  for (int i = 0; i < n; ++i) total += x[i];
  return total;
}
double average(const double* x, int n) { return sum(x, n) / n; }

constexpr ExpressionFunction of_one(std::string_view name, double (*f)(double)) {
  return {name, 1, 1, f, nullptr, nullptr};
}
constexpr ExpressionFunction of_two(std::string_view name, double (*f)(double, double)) {
  return {name, 2, 2, nullptr, f, nullptr};
}
constexpr ExpressionFunction of_many(std::string_view name, double (*f)(const double*, int)) {
  return {name, 1, std::numeric_limits<std::size_t>::max(), nullptr, nullptr, f};
}

constexpr std::array kFunctions{
    of_one("abs", absolute),
    of_one("sign", sign),
    of_one("sqrt", square_root),
    of_one("exp", portable::exp),
    of_one("ln", portable::log),
    of_one("log", portable::log),
    of_one("log2", log2),
    of_one("log10", log10),
    of_one("floor", round_down),
    of_one("ceil", round_up),
    of_one("round", round_half_away),
    of_one("trunc", truncate),
    of_one("rint", round_half_up),
    of_one("sin", portable::sin),
    of_one("cos", portable::cos),
    of_one("tan", tangent),
    of_one("asin", arcsine),
    of_one("acos", arccosine),
    of_one("atan", arctangent),
    of_one("sinh", hyperbolic_sine),
    of_one("cosh", hyperbolic_cosine),
    of_one("tanh", hyperbolic_tangent),
    of_one("asinh", area_sine),
    of_one("acosh", area_cosine),
    of_one("atanh", area_tangent),
    of_two("atan2", arctangent2),
    of_two("mod", modulo),
    of_two("pow", portable::pow),
    of_many("min", smallest),
    of_many("max", largest),
    of_many("sum", sum),
    of_many("avg", average),
};

constexpr std::array<ExpressionOperator, 13> kOperators{{
    {"||", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
    {"&&", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
    {"<", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {">", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"<=", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
    {">=", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
    {"==", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"!=", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
    {"+", [](double a, double b) { return a + b; }},
    {"-", [](double a, double b) { return a - b; }},
    {"*", [](double a, double b) { return a * b; }},
    {"/", [](double a, double b) { return a / b; }},
    {"^", portable::pow},
}};

}  // namespace

std::span<const ExpressionFunction> expression_functions() { return kFunctions; }

const ExpressionFunction* find_expression_function(std::string_view name) {
  const auto found =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const ExpressionFunction& f) { return f.name == name; });
  return found == kFunctions.end() ? nullptr : &*found;
}

const std::vector<std::string>& expression_function_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    names.reserve(kFunctions.size());
    for (const ExpressionFunction& f : kFunctions) names.emplace_back(f.name);
    return names;
  }();
  return kNames;
}

std::span<const ExpressionOperator> expression_operators() { return kOperators; }

}  // namespace tune

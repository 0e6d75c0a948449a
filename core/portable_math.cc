// Exponential, logarithm and power; sine and cosine in portable_trig.cc, the normal distribution in portable_normal.cc.
//
// The series below are Taylor series on intervals so short that their first omitted term lies beyond double precision;
// what carries the result is kept as an unevaluated sum of two doubles where one would not do (Dekker, 1971).

#include "core/portable_math.h"

#include "core/portable_parts.h"

namespace tune::portable {
namespace {

using namespace parts;

constexpr double kLn2Hi = 0x1.62e42feep-1;  // 32 bits: k * kLn2Hi is exact for every exponent k
constexpr double kLn2Lo = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep0;

struct Split {
  double m;  // in [sqrt(1/2), sqrt(2))
  int k;     // x = m * 2^k
};

/// Requires: x is finite and above 0.
Split split(double x) {
  int k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    k = -54;
  }
  const std::uint64_t bits = to_bits(x);
  k += static_cast<int>(bits >> 52) - 1023;
  double m = from_bits((bits & kFractionBits) | 0x3ff0000000000000u);
  if (m > 0x1.6a09e667f3bcdp0) {
    m *= 0.5;
    ++k;
  }
  return {m, k};
}

/// ln(x) to about 2^-66 of its value. Requires: x is finite and above 0.
Double2 log_precise(double x) {
  const auto [m, k] = split(x);
  // ln m = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), |s| < 0.172; m - 1 is exact, m + 1 a sum of two doubles.
  const Double2 s = divide({m - 1, 0}, sum(m, 1.0));
  const Double2 z = multiply(s, s);
  double tail = 0;
  for (int n = 29; n >= 11; n -= 2) tail = 1.0 / n + z.hi * tail;
  Double2 series = {tail, 0};
  for (int n = 9; n >= 1; n -= 2) series = add(divide({1, 0}, {static_cast<double>(n), 0}), multiply(z, series));
  const Double2 log_m = multiply({2 * s.hi, 2 * s.lo}, series);
  constexpr Double2 kLn2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
  return add(multiply(kLn2, {static_cast<double>(k), 0}), log_m);
}

enum class Parity { kFraction, kEven, kOdd };

Parity parity(double y) {
  const double size = magnitude(y);
  if (size >= 0x1p53) return Parity::kEven;
  const auto whole = static_cast<std::int64_t>(size);
  if (static_cast<double>(whole) != size) return Parity::kFraction;
  return whole % 2 ? Parity::kOdd : Parity::kEven;
}

/// x^y for x > 0 and finite, y finite.
double pow_positive(double x, double y) {
  const Double2 log_x = log_precise(x);
  const double product = y * log_x.hi;
  if (product > 710) return kInfinity;
  if (product < -746) return 0;
  if (magnitude(product) < 0x1p-60) return 1;
  // Dekker's product needs room above and below; y beyond 2^500 comes here only with a logarithm that is as small.
  const Double2 p = magnitude(y) > 0x1p500 ? Double2{product, 0} : multiply({y, 0}, log_x);
  return exp_sum(p.hi, p.lo);
}

}  // namespace

double parts::exp_sum(double hi, double lo) {
  if (hi != hi) return hi;
  if (hi > 709.79) return kInfinity;
  if (hi < -745.2) return 0;
  const double k = nearest(hi * kLog2E);
  const double r_hi = hi - k * kLn2Hi;
  const double r_lo = k * kLn2Lo - lo;
  const double r = r_hi - r_lo;  // |r| <= ln(2)/2
  // r (e^r + 1) / (e^r - 1) = 2 + sum of 2 B_2n r^2n / (2n)!, B the Bernoulli numbers; c = r minus that sum.
  const double z = r * r;
  const double c =
      r - z * (1.0 / 6 +
               z * (-1.0 / 360 +
                    z * (1.0 / 15120 + z * (-1.0 / 604800 + z * (1.0 / 23950080 + z * (-691.0 / 653837184000 +
                                                                                       z * (1.0 / 37362124800)))))));
  const double y = 1 - ((r_lo - (r * c) / (2 - c)) - r_hi);
  return scale(y, static_cast<int>(k));
}

double exp(double x) { return exp_sum(x, 0); }

double log(double x) {
  if (x != x || x < 0) return kNaN;
  if (x == 0) return -kInfinity;
  if (x == kInfinity) return x;
  const auto [m, k] = split(x);
  // ln(1 + f) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f), R = sum of 2 s^2n / (2n + 1): little is left to round.
  const double f = m - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  double series = 0;
  for (int n = 23; n >= 3; n -= 2) series = z * (2.0 / n + series);
  const double half_square = 0.5 * f * f;
  return k * kLn2Hi - ((half_square - (s * (half_square + series) + k * kLn2Lo)) - f);
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return kNaN;
  const double size = magnitude(x);
  if (magnitude(y) == kInfinity) {
    if (size == 1) return 1;
    return (size > 1) == (y > 0) ? kInfinity : 0;
  }
  const Parity kind = parity(y);
  const bool minus = is_minus(x) && kind == Parity::kOdd;
  if (size == 0 || size == kInfinity) {
    const double result = (size == 0) == (y > 0) ? 0 : kInfinity;
    return minus ? -result : result;
  }
  if (x < 0 && kind == Parity::kFraction) return kNaN;
  const double result = pow_positive(size, y);
  return minus ? -result : result;
}

}  // namespace tune::portable

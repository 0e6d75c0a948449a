#pragma once

// What the files of core/portable_math.h share: the bits of a double, and sums of two doubles. Private to them.

#include <bit>
#include <cstdint>
#include <limits>

namespace tune::portable::parts {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::uint64_t kFractionBits = (std::uint64_t{1} << 52) - 1;

inline std::uint64_t to_bits(double x) { return std::bit_cast<std::uint64_t>(x); }
inline double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }
inline double magnitude(double x) { return from_bits(to_bits(x) & ~(std::uint64_t{1} << 63)); }
inline bool is_minus(double x) { return to_bits(x) >> 63; }

/// 2^k. Requires: -1022 <= k <= 1023.
inline double power_of_2(int k) { return from_bits(static_cast<std::uint64_t>(k + 1023) << 52); }

/// x * 2^k with one rounding at most. Requires: 0.5 <= |x| <= 2, -1080 <= k <= 1024.
inline double scale(double x, int k) {
  if (k < -1020) return x * power_of_2(k + 60) * 0x1p-60;
  if (k > 1023) return x * 2 * power_of_2(k - 1);
  return x * power_of_2(k);
}

/// The nearest integer, ties to even. Requires: |x| < 2^51.
inline double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

/// The value hi + lo, |lo| <= ulp(hi)/2: about 106 bits.
struct Double2 {
  double hi = 0;
  double lo = 0;
};

/// a + b exactly (Knuth).
inline Double2 sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}

/// a + b exactly. Requires: |a| >= |b| or a = 0.
inline Double2 fast_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}

/// a * b exactly (Dekker, with Veltkamp's splitting). Requires: no overflow, |a|, |b| < 2^990.
inline Double2 product(double a, double b) {
  constexpr double kSplitter = 0x1p27 + 1;
  const double p = a * b;
  const double ca = kSplitter * a, cb = kSplitter * b;
  const double a_hi = ca - (ca - a), b_hi = cb - (cb - b);
  const double a_lo = a - a_hi, b_lo = b - b_hi;
  return {p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
}

inline Double2 add(Double2 a, Double2 b) {
  const Double2 s = sum(a.hi, b.hi);
  return fast_sum(s.hi, s.lo + (a.lo + b.lo));
}

inline Double2 multiply(Double2 a, Double2 b) {
  const Double2 p = product(a.hi, b.hi);
  return fast_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

inline Double2 divide(Double2 a, Double2 b) {
  const double q = a.hi / b.hi;
  const Double2 p = product(q, b.hi);
  const double rest = ((a.hi - p.hi) - p.lo) + a.lo - q * b.lo;
  return fast_sum(q, rest / b.hi);
}

/// exp(hi + lo) for |lo| far below |hi|.
double exp_sum(double hi, double lo);

}  // namespace tune::portable::parts

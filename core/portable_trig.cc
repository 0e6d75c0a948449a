// Sine and cosine. Any double is reduced exactly (Payne and Hanek, "Radian reduction for trigonometric functions",
// SIGNUM Newsletter 18, 1983): x = m * 2^e is multiplied by those bits of 2/pi that matter modulo 4, in integers.

#include <array>

#include "core/portable_math.h"
#include "core/portable_parts.h"

namespace tune::portable {
namespace {

using namespace parts;

/// 64 bits of zero, then the first 1,280 bits of 2/pi.
constexpr std::array<std::uint64_t, 21> kTwoOverPi{
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
    0xf0cfbc209af4361d};

constexpr Double2 kHalfPi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

/// 256 bits, most significant word first.
using Wide = std::array<std::uint64_t, 4>;

/// The 256 bits of 2/pi of which the first has the weight 2^-first. Requires: -63 < first <= 1024.
Wide bits_of_two_over_pi(int first) {
  const unsigned at = static_cast<unsigned>(first + 63);  // the bit of weight 2^-1 is number 64 of the table
  const unsigned word = at / 64, shift = at % 64;
  Wide bits{};
  for (unsigned i = 0; i < 4; ++i) {
    bits[i] = kTwoOverPi[word + i] << shift;
    if (shift) bits[i] |= kTwoOverPi[word + i + 1] >> (64 - shift);
  }
  return bits;
}

/// a * b modulo 2^256.
Wide multiply(std::uint64_t a, const Wide& b) {
  Wide out{};
  unsigned __int128 carry = 0;
  for (int i = 3; i >= 0; --i) {
    carry += static_cast<unsigned __int128>(a) * b[i];
    out[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return out;
}

Wide shift_left(const Wide& a, unsigned shift) {
  Wide out{};
  const unsigned words = shift / 64, bits = shift % 64;
  for (unsigned i = 0; i + words < 4; ++i) {
    out[i] = a[i + words] << bits;
    if (bits && i + words + 1 < 4) out[i] |= a[i + words + 1] >> (64 - bits);
  }
  return out;
}

Wide negate(const Wide& a) {
  Wide out{};
  std::uint64_t carry = 1;
  for (int i = 3; i >= 0; --i) {
    out[i] = ~a[i] + carry;
    carry = carry && out[i] == 0;
  }
  return out;
}

/// The fraction 0.bits as a sum of two doubles.
Double2 to_fraction(const Wide& bits) {
  unsigned zeros = 0;
  while (zeros < 192 && !(bits[zeros / 64] << (zeros % 64) >> 63)) ++zeros;
  const Wide lead = shift_left(bits, zeros);
  const double hi = static_cast<double>(lead[0] >> 11) * 0x1p-53;
  const double lo = static_cast<double>((lead[0] & 0x7ff) << 42 | lead[1] >> 22) * 0x1p-106;
  const double weight = power_of_2(-static_cast<int>(zeros));
  return {hi * weight, lo * weight};
}

struct Reduced {
  Double2 r;         // |r| <= pi/4
  int quadrant = 0;  // |x| = quadrant * pi/2 + r, modulo 2 pi
};

/// Requires: x is finite and at least 0.
Reduced reduce(double x) {
  if (x <= 0x1.921fb54442d18p-1) return {{x, 0}, 0};
  const std::uint64_t m = (to_bits(x) & kFractionBits) | (kFractionBits + 1);
  const int e = static_cast<int>(to_bits(x) >> 52) - 1075;  // x = m * 2^e
  // The product's first two bits count quarter turns, the rest is what remains of one; bits of 2/pi before are whole
  // turns.
  const Wide turns = multiply(m, bits_of_two_over_pi(e - 1));
  int quadrant = static_cast<int>(turns[0] >> 62);
  Wide fraction = shift_left(turns, 2);
  const bool upper_half = fraction[0] >> 63;
  if (upper_half) {
    fraction = negate(fraction);
    quadrant = (quadrant + 1) % 4;
  }
  const Double2 r = parts::multiply(to_fraction(fraction), kHalfPi);
  return {upper_half ? Double2{-r.hi, -r.lo} : r, quadrant};
}

/// Taylor; the first terms last, so that one rounding is left. Requires: |r| <= pi/4.
double sin_near_0(Double2 r) {
  const double z = r.hi * r.hi;
  // 1/5! - z/7! + ... + z^7/19!
  const double tail =
      1.0 / 120 +
      z * (-1.0 / 5040 +
           z * (1.0 / 362880 +
                z * (-1.0 / 39916800 +
                     z * (1.0 / 6227020800 + z * (-1.0 / 1307674368000 +
                                                  z * (1.0 / 355687428096000 + z * (-1.0 / 121645100408832000)))))));
  const double cube = z * r.hi;
  // sin(hi + lo) = sin hi + lo cos hi
  return r.hi - ((z * (0.5 * r.lo - cube * tail) - r.lo) + cube * (1.0 / 6));
}

double cos_near_0(Double2 r) {
  const double z = r.hi * r.hi;
  // 1/4! - z/6! + ... + z^7/18!
  const double tail =
      1.0 / 24 +
      z * (-1.0 / 720 +
           z * (1.0 / 40320 +
                z * (-1.0 / 3628800 +
                     z * (1.0 / 479001600 +
                          z * (-1.0 / 87178291200 + z * (1.0 / 20922789888000 + z * (-1.0 / 6402373705728000)))))));
  const double half = 0.5 * z;
  const double w = 1 - half;
  return w + (((1 - w) - half) + (z * z * tail - r.hi * r.lo));
}

double of_quadrant(const Double2& r, int quadrant) {
  const double value = quadrant % 2 ? cos_near_0(r) : sin_near_0(r);
  return quadrant >= 2 ? -value : value;
}

}  // namespace

double sin(double x) {
  const double size = magnitude(x);
  if (!(size < kInfinity)) return kNaN;
  if (size < 0x1p-27) return x;
  const Reduced reduced = reduce(size);
  const double value = of_quadrant(reduced.r, reduced.quadrant);
  return is_minus(x) ? -value : value;
}

double cos(double x) {
  const double size = magnitude(x);
  if (!(size < kInfinity)) return kNaN;
  const Reduced reduced = reduce(size);
  return of_quadrant(reduced.r, (reduced.quadrant + 1) % 4);
}

}  // namespace tune::portable

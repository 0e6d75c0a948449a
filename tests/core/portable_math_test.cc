// Accuracy against the long double functions of libm, identities, and golden bits that must be equal on any machine.

#include "core/portable_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

#include "core/rng.h"
#include "tests/core/numbers.h"

namespace tune {
namespace {

constexpr int kPoints = 100'000;

/// Distance in units in the last place of the exact value.
double error_in_ulps(double got, long double exact) {
  const double rounded = static_cast<double>(exact);
  const double size = std::max(std::abs(rounded), std::numeric_limits<double>::min());
  const double ulp = std::nextafter(size, kInfinity) - size;
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / ulp);
}

/// The largest error of `f` over so many points that `draw` makes of a random stream.
double worst_error(const std::function<double(RandomStream&)>& draw, double (*f)(double),
                   long double (*exact)(long double)) {
  RandomStream stream(1, "accuracy", 0);
  double worst = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double x = draw(stream);
    worst = std::max(worst, error_in_ulps(f(x), exact(x)));
  }
  return worst;
}

std::function<double(RandomStream&)> uniform(double low, double high) {
  return [=](RandomStream& stream) { return low + (high - low) * stream.uniform(); };
}

/// Any finite double above 0, small exponents as likely as large ones.
double any_positive(RandomStream& stream) { return std::bit_cast<double>(stream.below(0x7ff0000000000000u)); }

long double exact_cdf(long double x) { return std::erfc(-x / std::sqrt(2.0L)) / 2; }

TEST(PortableMath, ExpIsExactToOneUlp) {
  EXPECT_LT(worst_error(uniform(-708, 709.7), portable::exp, std::exp), 1.0);
  EXPECT_LT(worst_error(uniform(-1, 1), portable::exp, std::exp), 1.0);
  EXPECT_LT(worst_error(uniform(-1e-8, 1e-8), portable::exp, std::exp), 1.0);
}

TEST(PortableMath, ExpHandlesItsEnds) {
  EXPECT_EQ(portable::exp(0), 1);
  EXPECT_EQ(portable::exp(-0.0), 1);
  EXPECT_EQ(portable::exp(kInfinity), kInfinity);
  EXPECT_EQ(portable::exp(-kInfinity), 0);
  EXPECT_TRUE(std::isnan(portable::exp(kNaN)));
  EXPECT_EQ(portable::exp(709.8), kInfinity);
  EXPECT_TRUE(std::isfinite(portable::exp(709.78)));
  EXPECT_EQ(portable::exp(-746), 0);
  EXPECT_GT(portable::exp(-745), 0);
  EXPECT_NEAR(portable::exp(-740) / std::exp(-740.0), 1, 1e-2);  // subnormal
}

TEST(PortableMath, LogIsExactToOneUlp) {
  EXPECT_LT(worst_error(any_positive, portable::log, std::log), 1.0);
  EXPECT_LT(worst_error(uniform(0.5, 2), portable::log, std::log), 1.0);
  EXPECT_LT(worst_error(uniform(0.999999, 1.000001), portable::log, std::log), 1.0);
}

TEST(PortableMath, LogHandlesItsEnds) {
  EXPECT_EQ(portable::log(1), 0);
  EXPECT_EQ(portable::log(0), -kInfinity);
  EXPECT_EQ(portable::log(-0.0), -kInfinity);
  EXPECT_EQ(portable::log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(portable::log(-1)));
  EXPECT_TRUE(std::isnan(portable::log(-kInfinity)));
  EXPECT_TRUE(std::isnan(portable::log(kNaN)));
  EXPECT_LT(error_in_ulps(portable::log(5e-324), std::log(static_cast<long double>(5e-324))), 1.0);
}

TEST(PortableMath, PowIsExactToOneUlp) {
  RandomStream stream(1, "pow", 0);
  double worst = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double x = i % 2 ? any_positive(stream) : 4 * stream.uniform_open();
    const double y = i % 4 < 2 ? stream.uniform() * 4 - 2 : stream.uniform() * 600 - 300;
    const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    if (exact > 1e308L || exact < 1e-307L) continue;
    worst = std::max(worst, error_in_ulps(portable::pow(x, y), exact));
  }
  EXPECT_LT(worst, 1.0);
}

TEST(PortableMath, PowOfHugeExponentsStaysExact) {
  for (const double y : {1e10, -1e10, 1e15, 1e18}) {
    for (const double step : {1e-9, 1e-12, -1e-10}) {
      const double x = 1 + step;
      const long double exact = std::exp(static_cast<long double>(y) * std::log(static_cast<long double>(x)));
      if (!(exact < 1e300L) || exact < 1e-300L) continue;
      EXPECT_NEAR(portable::pow(x, y) / static_cast<double>(exact), 1, 1e-13) << x << " " << y;
    }
  }
}

TEST(PortableMath, PowFollowsTheStandardAtItsCorners) {
  const double corners[] = {0.0, -0.0, 1,         -1,         2,    -2,    0.5,    -0.5,   3,
                            -3,  2.5,  kInfinity, -kInfinity, kNaN, 1e300, 1e-300, 0x1p53, 0x1p53 - 1};
  for (const double x : corners) {
    for (const double y : corners) {
      const double got = portable::pow(x, y), want = std::pow(x, y);
      if (std::isnan(want)) {
        EXPECT_TRUE(std::isnan(got)) << x << " ^ " << y;
      } else {
        EXPECT_EQ(std::signbit(got), std::signbit(want)) << x << " ^ " << y;
        EXPECT_TRUE(got == want || std::abs(got / want - 1) < 1e-15) << x << " ^ " << y << " = " << got;
      }
    }
  }
}

TEST(PortableMath, PowOfWholeNumbersIsExact) {
  for (int base = 2; base <= 10; ++base) {
    double product = 1;
    for (int n = 0; product < 0x1p53; ++n, product *= base)
      EXPECT_EQ(portable::pow(base, n), product) << base << "^" << n;
  }
}

TEST(PortableMath, SineAndCosineAreExactToOneUlp) {
  for (const double reach : {1e-3, 0.8, 10.0, 1e3, 1e6}) {
    EXPECT_LT(worst_error(uniform(-reach, reach), portable::sin, std::sin), 1.0) << reach;
    EXPECT_LT(worst_error(uniform(-reach, reach), portable::cos, std::cos), 1.0) << reach;
  }
}

TEST(PortableMath, SineOfAnyDoubleIsReducedExactly) {
  RandomStream stream(1, "trig", 0);
  for (int i = 0; i < kPoints; ++i) {
    const double x = any_positive(stream);
    const double s = portable::sin(x), c = portable::cos(x);
    EXPECT_LT(error_in_ulps(s, std::sin(x)), 2.0) << x;  // glibc's sin of doubles is reduced exactly, too
    EXPECT_LT(error_in_ulps(c, std::cos(x)), 2.0) << x;
    EXPECT_NEAR(s * s + c * c, 1, 1e-15);
  }
  // The double nearest to a multiple of pi/2, where most digits cancel (glibc 2.36 is 8 units off there).
  EXPECT_EQ(portable::cos(0x1.6ac5b262ca1ffp849), -0x1.14ae72e6ba22fp-61);
}

TEST(PortableMath, SineHandlesItsEnds) {
  EXPECT_TRUE(std::signbit(portable::sin(-0.0)));
  EXPECT_EQ(portable::sin(5e-324), 5e-324);
  EXPECT_EQ(portable::cos(0), 1);
  EXPECT_TRUE(std::isnan(portable::sin(kInfinity)));
  EXPECT_TRUE(std::isnan(portable::cos(-kInfinity)));
  EXPECT_TRUE(std::isnan(portable::sin(kNaN)));
  EXPECT_EQ(portable::sin(-1.25), -portable::sin(1.25));
  EXPECT_EQ(portable::cos(-1.25), portable::cos(1.25));
}

TEST(PortableMath, NormalCdfIsExactToEightUlps) {
  EXPECT_LT(worst_error(uniform(-37.5, 8.5), portable::normal_cdf, exact_cdf), 8.0);
  EXPECT_LT(worst_error(uniform(-6, 6), portable::normal_cdf, exact_cdf), 8.0);
  EXPECT_EQ(portable::normal_cdf(0), 0.5);
  EXPECT_EQ(portable::normal_cdf(kInfinity), 1);
  EXPECT_EQ(portable::normal_cdf(-kInfinity), 0);
  EXPECT_TRUE(std::isnan(portable::normal_cdf(kNaN)));
}

TEST(PortableMath, NormalCdfNeverFalls) {
  double last = 0;
  for (double x = -39; x < 9; x += 1e-3) {
    const double p = portable::normal_cdf(x);
    EXPECT_GE(p, last) << x;
    last = p;
  }
}

TEST(PortableMath, InverseNormalIsExactTo1e15) {
  RandomStream stream(1, "quantile", 0);
  double worst = 0;
  for (int i = 0; i < kPoints; ++i) {
    // Half of them deep in the lower tail, where p keeps its digits.
    const double p = i % 2 ? stream.uniform_open() : std::exp(-700 * stream.uniform_open());
    const double x = portable::inverse_normal(p);
    if (std::abs(x) < 1e-3) continue;
    // One step of Newton from x in long double: what is left of the error is beyond double.
    const long double phi = std::exp(-static_cast<long double>(x) * x / 2) * 0.398942280401432677939946L;
    const long double step = (exact_cdf(x) - p) / phi;
    worst = std::max(worst, static_cast<double>(std::abs(step / x)));
  }
  EXPECT_LT(worst, 1e-15);
}

TEST(PortableMath, InverseNormalHandlesItsEnds) {
  EXPECT_EQ(portable::inverse_normal(0), -kInfinity);
  EXPECT_EQ(portable::inverse_normal(1), kInfinity);
  EXPECT_EQ(portable::inverse_normal(0.5), 0);
  EXPECT_TRUE(std::isnan(portable::inverse_normal(-0.1)));
  EXPECT_TRUE(std::isnan(portable::inverse_normal(1.1)));
  EXPECT_TRUE(std::isnan(portable::inverse_normal(kNaN)));
  EXPECT_TRUE(std::isfinite(portable::inverse_normal(5e-324)));
  EXPECT_EQ(portable::inverse_normal(0.25), -portable::inverse_normal(0.75));
}

// Bits, not values: these must not move, on any processor and with any compiler.
TEST(PortableMath, GivesTheGoldenBits) {
  EXPECT_EQ(portable::exp(1.5), 0x1.1ed3fe64fc541p+2);
  EXPECT_EQ(portable::exp(-20.3), 0x1.a3b8dc86d1c8ep-30);
  EXPECT_EQ(portable::log(0.7), -0x1.6d3c324e13f5p-2);
  EXPECT_EQ(portable::log(12345.678), 0x1.2d79559791e31p+3);
  EXPECT_EQ(portable::pow(1.7, 13.3), 0x1.2257b0506e5b3p+10);
  EXPECT_EQ(portable::pow(1e-4, 0.37), 0x1.0f433ab7db926p-5);
  EXPECT_EQ(portable::sin(2.4), 0x1.59d64f5c3d19bp-1);
  EXPECT_EQ(portable::sin(1e22), -0x1.b453ab76bf397p-1);
  EXPECT_EQ(portable::cos(100), 0x1.b981dbf665fdfp-1);
  EXPECT_EQ(portable::normal_cdf(-3.3), 0x1.fae82e1b2d7b5p-12);
  EXPECT_EQ(portable::normal_cdf(-4.34), 0x1.de17b89b3ce0dp-18);
  EXPECT_EQ(portable::normal_cdf(-20), 0x1.c0bd0f1880783p-295);
  EXPECT_EQ(portable::inverse_normal(0.9), 0x1.4813c36e26d33p+0);
  EXPECT_EQ(portable::inverse_normal(1e-5), -0x1.10f3f8843a3dap+2);
  EXPECT_EQ(portable::inverse_normal(1e-200), -0x1.e34a1d1f58aep+4);
}

}  // namespace
}  // namespace tune

// Rung arithmetic, at the places where formulas with logarithms or powers in floating point go wrong.

#include "schedulers/rungs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tune {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
using Levels = std::vector<std::int64_t>;

struct Case {
  std::int64_t r, max_t, eta, expected;
};

TEST(Rungs, CountsWhereQuotientsOfLogarithmsAreOneShort) {
  for (const Case c : {Case{1, 243, 3, 5}, {2, 486, 3, 5}, {3, 729, 3, 5}, {4, 972, 3, 5}, {1, 1000, 10, 3}}) {
    EXPECT_EQ(s_max(c.r, c.max_t, c.eta), c.expected) << c.r << ' ' << c.max_t << ' ' << c.eta;
    const double quotient = static_cast<double>(c.max_t) / static_cast<double>(c.r);
    const int in_the_wild = static_cast<int>(std::log(quotient) / std::log(static_cast<double>(c.eta)));
    EXPECT_LE(in_the_wild, c.expected);
    const Levels levels = asha_levels(c.r, c.max_t, c.eta, 0);
    EXPECT_EQ(levels.size(), static_cast<std::size_t>(c.expected) + 1);
    EXPECT_EQ(levels.back(), c.max_t);
  }
}

TEST(Rungs, CountsWhereNegatedLogarithmsAreOneShort) {
  for (std::int64_t r = 1; r <= 100; ++r) {
    EXPECT_EQ(s_max(r, 10 * r, 10), 1) << r;
    EXPECT_EQ(s_max(r, 100 * r, 10), 2) << r;
    EXPECT_EQ(s_max(r, 1000 * r, 10), 3) << r;
  }
}

TEST(Rungs, NeverMakesAHyperBandLevelOfZeroOrOneShort) {
  EXPECT_EQ(hyperband_levels(729, 3, 6), (Levels{1, 3, 9, 27, 81, 243, 729}));
  EXPECT_EQ(hyperband_levels(49, 7, 2), (Levels{1, 7, 49}));
  EXPECT_EQ(hyperband_levels(343, 7, 2), (Levels{7, 49, 343}));
  EXPECT_EQ(hyperband_levels(100, 3, 4), (Levels{1, 3, 11, 33, 100}));
}

TEST(Rungs, TakesTheFloorAndNotTheNearestForTheNumberOfBrackets) {
  EXPECT_EQ(s_max(1, 50, 4), 2);
  EXPECT_EQ(s_max(1, 200, 3), 4);
}

TEST(Rungs, EndsAtMaxTWhereItIsNoPowerOfTheFactor) {
  EXPECT_EQ(asha_levels(1, 100, 4, 0), (Levels{1, 4, 16, 64, 100}));
  EXPECT_EQ(asha_levels(1, 200, 3, 0), (Levels{1, 3, 9, 27, 81, 200}));
  EXPECT_EQ(hyperband_levels(100, 4, 3).back(), 100);
  EXPECT_EQ(hyperband_levels(200, 3, 4).back(), 200);
  EXPECT_EQ(hyperband_levels(81, 3, 4), (Levels{1, 3, 9, 27, 81}));
}

TEST(Rungs, AgreesWithPlainMultiplicationEverywhere) {
  for (std::int64_t eta = 2; eta <= 10; ++eta) {
    for (std::int64_t max_t = 1; max_t <= 250; ++max_t) {
      for (std::int64_t r = 1; r <= max_t; ++r) {
        std::int64_t count = 0;
        Levels levels;
        for (std::int64_t level = r; level < max_t; level *= eta) levels.push_back(level);
        for (std::int64_t level = r * eta; level <= max_t; level *= eta) ++count;
        levels.push_back(max_t);
        ASSERT_EQ(s_max(r, max_t, eta), count) << r << ' ' << max_t << ' ' << eta;
        ASSERT_EQ(asha_levels(r, max_t, eta, 0), levels) << r << ' ' << max_t << ' ' << eta;
      }
    }
  }
}

TEST(Rungs, StartsEachBracketOneRungLater) {
  EXPECT_EQ(asha_levels(1, 81, 3, 2), (Levels{9, 27, 81}));
  EXPECT_EQ(asha_levels(1, 81, 3, 4), (Levels{81}));
  EXPECT_EQ(asha_levels(1, 100, 3, 4), (Levels{81, 100}));
  EXPECT_EQ(asha_levels(1, 100, 3, 5), (Levels{100}));
}

TEST(Rungs, HoldsTheLargestNumbersWithoutOverflow) {
  EXPECT_EQ(s_max(1, kLargest, 2), 62);
  EXPECT_EQ(s_max(1, kLargest, 3), 39);
  EXPECT_EQ(s_max(1, kLargest, kLargest), 1);
  EXPECT_EQ(s_max(kLargest, kLargest, 2), 0);
  const Levels levels = asha_levels(1, kLargest, 2, 0);
  EXPECT_EQ(levels.size(), 64U);
  EXPECT_EQ(levels[62], std::int64_t{1} << 62);
  EXPECT_EQ(levels.back(), kLargest);
  EXPECT_EQ(asha_levels(1, kLargest, 10, 30), (Levels{kLargest}));
  EXPECT_EQ(hyperband_n(62, 2, 62), std::int64_t{1} << 62);
  EXPECT_EQ(hyperband_n(62, 2, 61), 2343034025491334178);
  EXPECT_EQ(hyperband_n(1, kLargest, 1), kLargest);
  EXPECT_EQ(power(10, 19), kLargest);
}

TEST(Rungs, HasOnlyTheTerminalLevelWhereGracePeriodIsMaxT) {
  EXPECT_EQ(asha_levels(7, 7, 3, 0), (Levels{7}));
  EXPECT_EQ(s_max(7, 7, 3), 0);
}

TEST(Rungs, HasOneRungWhereTheFactorIsAboveMaxT) {
  EXPECT_EQ(asha_levels(1, 5, 9, 0), (Levels{1, 5}));
  EXPECT_EQ(s_max(1, 5, 9), 0);
}

TEST(Rungs, MultipliesRealLevels) {
  EXPECT_EQ(real_asha_levels(0.5, 10, 3, 0), (std::vector<double>{0.5, 1.5, 4.5, 10}));
  EXPECT_EQ(real_asha_levels(0.5, 10, 3, 1), (std::vector<double>{1.5, 4.5, 10}));
  EXPECT_EQ(real_s_max(0.5, 10, 3), 2);
  EXPECT_EQ(real_asha_levels(60, 60, 4, 0), (std::vector<double>{60}));
}

TEST(Rungs, MakesNoRealRungByRoundingBesideMaxT) {
  EXPECT_EQ(real_asha_levels(0.1, 2.7, 3, 0).size(), 4U);  // 0.1 * 27 is not 2.7 in binary
  EXPECT_EQ(real_s_max(0.1, 2.7, 3), 3);
  EXPECT_EQ(real_asha_levels(0.7, 0.7 * 3 * 3, 3, 0).size(), 3U);
  EXPECT_EQ(real_asha_levels(1e-300, 1e300, 10, 0).back(), 1e300);
  EXPECT_EQ(real_s_max(1e300, std::numeric_limits<double>::max(), 1000), 2);
}

TEST(Rungs, CountsHyperBandTrialsByTheFormula) {
  // R = 81, eta = 3: 81, 34, 15, 8, 5. R = 27: 27, 12, 6, 4. R = 256, eta = 4: 256, 80, 27, 10, 5.
  const auto numbers = [](std::int64_t max_t, std::int64_t eta) {
    Levels n;
    const std::int64_t top = s_max(1, max_t, eta);
    for (std::int64_t s = top; s >= 0; --s) n.push_back(hyperband_n(top, eta, s));
    return n;
  };
  EXPECT_EQ(numbers(81, 3), (Levels{81, 34, 15, 8, 5}));
  EXPECT_EQ(numbers(27, 3), (Levels{27, 12, 6, 4}));
  EXPECT_EQ(numbers(256, 4), (Levels{256, 80, 27, 10, 5}));
}

}  // namespace
}  // namespace tune

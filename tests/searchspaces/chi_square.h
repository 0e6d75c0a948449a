#pragma once

// Pearson's chi-square test against stated masses. Seeds are fixed, so a test never flickers; the level says how likely
// a right sampler with another seed would fail: below 1e-6 a test (z = 4.75 in the Wilson-Hilferty approximation).

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tune {

inline void expect_masses(const std::vector<std::int64_t>& counts, const std::vector<double>& masses) {
  ASSERT_EQ(counts.size(), masses.size());
  double draws = 0, total = 0, statistic = 0;
  for (const std::int64_t count : counts) draws += static_cast<double>(count);
  for (const double mass : masses) total += mass;
  EXPECT_NEAR(total, 1, 1e-12);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = masses[i] * draws;
    ASSERT_GE(expected, 5) << "cell " << i << " is too small for the test";
    const double difference = static_cast<double>(counts[i]) - expected;
    statistic += difference * difference / expected;
  }
  const double freedom = static_cast<double>(counts.size()) - 1;
  const double spread = 2 / (9 * freedom);
  const double limit = freedom * std::pow(1 - spread + 4.75 * std::sqrt(spread), 3);
  EXPECT_LT(statistic, limit) << "degrees of freedom: " << freedom;
}

}  // namespace tune

// Every primitive is drawn with exactly the masses stated for it: chi-square over a million draws each (a fifth of that
// where each draw takes an exponential or a quantile). sample() draws through UnitMap, which the tests prepare once.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>

#include "searchspaces/unit_map.h"
#include "tests/searchspaces/chi_square.h"

namespace tune {
namespace {

int draws_of(const Domain& domain) {
  const bool costly = std::holds_alternative<LogUniform>(domain) || is_unbounded(domain);
  return costly ? 200'000 : 1'000'000;
}

/// Counts per value of a discrete domain, in the order of enumerate(); any other value fails the test.
std::vector<std::int64_t> count_values(const Domain& domain, std::string_view path) {
  const std::vector<Value> values = enumerate(domain);
  std::map<double, std::size_t> cell_of;
  for (std::size_t i = 0; i < values.size(); ++i) cell_of[*values[i].number()] = i;
  std::vector<std::int64_t> counts(values.size());
  RandomStream stream(20240607, "masses", 0, path);
  const UnitMap map(domain);
  for (int i = draws_of(domain); i > 0; --i) {
    const auto cell = cell_of.find(*map.draw(stream).number());
    if (cell == cell_of.end()) {
      ADD_FAILURE() << "a value outside the domain";
      return counts;
    }
    ++counts[cell->second];
  }
  return counts;
}

std::vector<double> equal_masses(std::size_t n) { return std::vector<double>(n, 1.0 / static_cast<double>(n)); }

/// Counts in 20 cells that `cdf` makes equally likely.
template <class Cdf>
std::vector<std::int64_t> count_cells(const Domain& domain, std::string_view path, Cdf cdf) {
  std::vector<std::int64_t> counts(20);
  RandomStream stream(20240607, "masses", 0, path);
  const UnitMap map(domain);
  for (int i = draws_of(domain); i > 0; --i) {
    const double p = cdf(map.draw(stream).real());
    EXPECT_TRUE(p >= 0 && p < 1);
    ++counts[static_cast<std::size_t>(p * 20)];
  }
  return counts;
}

TEST(DomainMasses, UniformIsFlat) {
  const auto counts = count_cells(Uniform{-2, 6}, "uniform", [](double x) { return (x + 2) / 8; });
  expect_masses(counts, equal_masses(20));
}

TEST(DomainMasses, LogUniformIsFlatInTheLogarithm) {
  const auto counts =
      count_cells(LogUniform{1e-4, 1e-1}, "log", [](double x) { return std::log(x / 1e-4) / std::log(1e3); });
  expect_masses(counts, equal_masses(20));
}

TEST(DomainMasses, NormalFollowsItsDistributionFunction) {
  const auto counts =
      count_cells(Normal{3, 2}, "randn", [](double x) { return 0.5 * std::erfc(-(x - 3) / 2 / std::sqrt(2.0)); });
  expect_masses(counts, equal_masses(20));
}

TEST(DomainMasses, QUniformGivesItsEndsTheSameMassAsTheRest) {
  expect_masses(count_values(QUniform{0, 1, 0.1}, "quniform"), equal_masses(11));
}

TEST(DomainMasses, QLogUniformHasTheMassOfEachStepWidenedByHalf) {
  std::vector<double> masses;
  for (int k = 1; k <= 10; ++k) masses.push_back(std::log((k + 0.5) / (k - 0.5)) / std::log(10.5 / 0.5));
  expect_masses(count_values(QLogUniform{0.5, 5, 0.5}, "qloguniform"), masses);
}

TEST(DomainMasses, QNormalHasTheMassOfEachRoundingInterval) {
  const auto below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  std::vector<std::int64_t> counts(9);  // k = -4 and below, ..., 4 and above
  RandomStream stream(20240607, "masses", 0, "qrandn");
  const Domain domain = QNormal{0.25, 1, 0.5};
  const UnitMap map(domain);
  for (int i = draws_of(domain); i > 0; --i) {
    const double k = map.draw(stream).real() / 0.5;
    ++counts[static_cast<std::size_t>(std::clamp(k, -4.0, 4.0) + 4)];
  }
  std::vector<double> masses;
  for (int k = -4; k <= 4; ++k) {
    const double from = k == -4 ? 0 : below((k - 0.5) * 0.5 - 0.25), to = k == 4 ? 1 : below((k + 0.5) * 0.5 - 0.25);
    masses.push_back(to - from);
  }
  expect_masses(counts, masses);
}

TEST(DomainMasses, RandIntIsFlatAndNeverReachesItsUpperEnd) {
  expect_masses(count_values(RandInt{-3, 4}, "randint"), equal_masses(7));
}

TEST(DomainMasses, RandIntIsFlatOverRangesThatNoDoubleHolds) {
  // Three eighths of 2^64: scaling a double, or taking a remainder of 64 bits, favours some parts.
  const std::int64_t upper = INT64_MIN + 3 * (std::int64_t{1} << 61) - 1;
  std::vector<std::int64_t> counts(16), odd(2);
  RandomStream stream(20240607, "masses", 0, "wide");
  const Domain domain = RandInt{INT64_MIN, upper};
  const UnitMap map(domain);
  for (int i = draws_of(domain); i > 0; --i) {
    const std::int64_t k = map.draw(stream).integer();
    const auto offset = static_cast<std::uint64_t>(k) - static_cast<std::uint64_t>(INT64_MIN);
    ++counts[static_cast<std::size_t>(static_cast<double>(offset) / 0x3p61 * 16)];
    ++odd[offset & 1];
  }
  expect_masses(counts, equal_masses(16));
  expect_masses(odd, equal_masses(2));
}

TEST(DomainMasses, QRandIntIncludesBothEndsWithEqualMass) {
  expect_masses(count_values(QRandInt{0, 6, 2}, "qrandint"), equal_masses(4));
  expect_masses(count_values(QRandInt{-2, 2, 1}, "qrandint1"), equal_masses(5));
}

TEST(DomainMasses, LogRandIntHasTheMassOfTheIntervalToTheNextInteger) {
  std::vector<double> masses;
  for (int k = 1; k < 20; ++k) masses.push_back(std::log((k + 1.0) / k) / std::log(20.0));
  expect_masses(count_values(LogRandInt{1, 20}, "lograndint"), masses);
}

TEST(DomainMasses, QLogRandIntHasTheMassOfEachStepWidenedByHalf) {
  std::vector<double> masses;
  for (int k = 2; k <= 8; ++k) masses.push_back(std::log((k + 0.5) / (k - 0.5)) / std::log(8.5 / 1.5));
  expect_masses(count_values(QLogRandInt{16, 64, 8}, "qlograndint"), masses);
}

TEST(DomainMasses, ChoiceIsFlatOverItsList) {
  expect_masses(count_values(Choice{{4, 0.5, -1}, {}, false}, "choice"), equal_masses(3));
}

TEST(DomainMasses, ChoiceFollowsItsWeightsAndNeverTakesWeightZero) {
  std::vector<std::int64_t> counts(4);
  RandomStream stream(20240607, "masses", 0, "weights");
  const Domain domain = Choice{{0, 1, 2, 3}, {1, 0, 2, 5}, false};
  const UnitMap map(domain);
  for (int i = draws_of(domain); i > 0; --i) ++counts[static_cast<std::size_t>(map.draw(stream).integer())];
  EXPECT_EQ(counts[1], 0);
  expect_masses({counts[0], counts[2], counts[3]}, {0.125, 0.25, 0.625});
}

TEST(DomainMasses, EvenlySpacedPointsOfTheUnitIntervalGiveTheSameMasses) {
  // from_unit is the inverse distribution function: n points (i + 1/2) / n hit each value n * mass times, to within
  // one.
  const Domain domain = QLogRandInt{16, 64, 8};
  constexpr int kPoints = 100'000;
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < kPoints; ++i) ++counts[from_unit(domain, (i + 0.5) / kPoints).integer()];
  for (int k = 2; k <= 8; ++k) {
    EXPECT_NEAR(counts[k * 8], kPoints * std::log((k + 0.5) / (k - 0.5)) / std::log(8.5 / 1.5), 1.001);
  }
}

}  // namespace
}  // namespace tune

#include "searchspaces/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "searchspaces/decimal_step.h"

namespace tune {
namespace {

using testing::ElementsAre;

constexpr double kAlmostOne = 1 - 0x1p-53;

const std::vector<Domain>& every_searched_domain() {
  static const std::vector<Domain> kAll = {
      Uniform{-1, 3},
      QUniform{-0.3, 0.7, 0.1},
      LogUniform{1e-4, 0.1},
      QLogUniform{0.2, 1, 0.2},
      Normal{1, 2},
      QNormal{0, 1, 0.25},
      RandInt{-5, 9},
      QRandInt{-6, 9, 3},
      LogRandInt{2, 100},
      QLogRandInt{8, 64, 8},
      Choice{{"a", 2, 0.5, true}, {}, false},
      Choice{{"a", "b", "c"}, {1, 2, 3}, true},
      GridSearch{{1, "x"}},
  };
  return kAll;
}

TEST(DecimalStep, GivesTheDoubleNearestToTheDecimalText) {
  EXPECT_EQ(DecimalStep(0.1).times(3), 0.3);
  EXPECT_NE(3 * 0.1, 0.3);
  EXPECT_EQ(DecimalStep(0.1).times(-7), -0.7);
  EXPECT_EQ(DecimalStep(2.5e-05).times(3), 7.5e-05);
  EXPECT_EQ(DecimalStep(30).times(7), 210.0);
  EXPECT_EQ(DecimalStep(1e30).times(3), 3e30);
  EXPECT_EQ(DecimalStep(1e-30).times(3), 3e-30);
  EXPECT_EQ(DecimalStep(1e-320).times(3), 3e-320);
  EXPECT_EQ(DecimalStep(0.1).times(0), 0.0);
  EXPECT_FALSE(std::signbit(DecimalStep(0.1).times(0)));
  EXPECT_EQ(DecimalStep(0.1234567890123456).times(1'000'000'000), 123456789.0123456);
  EXPECT_EQ(DecimalStep(0.001).times(9007199254740992), 9007199254740.992);
}

TEST(Domain, ShowsQuantisedValuesWithTheDecimalsOfQ) {
  EXPECT_THAT(enumerate(QUniform{0.1, 0.7, 0.1}),
              ElementsAre(Value(0.1), Value(0.2), Value(0.3), Value(0.4), Value(0.5), Value(0.6), Value(0.7)));
}

TEST(Domain, StaysInsideAtTheEndsOfTheUnitInterval) {
  for (const Domain& domain : every_searched_domain()) {
    for (const double u : {0.0, 0x1p-53, 0.5, kAlmostOne}) {
      EXPECT_TRUE(contains(domain, from_unit(domain, u))) << describe(domain) << " at " << u;
    }
  }
}

TEST(Domain, RoundingNeverReachesAnExcludedUpperEnd) {
  EXPECT_LT(from_unit(Uniform{1, std::nextafter(1.0, 2.0)}, kAlmostOne).real(), std::nextafter(1.0, 2.0));
  EXPECT_LT(from_unit(Uniform{1e16, 1e16 + 2}, kAlmostOne).real(), 1e16 + 2);
  EXPECT_LT(from_unit(LogUniform{1, 3}, kAlmostOne).real(), 3);
  EXPECT_EQ(from_unit(LogRandInt{1, 3}, kAlmostOne).integer(), 2);
  EXPECT_EQ(from_unit(LogRandInt{1, 1000}, kAlmostOne).integer(), 999);
}

TEST(Domain, TakesRangesWiderThanTheLargestDouble) {
  constexpr double kMost = std::numeric_limits<double>::max();
  EXPECT_EQ(from_unit(Uniform{-kMost, kMost}, 0.5).real(), 0);
  EXPECT_LT(from_unit(Uniform{-kMost, kMost}, kAlmostOne).real(), kMost);
  EXPECT_EQ(to_unit(Uniform{-kMost, kMost}, 0.0), 0.5);
  EXPECT_EQ(from_unit(RandInt{INT64_MIN, INT64_MAX}, kAlmostOne).integer() > 0, true);
}

TEST(Domain, EqualEndsAreAConstant) {
  RandomStream stream(1, "test", 0);
  EXPECT_EQ(sample(Uniform{2, 2}, stream), Value(2.0));
  EXPECT_EQ(sample(LogUniform{2, 2}, stream), Value(2.0));
  EXPECT_FALSE(is_continuous(Uniform{2, 2}));
  EXPECT_EQ(cardinality(Uniform{2, 2}), 1);
  EXPECT_TRUE(contains(Uniform{2, 2}, 2.0));
  EXPECT_THAT(enumerate(LogUniform{2, 2}), ElementsAre(Value(2.0)));
}

TEST(Domain, UnitCubeAndBackIsTheSameValue) {
  for (const Domain& domain : every_searched_domain()) {
    for (int i = 0; i < 64; ++i) {
      const Value value = from_unit(domain, (i + 0.5) / 64);
      const double u = to_unit(domain, value);
      EXPECT_GE(u, 0);
      EXPECT_LT(u, 1);
      const Value again = from_unit(domain, u);
      if (value.is_real()) {
        EXPECT_NEAR(again.real(), value.real(), 1e-12 * std::abs(value.real())) << describe(domain);
      } else {
        EXPECT_EQ(again, value) << describe(domain);
      }
    }
  }
}

TEST(Domain, ValuesOutsideGoToTheNearestEndOfTheUnitInterval) {
  EXPECT_EQ(to_unit(Uniform{0, 1}, -5.0), 0);
  EXPECT_EQ(to_unit(Uniform{0, 1}, 5.0), kAlmostOne);
  EXPECT_EQ(to_unit(RandInt{0, 4}, 99), 0.875);
  EXPECT_EQ(to_unit(RandInt{0, 4}, -99), 0.125);
  EXPECT_EQ(to_unit(QUniform{0, 1, 0.5}, 1e300), to_unit(QUniform{0, 1, 0.5}, 1.0));
  EXPECT_EQ(to_unit(Uniform{0, 1}, "text"), 0.5);
  EXPECT_EQ(to_unit(Choice{{1, 2}, {}, false}, 7), 0.5);
}

TEST(Domain, KindsAreToldApart) {
  EXPECT_FALSE(contains(Uniform{0, 2}, 1));
  EXPECT_TRUE(contains(Uniform{0, 2}, 1.0));
  EXPECT_FALSE(contains(RandInt{0, 2}, 1.0));
  EXPECT_FALSE(contains(Choice{{1, 2}, {}, false}, 1.0));
  EXPECT_TRUE(contains(Choice{{1, 2}, {}, false}, 1));
}

TEST(Domain, ContainsGoesByRangeAndStep) {
  EXPECT_FALSE(contains(Uniform{0, 2}, 2.0));
  EXPECT_TRUE(contains(QUniform{0, 2, 0.1}, 2.0));
  EXPECT_TRUE(contains(QUniform{0, 2, 0.1}, 3 * 0.1));
  EXPECT_FALSE(contains(QUniform{0, 2, 0.1}, 0.25));
  EXPECT_FALSE(contains(QUniform{0, 2, 0.1}, 2.1));
  EXPECT_FALSE(contains(RandInt{0, 4}, 4));
  EXPECT_TRUE(contains(QRandInt{0, 4, 2}, 4));
  EXPECT_FALSE(contains(QRandInt{0, 4, 2}, 3));
  EXPECT_FALSE(contains(Normal{0, 1}, std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(contains(QNormal{0, 1, 0.5}, -1.5));
}

TEST(Domain, CountsItsValues) {
  EXPECT_EQ(cardinality(Uniform{0, 1}), 0);
  EXPECT_EQ(cardinality(Normal{0, 1}), 0);
  EXPECT_EQ(cardinality(QNormal{0, 1, 1}), 0);
  EXPECT_EQ(cardinality(QUniform{0, 1, 0.1}), 11);
  EXPECT_EQ(cardinality(RandInt{1, 4}), 3);
  EXPECT_EQ(cardinality(RandInt{INT64_MIN, INT64_MAX}), INT64_MAX);
  EXPECT_EQ(cardinality(QLogRandInt{8, 64, 8}), 8);
  EXPECT_EQ(cardinality(GridSearch{{1, 2, 3}}), 3);
  EXPECT_EQ(cardinality(Constant{5}), 1);
}

TEST(Domain, SaysItselfInWords) {
  EXPECT_EQ(describe(RandInt{1, 4}), "integers 1, 2, 3");
  EXPECT_EQ(describe(RandInt{1, 101}), "integers from 1 to 100");
  EXPECT_EQ(describe(LogUniform{1e-4, 0.1}), "reals from 1e-04 to 0.1, uniform in the logarithm");
  EXPECT_EQ(describe(QUniform{0, 1, 0.1}), "multiples of 0.1 from 0 to 1");
  EXPECT_EQ(describe(Choice{{"sgd", "adam"}, {}, false}), "one of sgd, adam");
  EXPECT_EQ(describe(Choice{{16, 32}, {1, 3}, false}), "one of 16 (weight 1), 32 (weight 3)");
  EXPECT_EQ(describe(GridSearch{{1, 2}}), "each of 1, 2 in turn");
  EXPECT_EQ(describe(Derived{"a / 2", true}), "derived: a / 2, as an integer");
  std::vector<Value> many;
  for (int i = 1; i <= 40; ++i) many.emplace_back(i);
  EXPECT_EQ(describe(Choice{many, {}, false}), "one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..., 40");
}

struct Fault {
  Domain domain;
  const char* name;
  const char* message;
};

TEST(DomainCheck, SaysEachFaultInTheWordsOfTheReference) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::vector<Fault> faults = {
      {Uniform{1, 0}, "uniform", "uniform needs lower <= upper, got 1 and 0"},
      {Uniform{0, kInf}, "uniform", "upper inf is not finite; uniform takes finite numbers"},
      {LogUniform{0, 0.1}, "loguniform", "loguniform needs lower > 0, got 0"},
      {LogUniform{2, 1}, "loguniform", "loguniform needs lower <= upper, got 2 and 1"},
      {QUniform{0, 2000, 30}, "quniform", "upper 2000 is not a multiple of q 30"},
      {QUniform{0.05, 1, 0.1}, "quniform", "lower 0.05 is not a multiple of q 0.1"},
      {QUniform{0, 1, 0}, "quniform", "quniform needs q > 0, got 0"},
      {QUniform{0, 1, 1e-300}, "quniform", "q 1e-300 is too small for the range: more than 2^53 steps from 0"},
      {QLogUniform{0, 1, 0.1}, "qloguniform", "qloguniform needs lower > 0, got 0"},
      {QLogUniform{1e-12, 1, 1}, "qloguniform", "lower 1e-12 is not a multiple of q 1"},
      {Normal{0, 0}, "randn", "randn needs sd > 0, got 0"},
      {QNormal{0, 1, -1}, "qrandn", "qrandn needs q > 0, got -1"},
      {RandInt{3, 3}, "randint", "randint: [3, 3] is empty"},
      {RandInt{4, 3}, "randint", "randint needs lower <= upper, got 4 and 3"},
      {RandInt{5, 4}, "int", "int needs low <= high, got 5 and 3"},
      {LogRandInt{0, 3}, "lograndint", "lograndint needs lower > 0, got 0"},
      {QRandInt{0, 2000, 30}, "qrandint", "upper 2000 is not a multiple of q 30"},
      {QRandInt{0, 4, 0}, "qrandint", "qrandint needs q > 0, got 0"},
      {QLogRandInt{0, 4, 2}, "qlograndint", "qlograndint needs lower > 0, got 0"},
      {Choice{{16, 32, 16}, {}, false}, "choice", "choice lists 16 twice"},
      {Choice{{}, {}, false}, "choice", "choice takes a list of values; got 0 values"},
      {Choice{{1, 2}, {1}, false}, "choice", "1 weights for 2 values"},
      {Choice{{1, 2}, {1, -1}, false}, "choice", "weights must be 0 or more, got -1"},
      {GridSearch{}, "grid_search", "grid_search takes a list of values; got 0 values"},
  };
  for (const Fault& fault : faults) {
    const auto checked = check_domain(fault.domain, fault.name);
    ASSERT_FALSE(checked) << fault.message;
    EXPECT_EQ(checked.error().message, fault.message);
    EXPECT_EQ(checked.error().code, ErrorCode::kBadInput);
  }
  EXPECT_EQ(check_domain(LogUniform{0, 0.1}, "loguniform").error().hint,
            "use a small positive value such as 1e-6, or uniform");
  EXPECT_EQ(check_domain(Choice{{1, 1}, {}, false}, "choice").error().hint, "use weights");
}

TEST(DomainCheck, PassesGoodDomains) {
  for (const Domain& domain : every_searched_domain())
    EXPECT_TRUE(check_domain(domain, std::string(domain_name(domain))));
  EXPECT_TRUE(check_domain(Uniform{1, 1}, "uniform"));
  EXPECT_TRUE(check_domain(QUniform{0, 0.3, 0.1}, "quniform"));
  EXPECT_TRUE(check_domain(RandInt{3, 4}, "int"));
  EXPECT_TRUE(check_domain(GridSearch{{1, 1}}, "grid_search"));
}

}  // namespace
}  // namespace tune

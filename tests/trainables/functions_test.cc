#include "trainables/builtin/functions.h"

#include <gtest/gtest.h>

#include <array>
#include <numbers>
#include <vector>

namespace tune::functions {
namespace {

using std::numbers::pi;
using Point = std::vector<double>;

TEST(Functions, BraninHasItsPublishedValues) {
  EXPECT_NEAR(branin(0, 0), 55.602112642270264, 1e-12);
  EXPECT_NEAR(branin(-pi, 12.275), 0.39788735772973816, 1e-12);
  EXPECT_NEAR(branin(pi, 2.275), 0.39788735772973816, 1e-12);
  EXPECT_NEAR(branin(3 * pi, 2.475), 0.39788735772973816, 1e-12);
}

TEST(Functions, HartmannsHaveTheirPublishedValues) {
  EXPECT_NEAR(hartmann3(Point(3, .5)), -0.6280220151, 1e-10);
  EXPECT_NEAR(hartmann3(Point{.114589, .555649, .852547}), -3.8627797873, 1e-9);
  EXPECT_NEAR(hartmann6(Point(6, .5)), -0.5053149917, 1e-10);
  EXPECT_NEAR(hartmann6(Point{.201690, .150011, .476874, .275332, .311652, .657301}), -3.3223680114, 1e-9);
}

TEST(Functions, RosenbrockHasItsPublishedValues) {
  EXPECT_DOUBLE_EQ(rosenbrock(Point{2, 2, 2}), 802);
  EXPECT_DOUBLE_EQ(rosenbrock(Point(5, 0.0)), 4);
  EXPECT_DOUBLE_EQ(rosenbrock(Point(7, 1.0)), 0);
}

TEST(Functions, AckleyHasItsPublishedValues) {
  EXPECT_NEAR(ackley(Point{1, 2, 3}), 7.0164536083, 1e-10);
  EXPECT_NEAR(ackley(Point(4, 0.0)), 0, 1e-14);
}

TEST(Functions, LevyHasItsPublishedValues) {
  EXPECT_NEAR(levy(Point(3, 0.0)), 0.8066891082, 1e-10);
  EXPECT_NEAR(levy(Point(4, 1.0)), 0, 1e-30);
}

TEST(Functions, RastriginHasItsPublishedValues) {
  EXPECT_NEAR(rastrigin(Point{1.5, 1.5}), 44.5, 1e-12);
  EXPECT_NEAR(rastrigin(Point(3, 0.0)), 0, 1e-14);
}

}  // namespace
}  // namespace tune::functions

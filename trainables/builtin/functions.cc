#include "trainables/builtin/functions.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "core/portable_math.h"
#include "core/rng.h"

namespace tune::functions {
namespace {

using std::numbers::e;
using std::numbers::pi;

double square(double v) { return v * v; }

/// -sum_i (alpha_i - lowered) exp(-sum_j A_ij (x_j - P_ij)^2), four terms.
template <std::size_t kDimensions>
double hartmann(std::span<const double> x, double lowered, const std::array<std::array<double, kDimensions>, 4>& a,
                const std::array<std::array<double, kDimensions>, 4>& p) {
  constexpr std::array<double, 4> kAlpha = {1.0, 1.2, 3.0, 3.2};
  double sum = 0;
  for (std::size_t i = 0; i < kAlpha.size(); ++i) {
    double distance = 0;
    for (std::size_t j = 0; j < kDimensions; ++j) distance += a[i][j] * square(x[j] - p[i][j]);
    sum += (kAlpha[i] - lowered) * portable::exp(-distance);
  }
  return -sum;
}

}  // namespace

double branin(double x1, double x2) {
  constexpr double b = 5.1 / (4 * pi * pi);
  constexpr double c = 5 / pi;
  constexpr double t = 1 / (8 * pi);
  return square(x2 - b * x1 * x1 + c * x1 - 6) + 10 * (1 - t) * portable::cos(x1) + 10;
}

double hartmann3(std::span<const double> x, double lowered) {
  constexpr std::array<std::array<double, 3>, 4> kA = {{{3, 10, 30}, {.1, 10, 35}, {3, 10, 30}, {.1, 10, 35}}};
  constexpr std::array<std::array<double, 3>, 4> kP = {
      {{.3689, .1170, .2673}, {.4699, .4387, .7470}, {.1091, .8732, .5547}, {.0381, .5743, .8828}}};
  return hartmann<3>(x, lowered, kA, kP);
}

double hartmann6(std::span<const double> x, double lowered) {
  constexpr std::array<std::array<double, 6>, 4> kA = {
      {{10, 3, 17, 3.5, 1.7, 8}, {.05, 10, 17, .1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, .05, 10, .1, 14}}};
  constexpr std::array<std::array<double, 6>, 4> kP = {{{.1312, .1696, .5569, .0124, .8283, .5886},
                                                        {.2329, .4135, .8307, .3736, .1004, .9991},
                                                        {.2348, .1451, .3522, .2883, .3047, .6650},
                                                        {.4047, .8828, .8732, .5743, .1091, .0381}}};
  return hartmann<6>(x, lowered, kA, kP);
}

double hartmann3(std::span<const double> x) { return hartmann3(x, 0); }
double hartmann6(std::span<const double> x) { return hartmann6(x, 0); }

double rosenbrock(std::span<const double> x) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += 100 * square(x[i + 1] - x[i] * x[i]) + square(1 - x[i]);
  return sum;
}

double ackley(std::span<const double> x) {
  const double d = static_cast<double>(x.size());
  double squares = 0, cosines = 0;
  for (const double v : x) {
    squares += v * v;
    cosines += portable::cos(2 * pi * v);
  }
  return -20 * portable::exp(-.2 * std::sqrt(squares / d)) - portable::exp(cosines / d) + 20 + e;
}

double levy(std::span<const double> x) {
  const auto w = [&x](std::size_t i) { return 1 + (x[i] - 1) / 4; };
  const std::size_t last = x.size() - 1;
  double sum = square(portable::sin(pi * w(0)));
  for (std::size_t i = 0; i < last; ++i) sum += square(w(i) - 1) * (1 + 10 * square(portable::sin(pi * w(i) + 1)));
  return sum + square(w(last) - 1) * (1 + square(portable::sin(2 * pi * w(last))));
}

double rastrigin(std::span<const double> x) {
  double sum = 10 * static_cast<double>(x.size());
  for (const double v : x) sum += v * v - 10 * portable::cos(2 * pi * v);
  return sum;
}

double monte_carlo_pi(std::uint64_t seed, std::int64_t points) {
  RandomStream random(seed, "pi", 0);
  std::int64_t inside = 0;
  for (std::int64_t i = 0; i < points; ++i) inside += square(random.uniform()) + square(random.uniform()) < 1;
  return 4 * static_cast<double>(inside) / static_cast<double>(points);
}

}  // namespace tune::functions

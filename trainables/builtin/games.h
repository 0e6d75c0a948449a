#pragma once

// Small problems on which population based methods are known to work, or to fail, as single steps. The trainables
// `pbt_quadratic`, `pbt_drift` and `pb2_bump` (population.h) play them in trials; tests play them with a scheduler
// alone.

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/portable_math.h"

namespace tune::games {

/// Jaderberg et al., "Population Based Training of Neural Networks", 2017, figure 2: Q = 1.2 - (a^2 + b^2) is wanted,
/// and each step climbs along 1.2 - (h0 a^2 + h1 b^2) at a rate of 0.02, from a = b = 0.9. No fixed h in {(1,0), (0,1)}
/// gets beyond 0.39; who alternates gets to 1.2. Gives Q.
inline double quadratic_step(std::array<double, 2>& weights, double h0, double h1) {
  weights[0] -= 0.02 * 2 * h0 * weights[0];
  weights[1] -= 0.02 * 2 * h1 * weights[1];
  return 1.2 - (weights[0] * weights[0] + weights[1] * weights[1]);
}
inline constexpr std::array<double, 2> kQuadraticStart = {0.9, 0.9};

/// How far log10(lr) is at t in 0..100 from what would be best, which falls from -1 to -4: no constant lr has a mean
/// error below 0.75.
inline double drift_error(double lr, double t) {
  return std::abs(portable::log(lr) / std::numbers::ln10 - (-1 - 3 * t / 100));
}

/// What x in [0, 1] gains at t in 0..60: a bump of deviation 0.1 whose centre moves from 0.2 to 0.8.
inline double bump_gain(double x, double t) {
  const double from_top = x - (0.2 + 0.6 * t / 60);
  return portable::exp(-from_top * from_top / 0.02);
}

}  // namespace tune::games

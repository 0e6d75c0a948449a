#pragma once

// Closed-form test functions, all to be minimised. Formulas, domains and optima: Surjanovic and Bingham, "Virtual
// Library of Simulation Experiments: Test Functions and Datasets" (sfu.ca/~ssurjano); Hartmann constants from Dixon and
// Szegoe, "Towards Global Optimization 2", 1978. Citizens of their own, because samplers are measured on them. No libm:
// the same bits on any machine (core/portable_math.h).

#include <cstdint>
#include <span>

namespace tune::functions {

/// x1 in [-5, 10], x2 in [0, 15]; minimum 0.39788735772973816 at (-pi, 12.275), (pi, 2.275), (3 pi, 2.475).
double branin(double x1, double x2);

/// [0, 1]^3; minimum -3.8627797873 at (.114589, .555649, .852547). Requires: x.size() == 3
double hartmann3(std::span<const double> x);

/// [0, 1]^6; minimum -3.3223680114 at (.201690, .150011, .476874, .275332, .311652, .657301). Requires: x.size() == 6
double hartmann6(std::span<const double> x);

/// The same with `lowered` subtracted from each of their four weights, as low fidelities of MF-Hartmann have it.
double hartmann3(std::span<const double> x, double lowered);
double hartmann6(std::span<const double> x, double lowered);

/// [-5, 10]^d; minimum 0 at 1. Requires: x.size() >= 2
double rosenbrock(std::span<const double> x);

/// [-32.768, 32.768]^d; minimum 0 at 0. Requires: x.size() >= 1
double ackley(std::span<const double> x);

/// [-10, 10]^d; minimum 0 at 1. Requires: x.size() >= 1
double levy(std::span<const double> x);

/// [-5.12, 5.12]^d; minimum 0 at 0. Requires: x.size() >= 1
double rastrigin(std::span<const double> x);

/// Pi by `points` random points in a square, of which a quarter circle holds some (Monte Carlo); equal for equal seeds.
/// A unit of work: about as long as any other of as many points. Requires: points >= 1
double monte_carlo_pi(std::uint64_t seed, std::int64_t points);

}  // namespace tune::functions

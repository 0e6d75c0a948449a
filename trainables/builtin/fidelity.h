#pragma once

// Multi-fidelity problems: what a step reports is a biased or noisy view of a known function, better with every step,
// so that early stopping can be judged against the truth. Each reports `loss` and, as `true_loss`, what the
// configuration is worth without noise at the last step.

#include "trainables/builtin/stepped.h"

namespace tune {

/// MF-Hartmann: mf-prior-bench (Mallik et al., "PriorBand", NeurIPS 2023), after Kandasamy et al. 2017. At step z of Z
/// (`epochs`, 100), with u = ln z / ln Z:
///
///   loss = -sum_i (alpha_i - b (1-u)) exp(-sum_j A_ij (x_j - P_ij)^2) + |N(0,1)| n (1-u)
///
/// `bias` b and `noise` n are 0.5 and 0.1 by default; (2.5, 2), (3, 3), (3.5, 4), (4, 5) are their good, moderate, bad
/// and terrible fidelities. The noise is never negative, and b = 4 turns the landscape upside down at z = 1. `cost` is
/// what the step costs in units of a full evaluation, c(z) - c(z-1) with c(z) = 0.05 + 0.95 (z/Z)^2 and c(0) = 0. The
/// noise is a function of (`noise_seed`, x, z) alone: theirs comes from Python's hash() and cannot be repeated.
template <std::size_t kDimensions>
class MfHartmann final : public SteppedTrainable {
 public:
  MfHartmann() : SteppedTrainable(100) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double value(double u) const;

  std::vector<double> x_;
  double bias_ = 0, noise_ = 0;
  std::uint64_t key_ = 0;
};

/// Counting ones with a budget: Falkner, Klein, Hutter, "BOHB", ICML 2018. Parameters c1, c2, ... in {0, 1} and p1, p2,
/// ... in [0, 1], as many of each as the experiment gives; after t steps
///
///   loss = -(sum c + sum_j mean of t * `draws` Bernoulli(p_j) draws), true_loss = -(sum c + sum p)
///
/// `draws` is 9 and `epochs` 81 by default. The draws are those of the trial's seed.
class CountingOnes final : public SteppedTrainable {
 public:
  CountingOnes() : SteppedTrainable(81) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double ones_ = 0;
  std::vector<double> chances_;
  std::int64_t draws_ = 0;
};

}  // namespace tune

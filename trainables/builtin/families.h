#pragma once

// Families of learning curves that schedulers are told apart by, over f = hartmann3(x1, x2, x3) (`curve`, whose order
// never changes, is the plain one). At step t of `epochs` (100):
//
//   crossing   f + v R/2 + 5 t^-(0.2 + 0.8 v), R = 3.8628 the range of f: the larger v in [0, 1], the sooner a curve is
//              down, and the higher it stays. Who leads early loses: a grace_period before the crossing does harm.
//   noisy      f + 5 / sqrt(t) + sigma N(0,1) / sqrt(t), sigma = 0.2
//   diverging  f + 5 / sqrt(t), until with probability `nan_rate` (0.05) NaN from some step on, or with `inf_rate`
//              (0.02) +inf
//
// What is random is a function of the trial's seed and t.

#include "trainables/builtin/stepped.h"

namespace tune {

enum class CurveFamily { kCrossing, kNoisy, kDiverging };

template <CurveFamily kFamily>
class FamilyCurve final : public SteppedTrainable {
 public:
  FamilyCurve() : SteppedTrainable(100) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double floor_ = 0;
  double v_ = 0;                ///< crossing
  double sigma_ = 0;            ///< noisy
  std::int64_t breaks_at_ = 0;  ///< diverging: first step of the last number; 0: never
  double then_ = 0;             ///< diverging: that number
};

}  // namespace tune

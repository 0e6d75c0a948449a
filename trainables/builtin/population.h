#pragma once

// The problems of games.h as trainables, for PBT and PB2: hyperparameters may change from step to step, and a clone
// takes its donor's state over.

#include "trainables/builtin/stepped.h"

namespace tune {

/// Parameters h0, h1; `epochs` 200. `loss` is -Q.
class PbtQuadratic final : public SteppedTrainable {
 public:
  PbtQuadratic() : SteppedTrainable(200) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double h0_ = 0, h1_ = 0;
};

/// Parameter lr above 0; `epochs` 100. `loss` is the error at this step.
class PbtDrift final : public SteppedTrainable {
 public:
  PbtDrift() : SteppedTrainable(100) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double lr_ = 0;
};

/// Parameter x; `epochs` 60. `loss` is -(the gains so far).
class Pb2Bump final : public SteppedTrainable {
 public:
  Pb2Bump() : SteppedTrainable(60) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  double x_ = 0;
};

}  // namespace tune

#pragma once

// `curve`: a learning curve without learning, for schedulers. y(t) = branin(x1, x2) + 5 / sqrt(t) falls with t and
// never crosses another trial's curve, so that the true order of all trials is known at every step. A class of its own
// file, because it is also what kills, pauses and checkpoints are tried with.

#include <cstdint>

#include "trainables/include/tune/trainable.h"

namespace tune {

/// Parameters x1, x2; optional: `epochs` (100; ends there), `step_seconds` (0; each step takes that long),
/// `checkpoint_bytes` (0; size that checkpoints are filled up to, with bytes that do not compress).
class Curve : public Trainable {
 public:
  static TrainableOptions options();

  void setup(Trial& trial) override;
  bool reset(Trial& trial) override;
  Report step() override;
  bool finished() override { return t_ >= epochs_; }
  void save(std::ostream& out) override;
  void load(std::istream& in) override;

 private:
  double floor_ = 0;  // of the curve
  double step_seconds_ = 0;
  std::int64_t epochs_ = 0;
  std::int64_t checkpoint_bytes_ = 0;
  std::int64_t t_ = 0;
};

}  // namespace tune

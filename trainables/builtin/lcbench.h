#pragma once

// `lcbench`: real learning curves without training. Validation accuracy of a network on one of the data sets of LCBench
// after each of 52 epochs, by the surrogate of lcbench_net.h.

#include <array>
#include <memory>

#include "trainables/builtin/lcbench_net.h"
#include "trainables/builtin/stepped.h"

namespace tune {

/// Parameters batch_size, learning_rate, momentum, weight_decay, num_layers, max_units, max_dropout; the constants
/// `task` and `weights`, a file made by scripts/lcbench_weights (absolute, or beginning where tune was started);
/// `epochs`
/// 52. Reports `val_accuracy` in percent, `seconds` that this epoch took and `total_seconds` since the first one.
class Lcbench final : public SteppedTrainable {
 public:
  Lcbench() : SteppedTrainable(52) {}
  static TrainableOptions options();

 protected:
  std::vector<double> begin(Trial& trial) override;
  Report step_at(std::int64_t t, std::vector<double>& state) override;

 private:
  std::shared_ptr<const LcbenchNet> net_;
  std::string task_;
  LcbenchNet::Hyperparameters config_;
  // Several epochs cost little more than one, as the weights travel through the caches once.
  std::array<LcbenchNet::Point, 8> ahead_;
  std::int64_t ahead_from_ = 0;  ///< epoch of the first of them; 0: none
};

}  // namespace tune

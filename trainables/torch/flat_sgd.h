#pragma once

// Stochastic gradient descent with momentum over one flat buffer: all parameters of a module are views of one tensor,
// as are their gradients, so that a step is three operations whatever the number of layers, and the whole state is two
// arrays that can be written and read back bit for bit. Networks as small as ours spend most of their time between
// operations, not in them.
//
//   v = momentum v + g + weight_decay w;   w = w - lr v          (torch.optim.SGD without dampening)

#include <torch/types.h>

#include <vector>

namespace tune::nets {

struct SgdOptions {
  double lr = 0.01;
  double momentum = 0.9;
  double weight_decay = 0;
};

class FlatSgd {
 public:
  /// Takes over the storage of `parameters`, which must be float tensors of a live module.
  FlatSgd(const std::vector<torch::Tensor>& parameters, SgdOptions options);

  /// Uses the gradients that backward() has left, and clears them for the next batch.
  void step();

  /// All parameters, and their velocities: one-dimensional, contiguous, of equal size.
  const torch::Tensor& weights() const { return weights_; }
  const torch::Tensor& velocities() const { return velocities_; }

 private:
  SgdOptions options_;
  torch::Tensor weights_, gradients_, velocities_;
};

}  // namespace tune::nets

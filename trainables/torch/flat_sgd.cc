#include "trainables/torch/flat_sgd.h"

namespace tune::nets {

FlatSgd::FlatSgd(const std::vector<torch::Tensor>& parameters, SgdOptions options) : options_(options) {
  const torch::NoGradGuard no_grad;
  std::int64_t size = 0;
  for (const torch::Tensor& parameter : parameters) size += parameter.numel();
  weights_ = torch::zeros({size});
  gradients_ = torch::zeros({size});
  velocities_ = torch::zeros({size});
  std::int64_t at = 0;
  for (torch::Tensor parameter : parameters) {
    const auto view = [&](const torch::Tensor& flat) {
      return flat.narrow(0, at, parameter.numel()).view_as(parameter);
    };
    view(weights_).copy_(parameter);
    // A gradient that is already there is added to in place: it stays a view.
    parameter.mutable_grad() = view(gradients_);
    parameter.set_data(view(weights_));
    at += parameter.numel();
  }
}

void FlatSgd::step() {
  const torch::NoGradGuard no_grad;
  velocities_.mul_(options_.momentum).add_(gradients_);
  if (options_.weight_decay != 0) velocities_.add_(weights_, options_.weight_decay);
  weights_.add_(velocities_, -options_.lr);
  gradients_.zero_();
}

}  // namespace tune::nets

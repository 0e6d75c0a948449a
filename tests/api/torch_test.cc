// LibTorch's parts as checkpoints: what torch_state writes, load_torch reads back.

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>
#include <tune/torch.h>

#include <sstream>

namespace tune::testing {
namespace {

std::string written(const std::function<void(std::ostream&)>& state) {
  std::ostringstream out;
  state(out);
  return out.str();
}

TEST(TorchState, OfTensorsIsReadBack) {
  const torch::Tensor weights = torch::arange(6, torch::kDouble).view({2, 3}), steps = torch::tensor(41);
  const std::string bytes = written(torch_state(weights, steps));

  torch::Tensor read_weights, read_steps;
  load_torch(bytes, read_weights, read_steps);
  EXPECT_TRUE(torch::equal(read_weights, weights));
  EXPECT_EQ(read_steps.item<std::int64_t>(), 41);
}

TEST(TorchState, MixesModulesOptimizersAndTensors) {
  torch::nn::Linear net(2, 1), other(2, 1);
  torch::optim::SGD sgd(net->parameters(), 0.1), other_sgd(other->parameters(), 0.1);
  const std::shared_ptr<torch::nn::LinearImpl> same = net.ptr();
  const torch::Tensor mean = torch::ones(3);
  const std::string bytes = written(torch_state(net, sgd, mean, same));

  torch::Tensor read;
  load_torch(bytes, other, other_sgd, read);  // the last may be left out
  EXPECT_TRUE(torch::equal(other->weight, net->weight));
  EXPECT_TRUE(torch::equal(read, mean));
}

}  // namespace
}  // namespace tune::testing

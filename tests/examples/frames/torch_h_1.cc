#include <torch/nn.h>
#include <torch/optim.h>
#include <tune/torch.h>
#include <tune/trainable.h>

double epoch(torch::nn::Linear& net, torch::optim::Adam& adam);

void train(tune::Trial& trial) {
  torch::nn::Linear net(2, 1);
  torch::optim::Adam adam(net->parameters());
  // EXAMPLE
}

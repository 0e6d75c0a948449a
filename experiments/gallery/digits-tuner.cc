// digits-tuner TRIALS < digits.csv: tunes a convolutional network on handwritten digits and reloads the best one.
#include <torch/torch.h>
#include <tune/torch.h>
#include <tune/tune.h>
torch::nn::Sequential network(std::int64_t channels) {
  return torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, channels, 3).padding(1)),
                               torch::nn::ReLU(), torch::nn::MaxPool2d(2), torch::nn::Flatten(),
                               torch::nn::Linear(16 * channels, 10));
}

int main(int argc, char** argv) {
  if (argc != 2 || std::atoi(argv[1]) < 1) return std::fprintf(stderr, "usage: digits-tuner TRIALS < digits.csv\n"), 2;
  torch::set_num_threads(1);  // trials are copies of this program, which therefore has one thread
  std::vector<float> numbers;
  for (float number; std::cin >> number; std::cin.ignore()) numbers.push_back(number);
  const auto table = torch::tensor(numbers).view({-1, 65});  // a row: 8 x 8 pixels from 0 to 16, and the digit
  const auto x = table.narrow(1, 0, 64).view({-1, 1, 8, 8}) / 16, y = table.select(1, 64).to(torch::kLong);
  const auto test_x = x.slice(0, 1400), test_y = y.slice(0, 1400);
  const auto accuracy = [&](auto& net) {
    return net->forward(test_x).argmax(1).eq(test_y).sum().item().toDouble() / 397;
  };
  const auto train = [&](tune::Trial& trial) {
    auto net = network(trial.integer("channels"));
    torch::optim::Adam adam(net->parameters(), trial.real("lr"));
    if (const auto bytes = trial.checkpoint()) tune::load_torch(*bytes, net, adam);
    for (auto epoch = trial.step() + 1; epoch <= 9; ++epoch) {
      for (const auto& rows : torch::randperm(1400, torch::kLong).split(trial.integer("batch_size"))) {
        torch::cross_entropy_loss(net->forward(x.index({rows})), y.index({rows})).backward();
        adam.step(), adam.zero_grad();
      }
      if (!trial.report({{"accuracy", accuracy(net)}}, tune::torch_state(net, adam))) return;
    }
  };
  const auto grid = tune::Tuner({
                                    .name = "digits-tuner",
                                    .trainable = train,
                                    .objective = {.metric = "accuracy", .mode = "max"},
                                    .search_space = {{"lr", tune::loguniform(1e-4, 1e-1)},
                                                     {"batch_size", tune::choice({16, 32, 64})},
                                                     {"channels", tune::choice({4, 8, 16})}},
                                    .scheduler = {"asha", {{"max_t", 9}}},
                                    .budget = {.trials = std::atoi(argv[1])},
                                    .checkpoint = {.every = 1},
                                })
                        .run()
                        .value();
  auto net = network(*grid.best()->parameter("channels").integer());
  tune::load_torch(grid.checkpoint(*grid.best())->bytes, net);
  std::printf("trial %ld, reloaded: accuracy %.3f\n", grid.best()->number, accuracy(net));
}

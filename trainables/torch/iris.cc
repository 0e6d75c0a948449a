// `iris`: three species of flowers from four lengths, by a network with two hidden layers of l1 and l2 units.
// Parameters: l1, l2, lr, batch_size; optional: epochs (50), momentum (0.9), weight_decay (0). Metrics: loss, accuracy.

#include <torch/nn/modules/linear.h>

#include "trainables/torch/classifier.h"
#include "trainables/torch/data.h"

namespace tune::nets {
namespace {

struct Mlp : torch::nn::Module {
  Mlp(std::int64_t l1, std::int64_t l2)
      : first(register_module("first", torch::nn::Linear(4, l1))),
        second(register_module("second", torch::nn::Linear(l1, l2))),
        last(register_module("last", torch::nn::Linear(l2, 3))) {}

  torch::Tensor forward(const torch::Tensor& x) { return last(torch::relu(second(torch::relu(first(x))))); }

  torch::nn::Linear first, second, last;
};

/// Columns with mean 0 and deviation 1 over the training rows.
Table standardized(Table table) {
  const torch::Tensor mean = table.train_x.mean(0), deviation = table.train_x.std(0);
  table.train_x = (table.train_x - mean) / deviation;
  table.test_x = (table.test_x - mean) / deviation;
  return table;
}

const Table& flowers() {
  static const Table kTable = standardized(read_table(iris_csv(), 1));
  return kTable;
}

class Iris : public Classifier {
 public:
  Iris() : Classifier(flowers(), {.epochs = 50}) {}

 private:
  std::shared_ptr<torch::nn::Module> build(Trial& trial) override {
    return net_ = std::make_shared<Mlp>(integer_between(trial, "l1", 1, 4096), integer_between(trial, "l2", 1, 4096));
  }
  torch::Tensor forward(const torch::Tensor& rows) override { return net_->forward(rows); }

  std::shared_ptr<Mlp> net_;
};

}  // namespace
}  // namespace tune::nets

using tune::ParameterSpec;

TUNE_TRAINABLE(tune::nets::Iris, .name = "iris", .isolation = TUNE_REUSE,
               .parameters = {ParameterSpec::integer("l1"), ParameterSpec::integer("l2"), ParameterSpec::real("lr"),
                              ParameterSpec::integer("batch_size"), ParameterSpec::integer("epochs").optional(),
                              ParameterSpec::real("momentum").optional(),
                              ParameterSpec::real("weight_decay").optional()},
               .metrics = {"loss", "accuracy"}, .has_end = true);

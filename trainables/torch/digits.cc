// `digits`: handwritten digits of 8x8 pixels, by a convolutional network. Parameters: lr, batch_size; optional:
// channels (16; twice as many in the second layer), epochs (20), momentum (0.9), weight_decay (0), augment (0; the
// chance of an image to be shifted by a pixel, anew in each epoch). Metrics: loss, accuracy.

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "trainables/torch/classifier.h"
#include "trainables/torch/data.h"

namespace tune::nets {
namespace {

constexpr std::int64_t kSide = 8;

struct Cnn : torch::nn::Module {
  explicit Cnn(std::int64_t channels)
      : first(register_module("first", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, channels, 3).padding(1)))),
        second(register_module("second",
                               torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 2 * channels, 3).padding(1)))),
        last(register_module("last", torch::nn::Linear(2 * channels * kSide * kSide / 16, 10))) {}

  torch::Tensor forward(const torch::Tensor& rows) {
    torch::Tensor x = rows.view({-1, 1, kSide, kSide});
    x = torch::max_pool2d(torch::relu(first(x)), 2);
    x = torch::max_pool2d(torch::relu(second(x)), 2);
    return last(x.flatten(1));
  }

  torch::nn::Conv2d first, second;
  torch::nn::Linear last;
};

const Table& images() {
  static const Table kTable = [] {
    Table table = read_table(digits_csv(), 0);
    table.train_x /= 16;  // pixels are 0 to 16
    table.test_x /= 16;
    return table;
  }();
  return kTable;
}

/// Each image, with this chance, moved by at most a pixel each way; zeros move in.
torch::Tensor shifted(const torch::Tensor& rows, double share, at::Generator& chance) {
  const torch::Tensor images = torch::constant_pad_nd(rows.view({-1, kSide, kSide}), {1, 1, 1, 1});
  const std::int64_t count = images.size(0);
  const torch::Tensor moves = torch::rand({count}, chance).lt(share).to(torch::kInt64);
  const auto from = [&] {  // 1: where it was
    const torch::Tensor offset = torch::randint(-1, 2, {count}, chance, torch::kInt64);
    return 1 + (offset * moves).view({-1, 1}) + torch::arange(kSide);
  };
  const torch::Tensor down = from().view({-1, kSide, 1}), right = from().view({-1, 1, kSide});
  const torch::Tensor image = torch::arange(count).view({-1, 1, 1});
  return images.index({image, down, right}).reshape({count, kSide * kSide});
}

class Digits : public Classifier {
 public:
  Digits() : Classifier(images(), {.epochs = 20}) {}

 private:
  std::shared_ptr<torch::nn::Module> build(Trial& trial) override {
    const std::int64_t channels = trial.has("channels") ? integer_between(trial, "channels", 1, 512) : 16;
    augment_ = trial.real_or("augment", 0);
    if (!(augment_ >= 0 && augment_ <= 1)) throw BadParameter("parameter 'augment' must lie in 0..1");
    return net_ = std::make_shared<Cnn>(channels);
  }
  torch::Tensor augmented(torch::Tensor rows, at::Generator& chance) override {
    return augment_ > 0 ? shifted(rows, augment_, chance) : rows;
  }
  torch::Tensor forward(const torch::Tensor& rows) override { return net_->forward(rows); }

  std::shared_ptr<Cnn> net_;
  double augment_ = 0;
};

}  // namespace
}  // namespace tune::nets

using tune::ParameterSpec;

TUNE_TRAINABLE(tune::nets::Digits, .name = "digits",
               .parameters = {ParameterSpec::real("lr"), ParameterSpec::integer("batch_size"),
                              ParameterSpec::integer("channels").optional(),
                              ParameterSpec::integer("epochs").optional(), ParameterSpec::real("momentum").optional(),
                              ParameterSpec::real("weight_decay").optional(),
                              ParameterSpec::real("augment").optional()},
               .metrics = {"loss", "accuracy"}, .has_end = true);

#include "trainables/torch/classifier.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace tune::nets {
namespace {

constexpr std::string_view kMagic = "tune-net 1\n";
constexpr std::int64_t kHeldOut = 5;  // every fifth row

at::Generator generator(std::uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

/// Uniform in +-1/sqrt(fan_in) for weights and biases: torch's own default for linear and convolutional layers, here
/// from a generator of this trial's own.
void draw_weights(torch::nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  at::Generator random = generator(seed);
  double bound = 1;
  for (torch::Tensor parameter : module.parameters()) {  // a layer's weight comes before its bias
    if (parameter.dim() > 1) bound = 1 / std::sqrt(static_cast<double>(parameter.numel() / parameter.size(0)));
    parameter.uniform_(-bound, bound, random);
  }
}

void write_floats(std::ostream& out, const torch::Tensor& flat) {
  out.write(static_cast<const char*>(flat.data_ptr()), static_cast<std::streamsize>(flat.nbytes()));
}

void read_floats(std::istream& in, const torch::Tensor& flat) {
  in.read(static_cast<char*>(flat.data_ptr()), static_cast<std::streamsize>(flat.nbytes()));
}

double not_negative(const std::string& name, double value) {
  if (value >= 0 && std::isfinite(value)) return value;
  throw BadParameter("parameter '" + name + "' must be a finite number, 0 or more");
}

}  // namespace

std::int64_t integer_between(Trial& trial, const std::string& name, std::int64_t low, std::int64_t high) {
  const std::int64_t value = trial.integer(name);
  if (value >= low && value <= high) return value;
  throw BadParameter("parameter '" + name + "' must lie in " + std::to_string(low) + ".." + std::to_string(high) +
                     ", got " + std::to_string(value));
}

Table read_table(std::string_view csv, std::size_t skip) {
  std::vector<float> x[2];
  std::vector<std::int64_t> y[2];
  std::int64_t row = 0;
  for (std::size_t line_number = 0; !csv.empty(); ++line_number) {
    const std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(line.size() + 1, csv.size()));
    if (line_number < skip || line.empty()) continue;
    const bool held_out = row++ % kHeldOut == kHeldOut - 1;
    const char* at = line.data();
    const char* const end = at + line.size();
    for (;;) {
      float value = 0;
      const auto read = std::from_chars(at, end, value);
      if (read.ec != std::errc()) throw std::runtime_error("bad line in the data: " + std::string(line));
      if (read.ptr == end) {
        y[held_out].push_back(static_cast<std::int64_t>(value));
        break;
      }
      x[held_out].push_back(value);
      at = read.ptr + 1;
    }
  }
  const auto rows = [](const std::vector<float>& values, const std::vector<std::int64_t>& classes) {
    const auto count = static_cast<std::int64_t>(classes.size());
    return torch::tensor(values).view({count, -1});
  };
  return {rows(x[0], y[0]), torch::tensor(y[0]), rows(x[1], y[1]), torch::tensor(y[1])};
}

void Classifier::setup(Trial& trial) {
  training_.epochs = trial.integer_or("epochs", defaults_.epochs);
  if (training_.epochs < 1) throw BadParameter("parameter 'epochs' must be 1 or more");
  batch_size_ = integer_between(trial, "batch_size", 1, table_.train_y.size(0));
  const double lr = not_negative("lr", trial.real("lr"));
  training_.momentum = not_negative("momentum", trial.real_or("momentum", defaults_.momentum));
  training_.weight_decay = not_negative("weight_decay", trial.real_or("weight_decay", defaults_.weight_decay));
  module_ = build(trial);
  draw_weights(*module_, trial.seed());
  sgd_.emplace(module_->parameters(),
               SgdOptions{.lr = lr, .momentum = training_.momentum, .weight_decay = training_.weight_decay});
  epoch_ = 0;
}

bool Classifier::reset(Trial& trial) {
  setup(trial);
  return true;
}

Report Classifier::step() {
  const std::int64_t rows = table_.train_y.size(0);
  at::Generator chance = generator(trial().seed_for(epoch_ + 1));
  const torch::Tensor order = torch::randperm(rows, chance, torch::kInt64);
  const torch::Tensor x = augmented(table_.train_x.index_select(0, order), chance);
  const torch::Tensor y = table_.train_y.index_select(0, order);
  for (std::int64_t at = 0; at < rows; at += batch_size_) {
    const std::int64_t size = std::min(batch_size_, rows - at);
    torch::cross_entropy_loss(forward(x.narrow(0, at, size)), y.narrow(0, at, size)).backward();
    sgd_->step();
    if (trial().should_stop()) return Report::broken_off();
  }
  ++epoch_;
  const torch::NoGradGuard no_grad;
  const torch::Tensor guess = forward(table_.test_x);
  return {{"loss", torch::cross_entropy_loss(guess, table_.test_y).item<double>()},
          {"accuracy", guess.argmax(1).eq(table_.test_y).sum().item<double>() / table_.test_y.size(0)}};
}

void Classifier::save(std::ostream& out) {
  const std::int64_t size = sgd_->weights().numel();
  out.write(kMagic.data(), kMagic.size());
  out.write(reinterpret_cast<const char*>(&epoch_), sizeof epoch_);
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
  write_floats(out, sgd_->weights());
  write_floats(out, sgd_->velocities());
}

void Classifier::load(std::istream& in) {
  char magic[kMagic.size()];
  std::int64_t epoch = 0, size = 0;
  in.read(magic, sizeof magic);
  in.read(reinterpret_cast<char*>(&epoch), sizeof epoch);
  in.read(reinterpret_cast<char*>(&size), sizeof size);
  if (!in || std::string_view(magic, sizeof magic) != kMagic)
    throw std::runtime_error("this is no checkpoint of a network");
  if (size != sgd_->weights().numel()) {
    throw std::runtime_error("the checkpoint is of a network with " + std::to_string(size) + " weights, not " +
                             std::to_string(sgd_->weights().numel()));
  }
  read_floats(in, sgd_->weights());
  read_floats(in, sgd_->velocities());
  if (!in) throw std::runtime_error("the checkpoint is cut off");
  epoch_ = epoch;
}

}  // namespace tune::nets

#pragma once

// A network that learns classes from a small table, as a trainable: what `iris` and `digits` share. A step is one
// epoch; it reports loss and accuracy on the part of the table that is held out (every fifth row).
//
// All chance is keyed: weights by the trial's seed, the order of an epoch and its augmentation by (seed, epoch). With
// the weights and velocities of a checkpoint the next epoch is the one that would have come anyway, bit for bit.

#include <torch/nn/module.h>
#include <tune/trainable.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "trainables/torch/flat_sgd.h"

namespace tune::nets {

/// Rows of numbers, the last of them the class.
struct Table {
  torch::Tensor train_x, train_y;  ///< {rows, columns} float; {rows} int64
  torch::Tensor test_x, test_y;
};

/// Reads lines of comma-separated numbers; lines that begin with anything but a number of the table (a header) are
/// skipped by `skip`. Every fifth row is held out. Throws std::runtime_error for a line that is none.
Table read_table(std::string_view csv, std::size_t skip);

/// What an experiment may set beside a network's own parameters; their defaults are a network's own.
struct Training {
  std::int64_t epochs = 0;
  double momentum = 0.9;
  double weight_decay = 0;
};

class Classifier : public Trainable {
 public:
  void setup(Trial& trial) final;
  bool reset(Trial& trial) final;
  Report step() final;
  bool finished() final { return epoch_ >= training_.epochs; }
  void save(std::ostream& out) final;
  void load(std::istream& in) final;

 protected:
  /// `table` outlives this object.
  Classifier(const Table& table, Training defaults) : table_(table), defaults_(defaults) {}

  /// A module by the trial's own parameters; of its layers' weights all but the shapes are replaced.
  virtual std::shared_ptr<torch::nn::Module> build(Trial& trial) = 0;
  /// The rows as one epoch sees them; `chance` belongs to the epoch.
  virtual torch::Tensor augmented(torch::Tensor rows, at::Generator& /*chance*/) { return rows; }
  /// {rows, columns} to {rows, classes}, by the module built last.
  virtual torch::Tensor forward(const torch::Tensor& rows) = 0;

 private:
  const Table& table_;
  Training defaults_, training_;
  std::int64_t batch_size_ = 1;
  std::int64_t epoch_ = 0;
  std::shared_ptr<torch::nn::Module> module_;
  std::optional<FlatSgd> sgd_;
};

/// Reads integer parameter `name` and checks its range. Throws BadParameter.
std::int64_t integer_between(Trial& trial, const std::string& name, std::int64_t low, std::int64_t high);

}  // namespace tune::nets

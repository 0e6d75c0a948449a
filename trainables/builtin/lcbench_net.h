#pragma once

// The surrogate network of LCBench (Zimmer, Lindauer, Hutter, "Auto-PyTorch Tabular", TPAMI 2021) in YAHPO Gym
// (Pfisterer, Schneider, Moosbauer, Binder, Bischl, AutoML 2022): validation accuracy and training time after any epoch
// of any configuration, on data sets of OpenML.
//
//   h = ((x - sub) / div) w_num + task_T            x: epoch and seven hyperparameters, three of them as ln(x + 1e-12)
//   three times: g = h W + B;  h += (g[left] * max(g[right], 0)) V + c
//   o = mul * sigmoid(max(h * s_last + t_last, 0) w_head + b_head) + add
//
// Outputs are time in seconds, ln(validation accuracy in percent + 1e-12), and four others that are not computed here.
//
// The file (scripts/lcbench_weights writes it from a .npz): a line `tune lcbench 1`; a line `NAME ROWS COLUMNS` for
// each array, vectors being one row; an empty line; then all arrays in this order as little-endian 32-bit floats, row
// by row. Tasks are the arrays named task_T.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace tune {

class LcbenchNet {
 public:
  struct Point {
    double accuracy = 0;  ///< percent
    double seconds = 0;   ///< of training so far, as the network has it: not quite monotone
  };
  /// In the order of the network's inputs.
  struct Hyperparameters {
    double batch_size = 0, learning_rate = 0, momentum = 0, weight_decay = 0, num_layers = 0, max_units = 0,
           max_dropout = 0;
  };

  /// kNotFound, kBadInput: no such file, or not of this format.
  static Result<LcbenchNet> read(const std::string& path);
  /// The same, read once in a process: a file that changes later is not read again. Any thread.
  static Result<std::shared_ptr<const LcbenchNet>> shared(const std::string& path);

  std::vector<std::string> tasks() const;
  bool has_task(const std::string& task) const { return tasks_.contains(task); }

  /// Epochs first, first+1, ..., as many as `out` has room for. Each is what it is, whatever was asked for beside it.
  /// Requires: has_task(task).
  void evaluate(const std::string& task, const Hyperparameters& config, std::int64_t first, std::span<Point> out) const;

 private:
  struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<float> values;
    const float* row(std::size_t i) const { return values.data() + i * columns; }
  };
  struct Block {
    Matrix w, b, v, c;
  };
  LcbenchNet() = default;

  Matrix sub_, div_, w_num_, s_last_, t_last_, w_head_, b_head_, mul_, add_;
  std::vector<Block> blocks_;
  std::map<std::string, Matrix> tasks_;
};

}  // namespace tune

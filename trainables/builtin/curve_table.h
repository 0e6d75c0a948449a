#pragma once

// A file of recorded learning curves (docs/formats/tabular.md): the CSV that `tune export --history -f csv` writes, or
// one like it. A row is a report; `config/NAME` columns are parameters, `training_iteration` counts from 1 within a
// curve, `trial_number` tells curves apart, and every other column of numbers is a metric.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace tune {

class CurveTable {
 public:
  /// A parameter's value as cells have it: the shortest text of a number, `true`, a text; empty if it is not there.
  using Cells = std::vector<std::string>;
  using Metrics = std::vector<std::pair<std::string, double>>;

  /// kNotFound, kBadInput: no such file, or a fault in it, with its line.
  static Result<CurveTable> read(const std::string& path);
  /// The same, read once in a process: a file that changes later is not read again. Any thread.
  static Result<std::shared_ptr<const CurveTable>> shared(const std::string& path);

  /// Paths of the parameters, groups joined by dots, in the order of the columns; without those that have one value in
  /// the whole file, which are constants of the experiment that was recorded.
  const std::vector<std::string>& parameters() const { return parameters_; }
  std::size_t size() const { return curves_.size(); }

  /// Index of the curve of this trial_number (of this index, if the file has no such column).
  std::optional<std::size_t> find_number(std::int64_t number) const;
  /// Index of the first curve with exactly these values. Requires: one cell for each of parameters().
  std::optional<std::size_t> find(const Cells& cells) const;
  /// Index of the curve that is nearest: the sum over parameters of the squared difference of ranks among the recorded
  /// values, in shares of their number; values that are no numbers are equal or 1 apart. The first of equals.
  std::size_t nearest(const Cells& cells) const;

  /// Steps recorded of a curve.
  std::int64_t steps(std::size_t curve) const { return static_cast<std::int64_t>(curves_[curve].reports.size()); }
  /// What was reported at a step. Requires: 1 <= step <= steps(curve)
  Metrics report(std::size_t curve, std::int64_t step) const;

 private:
  struct Curve {
    Cells cells;
    std::vector<std::vector<std::optional<double>>> reports;  ///< by step and metric; none: the cell is empty
  };
  void drop_constants();
  /// Where a cell stands among the numbers of its column, in 0..1; none if it is no number.
  std::optional<double> place(std::size_t parameter, const std::string& cell) const;

  std::vector<std::string> parameters_, metrics_;
  std::vector<std::vector<double>> values_;  ///< of each parameter, ascending, each once
  std::vector<Curve> curves_;
  std::map<std::int64_t, std::size_t> by_number_;
  std::map<Cells, std::size_t> by_cells_;
};

/// A number as cells have it; other text unchanged.
std::string canonical_cell(const std::string& text);

}  // namespace tune

#pragma once

// The results table of an experiment: a row a trial, or a row a report. Columns are the union over all rows in a stable
// order, so a metric that appears late still gets its column.

#include <functional>
#include <string>
#include <vector>

#include "core/value.h"
#include "experiments/export/lineage.h"
#include "experiments/store/store.h"

namespace tune {

enum class Naming { kRay, kOptuna, kMlflow, kBare };

struct TableOptions {
  /// A row a report. Where trials have copied one another (PBT, PB2) it tells the configuration of its own time,
  /// `generation` (how often the trial had copied), and with whose checkpoint that began: `parent_trial_id`,
  /// `parent_training_iteration`.
  bool history = false;
  /// Without clock, host, pid and attempt columns: equal for runs that are equal.
  bool stable = false;
  Naming naming = Naming::kRay;
  std::vector<std::string> columns;  ///< only these, in this order; empty: all
  std::int64_t top = 0;              ///< only the best N trials, best first; 0: all, by number
};

/// One column: where it stands in the nested form of a row, and its name in a flat one.
struct Column {
  enum class Group { kTrial, kMetric, kBest, kConfig };
  Group group = Group::kTrial;
  std::string key;   ///< `status`; metric name; parameter path
  std::string name;  ///< by the naming style; not empty, and no other column's (see make_unique() in table.cc)
};

using RowSink = std::function<void(const std::vector<Value>&)>;

class Table {
 public:
  /// Reads the experiment once for its columns. kNotFound for a column that does not exist, with did-you-mean.
  static Result<Table> open(const Reader& reader, const ExperimentRow& experiment, TableOptions options);

  const std::vector<Column>& columns() const { return columns_; }
  const std::string& objective() const { return experiment_.metric; }
  bool maximises() const { return experiment_.mode == "max"; }

  /// All rows, one value a column (null: absent).
  Result<void> rows(const RowSink& sink) const;

 private:
  Table(const Reader& reader, ExperimentRow experiment, TableOptions options);
  Result<void> find_columns();
  Result<void> choose_columns();
  Result<void> trial_rows(const RowSink& sink) const;
  Result<void> history_rows(const RowSink& sink) const;
  std::vector<Value> cells(const TrialRow& trial) const;
  std::string config_name(const std::string& path) const;
  std::string metric_name(const std::string& metric) const;

  const Reader* reader_;
  ExperimentRow experiment_;
  TableOptions options_;
  std::vector<std::string> parameters_;
  std::vector<Column> columns_;
  Lineage lineage_;          // of a history
  bool any_copies_ = false;  ///< some trial has copied another
};

}  // namespace tune

#include "experiments/export/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/config.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/score.h"
#include "core/text.h"
#include "experiments/export/csv.h"
#include "experiments/export/lineage.h"

namespace tune {
namespace {

Value objective_value(int score_class, double value) {
  if (score_class == static_cast<int>(ScoreClass::kNumber)) return value;
  if (score_class == static_cast<int>(ScoreClass::kNaN)) return std::nan("");
  return {};
}

Value time_or_nothing(double unix_seconds) { return unix_seconds > 0 ? Value(format_time(unix_seconds)) : Value(); }

/// A metric as a value: integral ones too are reals.
const Value* find_in(const Value& metrics, const std::string& key) { return metrics.find(key); }

Value metric_value(const Value& metrics, const std::string& key) {
  const Value* value = find_in(metrics, key);
  if (value == nullptr) return {};
  if (value->is_text()) {  // "NaN", "Infinity", "-Infinity"
    if (const auto real = parse_real(value->text())) return *real;
  }
  return *value;
}

/// Trainables name their metrics as they like. A flat name that is empty or that of another column gets its group in
/// front: of two, the table's own column keeps it, then the parameter.
void make_unique(std::vector<Column>& columns) {
  std::set<std::string> taken;
  const auto claim = [&](Column::Group group, const char* prefix) {
    for (Column& column : columns) {
      if (column.group != group) continue;
      while (column.name.empty() || !taken.insert(column.name).second) column.name.insert(0, prefix);
    }
  };
  claim(Column::Group::kTrial, "trial/");
  claim(Column::Group::kBest, "best/");
  claim(Column::Group::kConfig, "config/");
  claim(Column::Group::kMetric, "metrics/");
}

/// The column that `trials` sorts the best by: smaller is better inside.
double sort_key(const TrialRow& row, bool maximises) { return maximises ? -row.best : row.best; }

}  // namespace

Table::Table(const Reader& reader, ExperimentRow experiment, TableOptions options)
    : reader_(&reader),
      experiment_(std::move(experiment)),
      options_(std::move(options)),
      parameters_(parameter_paths(experiment_)) {}

Result<Table> Table::open(const Reader& reader, const ExperimentRow& experiment, TableOptions options) {
  Table table(reader, experiment, std::move(options));
  if (auto found = table.find_columns(); !found) return pass_on(std::move(found));
  make_unique(table.columns_);
  if (auto chosen = table.choose_columns(); !chosen) return pass_on(std::move(chosen));
  return table;
}

std::string Table::config_name(const std::string& path) const {
  switch (options_.naming) {
    case Naming::kRay: return config_column(path);
    case Naming::kOptuna: return "params_" + path;
    case Naming::kMlflow: return "params." + path;
    case Naming::kBare: return path;
  }
  return path;
}

std::string Table::metric_name(const std::string& metric) const {
  if (options_.naming == Naming::kMlflow) return "metrics." + metric;
  if (options_.naming == Naming::kOptuna) return metric == experiment_.metric ? "value" : "user_attrs_" + metric;
  return metric;
}

Result<void> Table::find_columns() {
  std::vector<std::string> metrics{experiment_.metric};
  std::set<std::string> seen{experiment_.metric};
  const auto note = [&](const std::string& json) {
    auto parsed = parse_json(json.empty() ? "{}" : json);
    if (!parsed || !parsed->is_map()) return;
    for (const auto& [key, value] : parsed->map()) {
      if (seen.insert(key).second) metrics.push_back(key);
    }
  };
  Result<void> read;
  if (options_.history) {
    auto lineage = Lineage::read(*reader_, experiment_);
    if (!lineage) return pass_on(std::move(lineage));
    lineage_ = *std::move(lineage);
    read = reader_->reports(experiment_.id, std::nullopt, [&](const Reader::ReportRow& row) {
      note(row.metrics_json);
      note(row.extra);
    });
  } else {
    read = reader_->trials(experiment_.id, [&](const TrialRow& row) {
      note(row.metrics_json);
      any_copies_ = any_copies_ || row.generation > 0;
    });
  }
  if (!read) return read;
  seen.erase("training_iteration");
  std::erase(metrics, "training_iteration");

  const bool optuna = options_.naming == Naming::kOptuna;
  const auto trial = [&](const std::string& key, const std::string& optuna_name = {}) {
    columns_.push_back({Column::Group::kTrial, key, optuna && !optuna_name.empty() ? optuna_name : key});
  };
  const auto add_metrics = [&] {
    for (const std::string& metric : metrics) columns_.push_back({Column::Group::kMetric, metric, metric_name(metric)});
  };
  const auto add_config = [&] {
    for (const std::string& path : parameters_) columns_.push_back({Column::Group::kConfig, path, config_name(path)});
  };
  trial("trial_id");
  trial("trial_number", "number");
  if (options_.history) {
    trial("training_iteration");
    if (lineage_.any()) {
      trial("generation");
      trial("parent_trial_id");
      trial("parent_training_iteration");
    }
    if (!options_.stable) {
      trial("time_total_s");
      trial("timestamp");
    }
    add_metrics();
    add_config();
    return {};
  }
  trial("status", "state");
  trial("stop_reason");
  add_metrics();
  columns_.push_back({Column::Group::kBest, "objective", "best/" + experiment_.metric});
  columns_.push_back({Column::Group::kBest, "training_iteration", "best/training_iteration"});
  trial("training_iteration");
  if (!options_.stable) {
    trial("time_total_s");
    trial("started_at", "datetime_start");
    trial("finished_at", "datetime_complete");
    trial("worker");
    trial("attempt");
    trial("retries");
  }
  trial("seed");
  trial("error");
  if (any_copies_) {
    trial("parent_trial_id");
    trial("generation");
  }
  add_config();
  return {};
}

Result<void> Table::choose_columns() {
  if (options_.columns.empty()) return {};
  std::vector<Column> chosen;
  std::vector<std::string> names;
  names.reserve(columns_.size());
  for (const Column& column : columns_) names.push_back(column.name);
  for (const std::string& wanted : options_.columns) {
    auto found = std::ranges::find(columns_, wanted, &Column::name);
    if (found == columns_.end()) found = std::ranges::find(columns_, wanted, &Column::key);
    if (found == columns_.end()) {
      const std::string hint = did_you_mean_hint(wanted, names);
      return fail(ErrorCode::kBadInput, fmt::format("no column '{}'", wanted),
                  hint.empty() ? "columns: " + join(names) : hint);
    }
    chosen.push_back(*found);
  }
  columns_ = std::move(chosen);
  return {};
}

Result<void> Table::rows(const RowSink& sink) const { return options_.history ? history_rows(sink) : trial_rows(sink); }

std::vector<Value> Table::cells(const TrialRow& trial) const {
  const auto metrics = parse_json(trial.metrics_json.empty() ? "{}" : trial.metrics_json);
  const auto nested = parse_json(trial.config_json.empty() ? "{}" : trial.config_json);
  const Config config = nested ? from_nested(*nested, parameters_) : Config{};
  std::vector<Value> cells;
  cells.reserve(columns_.size());
  for (const Column& column : columns_) {
    const std::string& key = column.key;
    Value cell;
    switch (column.group) {
      case Column::Group::kMetric:
        if (metrics) cell = metric_value(*metrics, key);
        break;
      case Column::Group::kConfig:
        if (const Value* value = config.find(key)) cell = *value;
        break;
      case Column::Group::kBest:
        if (trial.best_class == static_cast<int>(ScoreClass::kNumber)) {
          cell = key == "objective" ? objective_value(trial.best_class, trial.best) : Value(trial.best_iteration);
        }
        break;
      case Column::Group::kTrial:
        if (key == "trial_id") cell = trial_name(experiment_.name, TrialId{trial.number});
        if (key == "trial_number") cell = trial.number;
        if (key == "status") cell = trial.status;
        if (key == "stop_reason") cell = trial.reason;
        if (key == "training_iteration") cell = trial.training_iteration;
        if (key == "time_total_s") cell = trial.time_total;
        if (key == "started_at") cell = time_or_nothing(trial.started_at);
        if (key == "finished_at") cell = time_or_nothing(trial.finished_at);
        if (key == "worker") cell = trial.worker;
        if (key == "attempt") cell = trial.attempt;
        if (key == "retries") cell = trial.retries;
        if (key == "seed") cell = static_cast<std::int64_t>(trial.seed);
        if (key == "error" && !trial.error.empty()) cell = trial.error;
        if (key == "generation") cell = trial.generation;
        if (key == "parent_trial_id" && trial.generation > 0)
          cell = trial_name(experiment_.name, TrialId{trial.parent});
        break;
    }
    cells.push_back(std::move(cell));
  }
  return cells;
}

Result<void> Table::trial_rows(const RowSink& sink) const {
  const std::string withdrawn{state_name(TrialState::kWithdrawn)};
  if (options_.top <= 0) {
    return reader_->trials(experiment_.id, [&](const TrialRow& row) {
      if (row.state != withdrawn) sink(cells(row));
    });
  }
  std::vector<TrialRow> best;
  auto read = reader_->trials(experiment_.id, [&](const TrialRow& row) {
    if (row.best_class == static_cast<int>(ScoreClass::kNumber)) best.push_back(row);
  });
  if (!read) return read;
  std::ranges::stable_sort(
      best, [&](const TrialRow& a, const TrialRow& b) { return sort_key(a, maximises()) < sort_key(b, maximises()); });
  if (static_cast<std::int64_t>(best.size()) > options_.top) best.resize(static_cast<std::size_t>(options_.top));
  for (const TrialRow& row : best) sink(cells(row));
  return {};
}

Result<void> Table::history_rows(const RowSink& sink) const {
  static const LineageStage kNone;
  return reader_->reports(experiment_.id, std::nullopt, [&](const Reader::ReportRow& row) {
    const auto metrics = parse_json(row.metrics_json.empty() ? "{}" : row.metrics_json);
    const auto extra = parse_json(row.extra.empty() ? "{}" : row.extra);
    const LineageStage* known = lineage_.at(TrialId{row.trial}, EventNumber{row.n});
    const LineageStage& stage = known != nullptr ? *known : kNone;
    const Config& config = stage.config;
    std::vector<Value> cells;
    cells.reserve(columns_.size());
    for (const Column& column : columns_) {
      const std::string& key = column.key;
      Value cell;
      if (column.group == Column::Group::kMetric) {
        if (metrics) cell = metric_value(*metrics, key);
        if (cell.is_null() && extra) cell = metric_value(*extra, key);
      } else if (column.group == Column::Group::kConfig) {
        if (const Value* value = config.find(key)) cell = *value;
      } else if (key == "trial_id") {
        cell = trial_name(experiment_.name, TrialId{row.trial});
      } else if (key == "trial_number") {
        cell = row.trial;
      } else if (key == "training_iteration") {
        cell = row.step;
      } else if (key == "time_total_s") {
        cell = row.elapsed;
      } else if (key == "timestamp") {
        cell = time_or_nothing(row.wall);
      } else if (key == "generation") {
        cell = stage.generation;
      } else if (key == "parent_trial_id" && stage.generation > 0) {
        cell = trial_name(experiment_.name, stage.donor);
      } else if (key == "parent_training_iteration" && stage.generation > 0) {
        cell = stage.from;
      }
      cells.push_back(std::move(cell));
    }
    sink(cells);
  });
}

}  // namespace tune

#include "tune/api/results.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/json.h"
#include "core/text.h"
#include "experiments/export/lineage.h"
#include "experiments/export/table.h"
#include "experiments/export/write.h"
#include "trainables/command/archive.h"
#include "tune/api/document.h"
#include "tune/api/failure.h"

#include <filesystem>

namespace tune {
namespace {

namespace fs = std::filesystem;

MetricValues metric_values(const std::string& json) {
  if (json.empty()) return {};
  auto metrics = metrics_from_json(json);
  return metrics ? MetricValues(metrics->begin(), metrics->end()) : MetricValues();
}

/// The value by which a trial is compared, or nothing. `values`: of its reports, in order.
std::optional<double> value_of(const std::vector<double>& values, const BestOptions& options, bool maximise) {
  if (values.empty()) return std::nullopt;
  if (options.scope == Scope::kLast) return values.back();
  if (options.scope == Scope::kAverage) {
    const std::size_t count =
        std::min(values.size(), static_cast<std::size_t>(std::max<std::int64_t>(options.last, 1)));
    double sum = 0;
    for (std::size_t i = values.size() - count; i < values.size(); ++i) sum += values[i];
    return sum / static_cast<double>(count);
  }
  std::optional<double> best;
  for (const double value : values) {
    if (!std::isnan(value) && (!best || (maximise ? value > *best : value < *best))) best = value;
  }
  return best;
}

}  // namespace

TrialResult to_trial_result(const std::string& experiment, const TrialRow& row) {
  TrialResult trial;
  trial.number = row.number;
  trial.name = trial_name(experiment, TrialId{row.number});
  trial.status = row.status;
  trial.cause = row.cause;
  trial.reason = row.reason;
  trial.error = row.error;
  if (const auto config = parse_json(row.config_json)) trial.config = to_setting(*config);
  trial.metrics = metric_values(row.metrics_json);
  trial.training_iteration = row.training_iteration;
  trial.time_total = row.time_total;
  trial.attempts = row.attempt;
  return trial;
}

Expected<ResultGrid> ResultGrid::open(const std::string& database, const std::string& experiment) {
  auto reader = open_reader(database);
  if (!reader) return to_failure(reader.error());
  auto row = (*reader)->experiment(experiment);
  if (!row) return to_failure(row.error());
  auto data = std::make_shared<Data>();
  data->database = database;
  data->row = *std::move(row);
  const auto read = (*reader)->trials(data->row.id, [&](const TrialRow& trial) {
    if (trial.status != "withdrawn") data->trials.push_back(to_trial_result(experiment, trial));
  });
  if (!read) return to_failure(read.error());
  return ResultGrid(std::move(data));
}

ResultGrid::ResultGrid(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

const std::string& ResultGrid::experiment() const { return data_->row.name; }
const std::string& ResultGrid::status() const { return data_->row.status; }
std::size_t ResultGrid::size() const { return data_->trials.size(); }
const TrialResult* ResultGrid::find(std::int64_t number) const {
  const auto found = std::ranges::lower_bound(data_->trials, number, {}, &TrialResult::number);
  return found != data_->trials.end() && found->number == number ? &*found : nullptr;
}
const TrialResult& ResultGrid::operator[](std::size_t number) const {
  static const TrialResult nobody = [] {
    TrialResult trial;
    trial.number = -1;
    return trial;
  }();
  const TrialResult* trial = find(static_cast<std::int64_t>(number));
  return trial != nullptr ? *trial : nobody;
}
std::vector<TrialResult>::const_iterator ResultGrid::begin() const { return data_->trials.begin(); }
std::vector<TrialResult>::const_iterator ResultGrid::end() const { return data_->trials.end(); }

std::size_t ResultGrid::errors() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(data_->trials, [](const TrialResult& t) { return t.failed(); }));
}

const TrialResult* ResultGrid::best(const BestOptions& options) const {
  const ExperimentRow& row = data_->row;
  const std::string& metric = options.metric.empty() ? row.metric : options.metric;
  const std::string& mode = !options.mode.empty() ? options.mode : row.mode;
  if (mode != "min" && mode != "max") return nullptr;
  const bool maximise = mode == "max";

  std::vector<std::vector<double>> values(data_->trials.size());
  if (options.scope == Scope::kLast) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (const auto value = data_->trials[i].metric(metric)) values[i].push_back(*value);
    }
  } else {
    auto reader = open_reader(data_->database);
    if (!reader) return nullptr;
    std::vector<std::size_t> index;  // by trial number
    for (std::size_t i = 0; i < values.size(); ++i) {
      index.resize(std::max(index.size(), static_cast<std::size_t>(data_->trials[i].number) + 1), values.size());
      index[static_cast<std::size_t>(data_->trials[i].number)] = i;
    }
    const auto read = (*reader)->reports(row.id, std::nullopt, [&](const Reader::ReportRow& report) {
      const auto number = static_cast<std::size_t>(report.trial);
      if (number >= index.size() || index[number] == values.size()) return;
      const auto metrics = metrics_from_json(report.metrics_json);
      if (!metrics) return;
      if (const auto value = find_metric(*metrics, metric)) values[index[number]].push_back(*value);
    });
    if (!read) return nullptr;
  }

  const TrialResult* best = nullptr;
  double best_value = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = value_of(values[i], options, maximise);
    if (!value || std::isnan(*value)) continue;
    if (best != nullptr && !(maximise ? *value > best_value : *value < best_value)) continue;
    best = &data_->trials[i];
    best_value = *value;
  }
  return best;
}

Expected<std::vector<ReportResult>> ResultGrid::history(const TrialResult& trial) const {
  auto reader = open_reader(data_->database);
  if (!reader) return to_failure(reader.error());
  const auto row = (*reader)->trial(data_->row.id, TrialId{trial.number});
  if (!row) return to_failure(row.error());
  const auto configs = configs_of(**reader, data_->row, *row);
  if (!configs) return to_failure(configs.error());
  std::vector<ReportResult> reports;
  const auto read = (*reader)->reports(data_->row.id, TrialId{trial.number}, [&](const Reader::ReportRow& report) {
    reports.push_back({report.step, report.elapsed, metric_values(report.metrics_json),
                       to_setting(to_nested(config_at(*configs, EventNumber{report.n})))});
  });
  if (!read) return to_failure(read.error());
  return reports;
}

Expected<SavedCheckpoint> ResultGrid::checkpoint(const TrialResult& trial, std::int64_t training_iteration) const {
  auto reader = open_reader(data_->database);
  if (!reader) return to_failure(reader.error());
  auto rows = (*reader)->checkpoints(data_->row.id, TrialId{trial.number});
  if (!rows) return to_failure(rows.error());
  const CheckpointRow* chosen = nullptr;
  for (const CheckpointRow& row : *rows) {
    if (row.released || (training_iteration > 0 && row.step != training_iteration)) continue;
    if (chosen == nullptr || row.step >= chosen->step) chosen = &row;
  }
  if (chosen == nullptr) {
    return Failure{"not-found",
                   "trial " + std::to_string(trial.number) + " has no checkpoint" +
                       (training_iteration > 0 ? " of iteration " + std::to_string(training_iteration) : ""),
                   "checkpoint.every and checkpoint.keep say which are taken and kept",
                   {}};
  }
  SavedCheckpoint saved{trial.number, chosen->step, {}};
  const auto read = (*reader)->checkpoint_bytes(data_->row.id, chosen->id, [&](std::string_view bytes) -> Result<void> {
    saved.bytes += bytes;
    return {};
  });
  if (!read) return to_failure(read.error());
  return saved;
}

Expected<std::string> ResultGrid::table(const std::string& format) const {
  auto reader = open_reader(data_->database);
  if (!reader) return to_failure(reader.error());
  const auto table = Table::open(**reader, data_->row, {});
  if (!table) return to_failure(table.error());
  std::ostringstream out;
  Result<void> written;
  if (format == "csv") {
    written = write_csv(*table, false, out);
  } else if (format == "json") {
    written = write_json(*table, out);
  } else if (format == "jsonl") {
    written = write_json_lines(*table, out);
  } else if (format == "md") {
    written = write_markdown(*table, out);
  } else {
    return Failure{"bad-input", "no table format '" + format + "'", "csv, json, jsonl or md", {}};
  }
  if (!written) return to_failure(written.error());
  return out.str();
}

Expected<void> SavedCheckpoint::write(const std::string& path) const {
  const std::string partial = path + ".part";
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out || std::rename(partial.c_str(), path.c_str()) != 0) {
    std::remove(partial.c_str());
    return Failure{"io", "cannot write " + path, "", {}};
  }
  return {};
}

Expected<void> SavedCheckpoint::extract(const std::string& directory) const {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Failure{"io", "cannot make " + directory + ": " + error.message(), "", {}};
  const auto unpacked = unpack_directory(bytes, directory);
  if (!unpacked) return to_failure(unpacked.error());
  return {};
}

}  // namespace tune

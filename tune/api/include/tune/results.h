#pragma once

// What an experiment found: its trials, read from the database once, and on request their reports and checkpoints.
//
//   const tune::TrialResult* best = grid.best();
//   std::printf("trial %lld: accuracy %g with lr %g\n", (long long)best->number, *best->metric("accuracy"),
//               *best->parameter("lr").real());
//   if (const auto saved = grid.checkpoint(*best)) saved->write("best.pt").value();
//
// A ResultGrid owns what it holds and is not changed by a run that goes on: read it again to see more. Threads: const
// calls may be made by several at once.

#include <tune/expected.h>
#include <tune/setting.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tune {

using MetricValues = std::vector<std::pair<std::string, double>>;

/// One trial as it stands.
struct TrialResult {
  std::int64_t number = 0;  ///< in its experiment, from 0
  std::string name;         ///< `digits-00017`
  std::string status;       ///< waiting running interrupted paused completed stopped failed
  /// Why it is where it is: none own_end stop_rule max_t scheduler user budget exception exit signal memory time_limit
  /// hang output bad_report load lost_worker.
  std::string cause;
  std::string reason;                   ///< in a sentence, for people
  std::string error;                    ///< first line of a failure's text, or empty
  Setting config;                       ///< its parameters, nested; PBT, PB2: its last ones (ResultGrid::history)
  MetricValues metrics;                 ///< of its last report
  std::int64_t training_iteration = 0;  ///< of its last report
  double time_total = 0;                ///< running seconds, over all attempts
  std::int64_t attempts = 0;            ///< how often it was started

  bool failed() const { return status == "failed"; }
  /// The last value of a metric, or nothing.
  std::optional<double> metric(std::string_view name) const {
    for (const auto& [known, value] : metrics) {
      if (known == name) return value;
    }
    return std::nullopt;
  }
  /// The parameter at a path such as `optimizer.lr`; null if the trial has none.
  Setting parameter(std::string_view path) const {
    const Setting* found = config.find(path);
    return found != nullptr ? *found : Setting();
  }
};

/// One report of a trial.
struct ReportResult {
  std::int64_t training_iteration = 0;
  double time_total = 0;  ///< running seconds of the trial until then
  MetricValues metrics;
  Setting config;  ///< what it was trained with: PBT and PB2 change a trial's configuration as they go
};

/// The state that a trial has saved.
struct SavedCheckpoint {
  std::int64_t trial = 0;
  std::int64_t training_iteration = 0;
  std::string bytes;  ///< what the trainable wrote

  /// Writes the bytes to a file: all or nothing.
  Expected<void> write(const std::string& path) const;
  /// Of a checkpoint made by tune::directory or by a program: its files, into a directory that is made.
  Expected<void> extract(const std::string& directory) const;
};

/// By which of a trial's values it is compared.
enum class Scope {
  kLast,     ///< its last report
  kBest,     ///< its best report
  kAverage,  ///< the mean of its last `BestOptions::last` reports
};

struct BestOptions {
  std::string metric = {};  ///< empty: the first objective
  std::string mode = {};    ///< "min" or "max"; empty: that of the first objective. Another word: no trial is best
  Scope scope = Scope::kBest;
  std::int64_t last = 5;  ///< below 1 counts as 1
};

class ResultGrid {
 public:
  /// Reads an experiment of a database, also while it runs. not-found, damaged, newer-version.
  static Expected<ResultGrid> open(const std::string& database, const std::string& experiment);

  const std::string& experiment() const;
  /// `new running interrupted finished failed`.
  const std::string& status() const;
  /// The run was interrupted: another run of the same experiment goes on.
  bool interrupted() const { return status() == "interrupted" || status() == "running"; }

  std::size_t size() const;
  /// The trial of that number; null if there is none: numbers have gaps where trials were withdrawn before they
  /// started.
  const TrialResult* find(std::int64_t number) const;
  /// The same for a number that there is. For another: a trial without a name or status, whose number is -1.
  const TrialResult& operator[](std::size_t number) const;
  std::vector<TrialResult>::const_iterator begin() const;
  std::vector<TrialResult>::const_iterator end() const;
  /// How many trials failed; TrialResult::error tells why.
  std::size_t errors() const;

  /// The best trial; null if none has a number for the metric, or the reports cannot be read. Ties: the lower number.
  /// NaN is never best. Scopes other than the last read the reports from the database.
  const TrialResult* best(const BestOptions& options = {}) const;
  /// All reports of a trial that count, in order. io, damaged.
  Expected<std::vector<ReportResult>> history(const TrialResult& trial) const;
  /// Its latest checkpoint that is kept; or that of one iteration. not-found if there is none.
  Expected<SavedCheckpoint> checkpoint(const TrialResult& trial, std::int64_t training_iteration = 0) const;
  /// As `tune export` writes it: csv, json, jsonl or md.
  Expected<std::string> table(const std::string& format = "csv") const;

 private:
  friend class Tuner;
  friend class Run;
  struct Data;
  explicit ResultGrid(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;
};

}  // namespace tune

#pragma once

// A Reader over rows that a test has made up: tables are tested without a database.

#include <map>
#include <string>
#include <vector>

#include "experiments/store/store.h"

namespace tune::testing {

class FakeReader final : public Reader {
 public:
  ExperimentRow row;
  std::vector<TrialRow> trial_rows;
  std::vector<ReportRow> report_rows;
  std::vector<LogEntry> entries;
  /// What trials() and reports() fail with, if it has a message.
  Error failure;

  FakeReader() {
    row.name = "exp";
    row.metric = "loss";
    row.mode = "min";
    row.columns_json = R"(["lr","net.width"])";
  }

  /// A completed trial with one report.
  TrialRow& add_trial(std::int64_t number, const std::string& config, const std::string& metrics, double best) {
    TrialRow trial;
    trial.number = number;
    trial.status = trial.state = "completed";
    trial.reason = "its own end";
    trial.config_json = config;
    trial.metrics_json = metrics;
    trial.attempt = 1;
    trial.training_iteration = 1;
    trial.objective_class = trial.best_class = 0;
    trial.objective = trial.best = best;
    trial.best_iteration = 1;
    trial.time_total = 1.5;
    trial.seed = 7;
    trial.started_at = 1'700'000'000.25;
    trial.finished_at = 1'700'000'001.25;
    trial.worker = "host:1";
    return trial_rows.emplace_back(std::move(trial));
  }

  Result<std::vector<ExperimentRow>> experiments() const override { return std::vector{row}; }
  Result<ExperimentRow> experiment(const std::string&) const override { return row; }
  std::int64_t holder(ExperimentId) const override { return 0; }
  Result<std::vector<RunRow>> runs(ExperimentId) const override { return std::vector<RunRow>(); }
  Result<void> trials(ExperimentId, const std::function<void(const TrialRow&)>& sink) const override {
    for (const TrialRow& trial : trial_rows) sink(trial);
    return outcome();
  }
  Result<TrialRow> trial(ExperimentId, TrialId id) const override {
    for (const TrialRow& trial : trial_rows) {
      if (trial.number == id.value) return trial;
    }
    return fail(ErrorCode::kNotFound, "no such trial");
  }
  Result<void> reports(ExperimentId, std::optional<TrialId>,
                       const std::function<void(const ReportRow&)>& sink) const override {
    for (const ReportRow& report : report_rows) sink(report);
    return outcome();
  }
  Result<std::vector<LogEntry>> story(ExperimentId, TrialId) const override { return std::vector<LogEntry>(); }
  Result<void> log(ExperimentId, const std::function<Result<void>(const LogEntry&)>& sink) const override {
    for (const LogEntry& entry : entries) {
      if (auto taken = sink(entry); !taken) return taken;
    }
    return {};
  }
  Result<std::vector<TurnEnd>> turns(ExperimentId) const override { return std::vector<TurnEnd>(); }
  Result<std::optional<HashFault>> verify_hash(ExperimentId) const override { return std::nullopt; }
  Result<std::vector<CheckpointRow>> checkpoints(ExperimentId, TrialId) const override {
    return std::vector<CheckpointRow>();
  }
  Result<void> checkpoint_bytes(ExperimentId, CheckpointId,
                                const std::function<Result<void>(std::string_view)>&) const override {
    return {};
  }
  Result<std::vector<OutputRow>> output(ExperimentId, TrialId) const override { return std::vector<OutputRow>(); }

 private:
  Result<void> outcome() const {
    if (failure.message.empty()) return {};
    return tl::unexpected<Error>(failure);
  }
};

}  // namespace tune::testing

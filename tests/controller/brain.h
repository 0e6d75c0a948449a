#pragma once

// A brain with a hand: tests say what happens, and see what is decided. The scheduler is a script, the sampler counts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "tests/controller/toy_problem.h"
#include "tune/controller/controller.h"

namespace tune::test {

/// Pauses or stops at the steps it is told; resumes whom it is told.
class ScriptedScheduler final : public Scheduler {
 public:
  std::map<Step, SchedulerVerdict> verdicts;
  std::function<std::optional<Proposal>(const Supply&)> before_new;
  SchedulePoint point;
  bool parks = false;
  bool learning = true;
  std::string attribute = "training_iteration";

  std::string_view name() const override { return "scripted"; }
  int rules() const override { return 1; }
  std::string_view time_attr() const override { return attribute; }
  std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const override {
    const auto found = verdicts.find(report.step);
    if (found == verdicts.end()) return std::nullopt;
    return found->second;
  }
  std::optional<Proposal> propose(const Supply& supply) const override {
    if (before_new) {
      if (auto proposal = before_new(supply)) return proposal;
    }
    if (supply.slot_free && supply.new_allowed) return Proposal::start_new({}, "");
    return std::nullopt;
  }
  SchedulePoint next_point(TrialId) const override { return point; }
  bool may_resume(TrialId) const override { return parks; }
  bool learns() const override { return learning; }
  void on_report(const SchedulerReport& report, const SchedulerVerdict*) override { seen.push_back(report); }
  void on_ended(TrialId trial, bool failed, EventNumber) override { ended.emplace_back(trial.value, failed); }
  void on_proposal(const Proposal& proposal) override { proposals.push_back(proposal); }

  std::vector<SchedulerReport> seen;
  std::vector<std::pair<std::int64_t, bool>> ended;
  std::vector<Proposal> proposals;
};

class Brain {
 public:
  explicit Brain(ControllerOptions options = {}, std::optional<std::int64_t> size = std::nullopt)
      : options_(with_objective(std::move(options))), size_(size), controller_(make()) {}

  ScriptedScheduler& scheduler() { return *scheduler_; }
  Controller& controller() { return controller_; }
  const TrialRecord& trial(std::int64_t n) { return controller_.trial(TrialId{n}); }
  const std::vector<LogEntry>& log() const { return log_; }

  /// What is decided when this happens.
  std::vector<Decision> on(EventBody body) {
    LogEntry entry{{controller_.next_event(), at, std::move(body)}, {}};
    controller_.observe(entry.event);
    while (auto decision = controller_.next()) {
      controller_.apply(*decision);
      entry.decisions.push_back(*decision);
      if (entry.decisions.size() > 10000) ADD_FAILURE() << "the brain does not come to rest";
      if (entry.decisions.size() > 10000) break;
    }
    log_.push_back(entry);
    return entry.decisions;
  }

  std::vector<Decision> start(std::int64_t slots, std::int64_t ahead = 0) {
    return on(RunStarted{1, "test", controller_.rules(), slots, ahead});
  }
  std::vector<Decision> report(std::int64_t trial, Step step, double loss, bool checkpoint = false) {
    Reported report;
    report.trial = TrialId{trial};
    report.attempt = controller_.trial(TrialId{trial}).attempt;
    report.seq = controller_.trial(TrialId{trial}).last_seq + 1;
    report.step = step;
    report.elapsed = static_cast<double>(step);
    report.metrics = {{"loss", loss}};
    if (checkpoint) report.checkpoint = CheckpointInfo{8, "00", false};
    return on(report);
  }
  std::vector<Decision> ended(std::int64_t trial, EndKind how = EndKind::kCompleted, Cause cause = Cause::kOwnEnd) {
    const TrialRecord& record = controller_.trial(TrialId{trial});
    return on(Ended{TrialId{trial}, record.attempt, record.last_seq + 1, how, cause, "text", 0, record.elapsed});
  }
  std::vector<Decision> lost(std::int64_t trial) {
    return on(Lost{TrialId{trial}, controller_.trial(TrialId{trial}).attempt, "worker killed"});
  }

  /// A brain that folds the log so far and is asked nothing.
  Brain resumed() const {
    Brain other(options_, size_);
    other.scheduler_->verdicts = scheduler_->verdicts;
    other.scheduler_->before_new = scheduler_->before_new;
    other.scheduler_->learning = scheduler_->learning;
    other.scheduler_->parks = scheduler_->parks;
    for (const LogEntry& entry : log_) {
      other.controller_.observe(entry.event);
      for (const Decision& decision : entry.decisions) other.controller_.apply(decision);
    }
    other.log_ = log_;
    return other;
  }

  double at = 0;

 private:
  static ControllerOptions with_objective(ControllerOptions options) {
    if (options.objectives.empty()) options.objectives = {{"loss", Mode::kMin, std::nullopt}};
    return options;
  }
  Controller make() {
    auto scheduler = std::make_unique<ScriptedScheduler>();
    scheduler_ = scheduler.get();
    return Controller(options_, std::make_unique<CountingSampler>(size_), std::move(scheduler));
  }

  ControllerOptions options_;
  std::optional<std::int64_t> size_;
  ScriptedScheduler* scheduler_ = nullptr;
  Controller controller_;
  std::vector<LogEntry> log_;
};

template <class T>
std::vector<T> all(const std::vector<Decision>& decisions) {
  std::vector<T> found;
  for (const Decision& decision : decisions) {
    if (const auto* body = std::get_if<T>(&decision.body)) found.push_back(*body);
  }
  return found;
}

inline ControllerOptions trials(std::int64_t n) {
  ControllerOptions options;
  options.budget.trials = n;
  return options;
}

}  // namespace tune::test

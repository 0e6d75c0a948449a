#include "tune/loop/turn.h"

#include <algorithm>
#include <iterator>

#include "core/json.h"
#include "core/metrics.h"
#include "core/rng.h"

namespace tune {
namespace {

std::optional<TrialId> trial_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<TrialId> {
        if constexpr (requires { std::optional<TrialId>(e.trial); }) {
          return e.trial;
        } else {
          return std::nullopt;
        }
      },
      event.body);
}

std::optional<TrialId> trial_of(const Decision& decision) {
  return std::visit(
      [](const auto& d) -> std::optional<TrialId> {
        if constexpr (requires { TrialId{d.trial}; }) {
          return d.trial;
        } else {
          return std::nullopt;
        }
      },
      decision.body);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::set<TrialId> ahead_of(const Controller& controller) {
  const std::vector<TrialId> ahead = granted_ahead(controller);
  return {ahead.begin(), ahead.end()};
}

}  // namespace

TurnBuilder::TurnBuilder(std::uint64_t seed, std::string worker, const Controller& stored)
    : seed_(seed), worker_(std::move(worker)), ahead_(ahead_of(stored)) {}

void TurnBuilder::add(LogEntry entry, Arrived& arrived, bool counts) {
  const Event& event = entry.event;
  if (const auto trial = trial_of(event)) touch(*trial);

  const auto store_checkpoint = [&](TrialId trial, Step step, const CheckpointInfo& info) {
    CheckpointRow row{event.n, trial.value, step, info.size, info.sha256, info.external, false};
    rows_.checkpoints.emplace_back(std::move(row), std::move(arrived.checkpoint_bytes));
    if (info.external) rows_.large.emplace_back(event.n, arrived.large);
  };
  if (const auto* report = std::get_if<Reported>(&event.body)) {
    if (report->checkpoint) store_checkpoint(report->trial, report->step, *report->checkpoint);
    if (counts) {
      metrics_[report->trial] = metrics_to_json(report->metrics);
    } else {
      rows_.replayed.push_back(event.n);
    }
  } else if (const auto* saved = std::get_if<Saved>(&event.body)) {
    store_checkpoint(saved->trial, saved->step, saved->checkpoint);
  } else if (const auto* ended = std::get_if<Ended>(&event.body); ended != nullptr && arrived.done) {
    rows_.outputs.emplace_back(ended->trial.value, *std::move(arrived.done));
  } else if (const auto* command = std::get_if<Commanded>(&event.body); command != nullptr && command->command > 0) {
    rows_.commands_done.push_back(command->command);
  } else if (const auto* edit = std::get_if<Edited>(&event.body); edit != nullptr && edit->command > 0) {
    rows_.commands_done.push_back(edit->command);
  }
  if (arrived.document) rows_.document = std::move(arrived.document);

  for (const Decision& decision : entry.decisions) {
    if (const auto trial = trial_of(decision)) touch(*trial);
    if (const auto* start = std::get_if<StartTrial>(&decision.body)) started_.insert(start->trial);
    if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) finished_.insert(finish->trial);
    if (const auto* release = std::get_if<ReleaseCheckpoints>(&decision.body)) {
      rows_.released.insert(rows_.released.end(), release->checkpoints.begin(), release->checkpoints.end());
    }
  }
  rows_.entries.push_back(std::move(entry));
}

TrialRow TurnBuilder::trial_row(const Controller& controller, const TrialRecord& trial, double now) const {
  const auto value = [](const Score& score, double shown) { return score.is_number() ? shown : 0.0; };
  TrialRow row;
  row.number = trial.id.value;
  row.status = status_name(ahead_.contains(trial.id) ? TrialState::kWaiting : trial.state);
  row.state = state_name(trial.state);
  row.cause = cause_name(trial.cause);
  row.reason = trial.reason;
  if (trial.state == TrialState::kFailed) row.error = first_line(trial.reason);
  row.config_json = to_json(to_nested(trial.config));
  row.attempt = trial.attempt.value;
  row.generation = trial.generation;
  row.parent = trial.parent.value;
  row.reports = trial.reports;
  row.replayed = trial.replayed;
  row.retries = trial.retries_used;
  row.training_iteration = trial.last_step;
  row.time_total = trial.elapsed;
  if (const auto metrics = metrics_.find(trial.id); metrics != metrics_.end()) row.metrics_json = metrics->second;
  if (trial.reports > 0) {
    row.objective_class = static_cast<int>(trial.last.cls);
    row.objective = value(trial.last, trial.last_value);
    row.best_class = static_cast<int>(trial.best.cls);
    row.best = value(trial.best, trial.best_value);
    row.best_iteration = trial.best_step;
  }
  row.seed = trial_seed(seed_, controller.draws_as(trial.id));
  if (started_.contains(trial.id)) row.started_at = now;
  if (finished_.contains(trial.id)) row.finished_at = now;
  row.worker = worker_;
  return row;
}

/// A trial gets a slot, or has to wait for one, by what happens to others.
void TurnBuilder::touch_moved_up(const Controller& controller) {
  std::set<TrialId> ahead = ahead_of(controller);
  std::ranges::set_symmetric_difference(ahead, ahead_, std::inserter(touched_, touched_.end()));
  ahead_ = std::move(ahead);
}

TurnRows TurnBuilder::take(const Controller& controller, double now, const std::string& status) {
  touch_moved_up(controller);
  rows_.trials.reserve(touched_.size());
  for (const TrialId trial : touched_) {
    const bool exists = trial.value >= 0 && trial.value < controller.trials();  // a command may name any
    if (exists) rows_.trials.push_back(trial_row(controller, controller.trial(trial), now));
  }

  ExperimentRow& summary = rows_.summary;
  const Counts& counts = controller.counts();
  summary.status = status;
  summary.end_reason = end_reason(controller);
  summary.elapsed = controller.elapsed();
  if (const TrialRecord* best = controller.best()) {
    summary.best_trial = best->id.value;
    summary.best_value = best->best_value;
  }
  summary.trials = counts.created;
  summary.completed = counts.completed;
  summary.stopped = counts.stopped;
  summary.failed = counts.failed;
  const InHandCounts now_in_hand = in_hand(controller);
  summary.running = now_in_hand.running;
  summary.paused = counts.paused;
  summary.waiting = now_in_hand.waiting;
  summary.updated_at = now;

  TurnRows rows = std::move(rows_);
  rows_ = {};
  touched_.clear();
  started_.clear();
  finished_.clear();
  metrics_.clear();
  return rows;
}

void decide(Controller& controller, EventOrder& order, LogEntry& entry) {
  if (auto* command = std::get_if<Commanded>(&entry.event.body); command != nullptr && command->command > 0) {
    if (command->refusal.empty()) command->refusal = controller.refusal(*command).value_or("");
  }
  order.before(entry.event, controller);
  controller.observe(entry.event);
  while (auto decision = controller.next()) {
    controller.apply(*decision);
    entry.decisions.push_back(*std::move(decision));
  }
  order.after(entry);
}

std::string status_of(const Controller& controller) {
  if (!controller.finished()) return controller.stands_still() && controller.slots() > 0 ? "paused" : "running";
  const auto why = controller.ending();
  const bool gave_up = why == EndWhy::kFailures || why == EndWhy::kNoRoom;
  const Counts& counts = controller.counts();
  return !gave_up && counts.completed + counts.stopped > 0 ? "finished" : "failed";
}

std::string end_reason(const Controller& controller) {
  const auto why = controller.ending();
  return why ? std::string(end_why_name(*why)) : std::string();
}

}  // namespace tune

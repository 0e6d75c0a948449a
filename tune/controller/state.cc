// What is remembered, and how it changes: one trial's move at a time. Nothing here chooses.

#include "tune/controller/state.h"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

std::int64_t& count_of(Counts& counts, TrialState state) {
  switch (state) {
    case TrialState::kWaiting: return counts.waiting;
    case TrialState::kPaused: return counts.paused;
    case TrialState::kCompleted: return counts.completed;
    case TrialState::kStopped: return counts.stopped;
    case TrialState::kFailed: return counts.failed;
    default: return counts.running;
  }
}

}  // namespace

void Controller::State::move(TrialRecord& trial, TrialState to) {
  const auto counted = [](TrialState state) { return state != TrialState::kWithdrawn; };
  if (counted(trial.state)) --count_of(counts, trial.state);
  if (counted(to)) ++count_of(counts, to);
  if (counted(trial.state) != counted(to)) counts.created += counted(to) ? 1 : -1;
  if (trial.state == TrialState::kPaused) paused.erase(trial.id);
  if (trial.state == TrialState::kPaused) trial.held = trial.parked = false;
  if (to == TrialState::kPaused) paused.insert(trial.id);
  if (trial.state == TrialState::kPausing) leaving.erase(trial.id);
  if (to == TrialState::kPausing) leaving.insert(trial.id);
  trial.state = to;
}

void Controller::State::grant(TrialRecord& trial) {
  if (const auto before = grant_of.find(trial.id); before != grant_of.end()) waiting.erase(before->second);
  const std::int64_t order = grants++;
  live.emplace(order, trial.id);
  grant_of[trial.id] = order;
  trial.last_seq = 0;
  trial.heard = false;
  trial.waiting_for.reset();
  move(trial, TrialState::kRunning);
}

void Controller::State::leave_slot(TrialRecord& trial) {
  if (const auto grant = grant_of.find(trial.id); grant != grant_of.end()) live.erase(grant->second);
}

void Controller::State::wait_again(TrialRecord& trial, ResumeWhy why) {
  trial.waiting_for = why;
  if (!grant_of.contains(trial.id)) grant_of[trial.id] = grants++;
  waiting.emplace(grant_of[trial.id], trial.id);
  move(trial, TrialState::kWaiting);
}

void Controller::State::interrupted(TrialRecord& trial, ResumeWhy why) {
  if (!trial.held) return wait_again(trial, why);
  trial.reason = "paused by the user";
  move(trial, TrialState::kPaused);
}

void Controller::State::paused_as_agreed(TrialRecord& trial) {
  if (trial.next_slots > 0) return interrupted(trial, ResumeWhy::kResized);
  move(trial, TrialState::kPaused);
}

void Controller::State::pin(std::optional<CheckpointId>& slot, std::optional<CheckpointId> checkpoint) {
  if (slot) {
    const auto pinned = pins.find(*slot);
    if (pinned != pins.end() && --pinned->second == 0) {
      pins.erase(pinned);
      // The donor of an exploit may have nothing else to say for a long time.
      if (const auto owner = owners.find(*slot); owner != owners.end()) references_changed.insert(owner->second);
    }
  }
  slot = checkpoint;
  if (slot) ++pins[*slot];
}

const CheckpointRef* Controller::State::checkpoint(std::optional<CheckpointId> id) const {
  const auto owner = id ? owners.find(*id) : owners.end();
  if (owner == owners.end()) return nullptr;
  for (const CheckpointRef& checkpoint : at(owner->second).checkpoints) {
    if (checkpoint.id == id) return &checkpoint;
  }
  return nullptr;
}

std::optional<std::int64_t> Controller::State::trials_allowed() const {
  if (!options.budget.trials) return std::nullopt;
  return *options.budget.trials + enqueued;
}

bool Controller::State::new_allowed() const {
  return !ending && !user_pause && !user_stop && !user_cancel && has_supply();
}

bool Controller::State::has_supply() const {
  if (const auto allowed = trials_allowed(); allowed && counts.created >= *allowed) return false;
  if (!queue.empty()) return true;
  const auto size = sampler->size();
  return !size || next_proposal().value < *size;
}

std::int64_t Controller::State::supply() const {
  if (!new_allowed()) return 0;
  std::int64_t most = INT64_MAX / 2;
  if (const auto size = sampler->size()) most = *size - next_proposal().value + static_cast<std::int64_t>(queue.size());
  const auto allowed = trials_allowed();
  return allowed ? std::min(most, *allowed - counts.created) : most;
}

bool Controller::State::wants_slot() const {
  if (static_cast<std::int64_t>(live.size()) >= slots || slots_in_use(*this) < capacity) return false;
  if (!waiting.empty()) return true;
  const auto proposal = scheduler->propose(supply_of(*this, true));
  return proposal && (proposal->kind == Proposal::Kind::kStartNew || proposal->kind == Proposal::Kind::kResume);
}

bool Controller::State::supply_over() const { return !new_allowed() && !user_pause; }

void Controller::State::reopen() {
  if (!ending) return;
  const Budget& budget = options.budget;
  const bool over = [&] {
    switch (*ending) {
      case EndWhy::kBudgetTrials:
      case EndWhy::kExhausted: return !has_supply() && waiting.empty();
      case EndWhy::kBudgetTime: return budget.time && elapsed >= *budget.time;
      case EndWhy::kFailures: return budget.failures && counts.failed > *budget.failures;
      case EndWhy::kPlateau: return budget.plateau && plateau_reports > budget.plateau->patience;
      case EndWhy::kUser: return user_stop || user_cancel;
      default: return true;
    }
  }();
  if (!over) ending.reset();
}

bool Controller::State::ending_hard() const {
  if (!ending) return false;
  switch (*ending) {
    case EndWhy::kBudgetTime:
    case EndWhy::kTarget:
    case EndWhy::kFailures:
    case EndWhy::kPlateau:
    case EndWhy::kNoRoom: return true;
    case EndWhy::kUser: return user_cancel;
    default: return false;
  }
}

void Controller::State::settle(const SchedulerVerdict* verdict) {
  if (!pending) return;
  const PendingReport report = *std::move(pending);
  pending.reset();
  TrialRecord& trial = at(report.scheduler.trial);

  if (options.stop.plateau) {
    Window& window = windows[trial.id];
    window.push_back(find_metric(report.metrics, options.stop.plateau->metric).value_or(std::nan("")));
    if (static_cast<std::int64_t>(window.size()) >= options.stop.plateau->num_results) window.pop_front();
  }
  if (!report.fault.empty()) return;

  ++trial.reports;
  trial.last = report.score;
  trial.last_value = options.objectives.front().mode == Mode::kMin ? report.score.u : -report.score.u;
  if (report.score.cls == ScoreClass::kNaN) ++counts.nan_reports;
  if (report.score.is_number() && std::isinf(report.score.u)) ++counts.infinite_reports;
  if (report.score.is_number() && (!trial.best.is_number() || strictly_better(report.score, trial.best))) {
    trial.best = report.score;
    trial.best_value = trial.last_value;
    trial.best_step = report.scheduler.step;
    trial.best_config.reset();
    references_changed.insert(trial.id);
    if (!best || report.score < best_score) {
      best = trial.id;
      best_score = report.score;
    }
  }
  for (std::size_t i = 0; i < options.objectives.size(); ++i) {
    const Objective& objective = options.objectives[i];
    if (!objective.target) continue;
    const auto reached = find_metric(report.metrics, objective.metric);
    if (!reached) continue;
    if (objective.mode == Mode::kMin ? *reached <= *objective.target : *reached >= *objective.target) {
      targets_left.erase(i);
    }
  }
  if (const auto& rule = options.budget.plateau) {
    Mode mode = Mode::kMin;
    for (const Objective& objective : options.objectives) {
      if (objective.metric == rule->metric) mode = objective.mode;
    }
    const auto flat_value = find_metric(report.metrics, rule->metric);
    if (flat_value && !std::isnan(*flat_value)) {
      const Score score = Score::of(*flat_value, mode, report.score.event);
      const auto [own, is_first] = best_of.emplace(trial.id, score);
      if (is_first || score < own->second) {
        bests.erase({own->second, trial.id});
        own->second = score;
        bests.emplace(score, trial.id);
      }
    }
    plateau_reports = top_is_flat(*this) ? plateau_reports + 1 : 0;
  }
  if (report.scheduler.checkpoint && (verdict == nullptr || verdict->verdict == Verdict::kContinue)) saved = trial.id;
  sampler->on_report(trial.id, report.scheduler.t, report.scheduler.score);
  scheduler->on_report(report.scheduler, verdict);
}

}  // namespace tune

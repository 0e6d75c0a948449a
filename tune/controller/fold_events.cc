// What an event changes. Nothing here chooses.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "tune/controller/state.h"

namespace tune {
namespace {

using State = Controller::State;

/// The value of time_attr in a report; nothing if it is missing.
std::optional<double> time_of(std::string_view time_attr, const Reported& report) {
  if (time_attr == "training_iteration") return static_cast<double>(report.step);
  if (time_attr == "time_total_s") return report.elapsed;
  return find_metric(report.metrics, time_attr);
}

void fold(State& state, const Event&, const RunStarted& run) {
  state.slots = run.slots;
  state.ahead = run.ahead;
  state.capacity = run.capacity;
  state.user_pause = false;  // starting again is how a pause and a Ctrl-C end
  state.orphans.clear();
  for (const auto& [grant, id] : state.live) state.orphans.insert(id);
}

void add_checkpoint(State& state, TrialRecord& trial, CheckpointId id, Step step, double elapsed,
                    const CheckpointInfo& info, bool counts) {
  trial.checkpoints.push_back({id, step, elapsed, info, counts});
  state.pin(trial.inherited, std::nullopt);
  state.owners.emplace(id, trial.id);
  state.references_changed.insert(trial.id);
}

/// Why a first-time report cannot be used; empty if it can.
std::string fault_of(const State& state, const TrialRecord& trial, const Reported& report, std::optional<double> t) {
  const auto needs = [&](const std::string& metric) { return !find_metric(report.metrics, metric).has_value(); };
  const auto& objectives = state.options.objectives;
  for (const std::string& metric : {objectives.front().metric, objectives[state.options.scheduler_objective].metric}) {
    if (needs(metric)) {
      return fmt::format("trial {} reported [{}]; the objective is '{}'", trial.id.value, metric_names(report.metrics),
                         metric);
    }
  }
  const std::string time_attr{state.scheduler->time_attr()};
  if (!t) {
    return fmt::format("trial {} reported [{}]; the scheduler's time_attr is '{}'", trial.id.value,
                       metric_names(report.metrics), time_attr);
  }
  if (!std::isfinite(*t) || *t < 0) {
    return fmt::format("trial {} reported {} = {}; it must be finite and not negative", trial.id.value, time_attr,
                       format_real(*t));
  }
  if (*t <= trial.last_t) {
    return fmt::format("trial {} reported {} = {} after {}; it must grow", trial.id.value, time_attr, format_real(*t),
                       format_real(trial.last_t));
  }
  return {};
}

void fold(State& state, const Event& event, const Reported& report) {
  TrialRecord& trial = state.at(report.trial);
  trial.last_seq = report.seq;
  trial.heard = true;
  trial.elapsed = std::max(trial.elapsed, report.elapsed);
  if (trial.resume_from) {  // it has loaded what it was given
    state.pin(trial.resume_from, std::nullopt);
    state.references_changed.insert(trial.id);
  }
  const bool is_repeat = report.step <= trial.last_step;
  if (report.checkpoint) {
    add_checkpoint(state, trial, event.n, report.step, report.elapsed, *report.checkpoint, !is_repeat);
  }
  if (is_repeat) {
    ++trial.replayed;
    ++state.counts.replayed_reports;
    return;
  }
  trial.lost_in_a_row = 0;

  PendingReport pending;
  const auto t = time_of(state.scheduler->time_attr(), report);
  pending.fault = fault_of(state, trial, report, t);
  pending.metrics = report.metrics;
  const auto score = [&](std::size_t objective) {
    const Objective& o = state.options.objectives[objective];
    const auto value = find_metric(report.metrics, o.metric);
    return value ? Score::of(*value, o.mode, event.n) : Score::failed(event.n);
  };
  pending.score = score(0);
  pending.scheduler = {trial.id, report.step, t.value_or(0), score(state.options.scheduler_objective), std::nullopt};
  if (report.checkpoint) pending.scheduler.checkpoint = event.n;
  if (pending.fault.empty()) trial.last_t = *t;
  trial.last_step = report.step;
  state.pending = std::move(pending);
}

void fold(State& state, const Event& event, const Saved& saved) {
  TrialRecord& trial = state.at(saved.trial);
  trial.last_seq = saved.seq;
  trial.heard = true;
  trial.elapsed = std::max(trial.elapsed, saved.elapsed);
  add_checkpoint(state, trial, event.n, saved.step, saved.elapsed, saved.checkpoint, false);
}

void fold(State& state, const Event&, const Ended& ended) {
  TrialRecord& trial = state.at(ended.trial);
  trial.last_seq = ended.seq;
  trial.elapsed = std::max(trial.elapsed, ended.elapsed);
  state.leave_slot(trial);
  state.references_changed.insert(trial.id);
  const CheckpointRef* const unreadable = could_not_begin(ended) ? state.checkpoint(trial.resume_from) : nullptr;
  if (unreadable != nullptr) state.unreadable.insert(unreadable->id);
  if (trial.state == TrialState::kPausing) return state.paused_as_agreed(trial);  // however it left
  if (trial.state == TrialState::kStopping) {
    state.to_finish.insert(trial.id);
    return;
  }
  trial.cause = ended.cause;
  switch (ended.how) {
    case EndKind::kCompleted:
      trial.final_state = TrialState::kCompleted;
      trial.reason = ended.text.empty() ? "ended by itself" : ended.text;
      state.to_finish.insert(trial.id);
      break;
    case EndKind::kPaused:
    case EndKind::kInterrupted:
      if (unreadable != nullptr) {
        trial.reason = fmt::format("the checkpoint of iteration {} cannot be read", unreadable->step);
      }
      state.interrupted(trial, ResumeWhy::kInterrupted);
      break;
    case EndKind::kStopped:
      trial.final_state = TrialState::kStopped;
      trial.reason = ended.text.empty() ? "stopped" : ended.text;
      state.to_finish.insert(trial.id);
      break;
    case EndKind::kFailed:
      trial.reason = ended.text;
      state.failed_attempts.insert(trial.id);
      break;
  }
}

void fold(State& state, const Event&, const Lost& lost) {
  TrialRecord& trial = state.at(lost.trial);
  state.leave_slot(trial);
  state.references_changed.insert(trial.id);
  switch (trial.state) {
    case TrialState::kPausing: state.paused_as_agreed(trial); break;
    case TrialState::kStopping: state.to_finish.insert(trial.id); break;
    default:
      // What dies with its controller is not suspicious.
      if (state.orphans.erase(trial.id) == 0) ++trial.lost_in_a_row;
      trial.reason = lost.why;
      state.interrupted(trial, ResumeWhy::kLost);
  }
}

void fold(State& state, const Event&, const Commanded& command) { fold_command(state, command); }
void fold(State& state, const Event&, const Edited& edit) { fold_edit(state, edit); }

void fold(State&, const Event&, const Ticked&) {}

}  // namespace

void fold_event(Controller::State& state, const Event& event) {
  std::visit([&](const auto& body) { fold(state, event, body); }, event.body);
}

}  // namespace tune

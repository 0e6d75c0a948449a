// The loop's acts: what follows from a turn that is stored. Acts are levels, so doing one again changes nothing.

#include <fmt/format.h>

#include <limits>

#include "core/config.h"
#include "core/json.h"
#include "core/rng.h"
#include "tune/loop/loop.h"

namespace tune {
namespace {

Wait to_wait(const WaitPoint& point) { return {point.step, point.save}; }

}  // namespace

void Loop::act_on(const LogEntry& entry) {
  const Controller& controller = *plan_.controller;
  const auto* report = std::get_if<Reported>(&entry.event.body);
  const auto* command = std::get_if<Commanded>(&entry.event.body);
  const bool cancels = command != nullptr && command->kind == CommandKind::kCancel;
  if (std::holds_alternative<Edited>(entry.event.body)) {
    gate_.open(controller.slots(), plan_.capacity);
    open_gate();
  }
  for (const Decision& decision : entry.decisions) {
    if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
      grant(start->trial);
    } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
      grant(resume->trial);
    } else if (const auto* judged = std::get_if<Judged>(&decision.body)) {
      const bool is_answer = report != nullptr && report->trial == judged->trial;
      if (is_answer || judged->verdict != Verdict::kStop) continue;  // the acknowledgement says it
      if (!cancels) tell(judged->trial, OrderKind::kStop, decision.reason);
    } else if (const auto* withdraw = std::get_if<WithdrawTrial>(&decision.body)) {
      tell(withdraw->trial, OrderKind::kKill, decision.reason);
    }
  }
  if (command != nullptr && command->command > 0 && command->refusal.empty()) act_on_command(*command);
}

/// What follows from a command without a decision of the brain. Acts are levels: to say it again changes nothing.
void Loop::act_on_command(const Commanded& command) {
  const Controller& controller = *plan_.controller;
  for (const TrialId id : controller.live()) {
    if (command.trial && *command.trial != id) continue;
    const TrialState state = controller.trial(id).state;
    if (command.kind == CommandKind::kCancel && state == TrialState::kStopping) {
      tell(id, OrderKind::kKill, "cancelled by the user");
    } else if (command.kind == CommandKind::kPause && state == TrialState::kRunning) {
      tell(id, OrderKind::kInterrupt, "paused by the user");
    }
  }
}

/// An attempt that waits here has nothing to leave: its end is known at once.
void Loop::tell(TrialId id, OrderKind kind, const std::string& why) {
  const Attempt attempt = plan_.controller->trial(id).attempt;
  if (!gate_.take_back({id, attempt})) {
    workers_->order({id, attempt, kind, kind == OrderKind::kKill ? 0 : plan_.grace, why});
    return;
  }
  const EndKind how = kind == OrderKind::kInterrupt ? EndKind::kInterrupted : EndKind::kStopped;
  arrive({.body = Ended{id, attempt, 0, how, Cause::kNone, why, 0, plan_.controller->trial(id).elapsed}});
}

void Loop::open_gate() {
  if (leaving_) return;
  while (const auto attempt = gate_.next()) {
    if (plan_.controller->is_current(attempt->first, attempt->second)) assign(attempt->first);
  }
}

void Loop::grant(TrialId id) {
  const TrialRecord& trial = plan_.controller->trial(id);
  if (trial.state == TrialState::kWithdrawn) return;
  if (leaving_) {  // it stays granted in the log, and the next run starts it
    gone_.emplace(id, trial.attempt);
    return;
  }
  if (gate_.pass({id, trial.attempt})) assign(id);
  if (trial.held && trial.state == TrialState::kRunning) tell(id, OrderKind::kInterrupt, "paused by the user");
}

void Loop::assign(TrialId id) {
  const Controller& controller = *plan_.controller;
  const TrialRecord& trial = controller.trial(id);
  const ExperimentSpec& spec = *plan_.spec;
  Assign assign;
  assign.trial = id;
  assign.attempt = trial.attempt;
  assign.trial_name = trial_name(spec.name, id);
  assign.config_json = to_json(to_nested(trial.config));
  assign.seed = trial_seed(plan_.seed, controller.draws_as(id));
  assign.wait = to_wait(controller.wait_point(id));
  assign.every = spec.checkpoint.every;
  assign.at_end = spec.checkpoint.at_end;
  assign.stop_time = spec.stop.time;
  assign.limits = spec.limits;
  const auto slots = static_cast<double>(trial.slots);
  assign.resources = {spec.resources.cpu * slots, spec.resources.gpu * slots, spec.resources.memory};
  assign.slots = trial.slots;
  if (trial.resume_from) {
    const auto given = give_checkpoint(*trial.resume_from, assign);
    if (!given) {
      const std::string why = "its checkpoint cannot be read: " + given.error().message;
      return arrive({.body = Ended{id, trial.attempt, 0, EndKind::kInterrupted, Cause::kLoad, why, 0, trial.elapsed}});
    }
  }
  workers_->assign(std::move(assign));
}

/// Fails if it cannot be read.
Result<void> Loop::give_checkpoint(CheckpointId wanted, Assign& assign) {
  const CheckpointRef* checkpoint = plan_.controller->checkpoint(wanted);
  if (checkpoint == nullptr) return tune::fail(ErrorCode::kNotFound, "it is released");
  if (checkpoint->info.external) {
    fetched_.emplace(assign.trial, assign.attempt);
  } else {
    auto bytes = plan_.store->read_checkpoint(wanted);
    if (!bytes) return pass_on(std::move(bytes));
    assign.checkpoint_bytes = *std::move(bytes);
  }
  assign.checkpoint = checkpoint->info;
  assign.checkpoint_id = wanted;
  assign.start_step = checkpoint->step;
  assign.elapsed = checkpoint->elapsed;
  return {};
}

/// Whether it says that the large checkpoint it was given, which the worker reads, is not what was written.
bool Loop::could_not_load(const DoneMessage& done) {
  return fetched_.erase({done.log.trial, done.log.attempt}) > 0 && done.log.cause == Cause::kLoad;
}

void Loop::acknowledge() {
  std::set<std::pair<TrialId, Attempt>> once(heard_.begin(), heard_.end());
  heard_.clear();
  for (const auto& [id, attempt] : once) {
    if (!plan_.controller->is_current(id, attempt)) {
      workers_->acknowledge({id, attempt, std::numeric_limits<Seq>::max(), Verdict::kStop, {}});
      continue;
    }
    const TrialRecord& trial = plan_.controller->trial(id);
    Ack ack{id, attempt, trial.last_seq, Verdict::kContinue, to_wait(plan_.controller->wait_point(id))};
    if (trial.state == TrialState::kPausing) ack.verdict = Verdict::kPause;
    if (trial.state != TrialState::kRunning && trial.state != TrialState::kPausing) ack.verdict = Verdict::kStop;
    if (ack.verdict != Verdict::kContinue) ack.seq = std::numeric_limits<Seq>::max();  // later ones are dropped
    workers_->acknowledge(ack);
  }
}

}  // namespace tune

// What a person asks for while an experiment exists: commands and edits, and when a command is refused. The meaning of
// each is told to people in docs/commands.md. Folding is safe against anything: what makes no sense changes nothing, so
// that a row that somebody wrote by hand cannot break a log.

#include <fmt/format.h>

#include "core/text.h"
#include "tune/controller/state.h"

namespace tune {
namespace {

using State = Controller::State;

/// Neither an enqueued configuration nor a retried trial could run. What its user has ended is open again once its
/// trials have left, stopped or cancelled.
bool is_closed(const State& state) {
  if (!state.ending) return false;
  return *state.ending == EndWhy::kUser ? !state.live.empty() : state.ending_hard();
}

void allow_trials(State& state) {
  state.scheduler->on_trials_allowed(state.trials_allowed());
  state.reopen();
}

/// The experiment was ended by its user, who now wants something of it.
void take_stop_back(State& state) {
  state.user_stop = state.user_cancel = false;
  state.reopen();
}

void retry(State& state, TrialRecord& trial) {
  if (trial.state != TrialState::kFailed && trial.state != TrialState::kStopped) return;
  trial.retries_used = 0;
  trial.lost_in_a_row = 0;
  state.wait_again(trial, ResumeWhy::kUserRetry);
  state.scheduler->on_revived(trial.id);
  take_stop_back(state);
}

/// A running trial is told by who runs it, and pauses once it has left; its reports count until then.
void pause(State& state, TrialRecord& trial) {
  if (is_final(trial.state) || trial.state == TrialState::kStopping) return;
  trial.held = true;
  if (trial.state != TrialState::kWaiting) return;
  state.waiting.erase(state.grant_of[trial.id]);
  trial.reason = "paused by the user";
  state.move(trial, TrialState::kPaused);
}

void let_go_on(State& state, TrialRecord& trial) {
  if (!trial.held) return;
  trial.held = false;
  if (trial.state == TrialState::kPaused && !trial.parked) state.wait_again(trial, ResumeWhy::kUnpaused);
}

/// Trials' bests were remembered for the rule's metric alone.
void fold_plateau(State& state, const Value& now) {
  auto& plateau = state.options.budget.plateau;
  const auto before = plateau;
  plateau.reset();
  state.plateau_reports = 0;
  if (now.is_map()) {
    ExperimentPlateau rule;
    if (const Value* metric = now.find("metric"); metric != nullptr && metric->is_text()) rule.metric = metric->text();
    if (const Value* std = now.find("std"); std != nullptr && std->number()) rule.std = *std->number();
    if (const Value* top = now.find("top"); top != nullptr && top->is_integer()) rule.top = top->integer();
    if (const Value* patience = now.find("patience"); patience != nullptr && patience->is_integer()) {
      rule.patience = patience->integer();
    }
    plateau = rule;
  }
  if (!before || !plateau || before->metric != plateau->metric) state.bests.clear();
}

void fold_trial_command(State& state, CommandKind kind, TrialRecord& trial) {
  switch (kind) {
    case CommandKind::kStop:
    case CommandKind::kCancel:
      if (!is_final(trial.state)) state.stop_requests.insert(trial.id);
      break;
    case CommandKind::kPause: pause(state, trial); break;
    case CommandKind::kResume: let_go_on(state, trial); break;
    case CommandKind::kRetry: retry(state, trial); break;
    default: break;
  }
}

// --- refusals
// ---------------------------------------------------------------------------------------------------------

std::string_view ended_by(EndWhy why) {
  switch (why) {
    case EndWhy::kBudgetTime: return "budget.time is used up; allow more first";
    case EndWhy::kFailures: return "more trials failed than budget.failures allows; allow more first";
    case EndWhy::kPlateau: return "no trial got better (budget.plateau)";
    case EndWhy::kTarget: return "the target is reached";
    case EndWhy::kNoRoom: return "constraints leave no room";
    case EndWhy::kUser: return "it is being stopped";
    case EndWhy::kBudgetTrials: return "budget.trials is used up";
    case EndWhy::kExhausted: return "the search space is used up";
  }
  return "it has ended";
}

std::string end_in_words(const TrialRecord& trial) {
  return fmt::format("trial {} is {} already", trial.id.value, status_name(trial.state));
}

std::optional<std::string> refuse_retry(const State& state, const TrialRecord& trial) {
  if (trial.state == TrialState::kCompleted) {
    return fmt::format("trial {} is completed; enqueue its configuration to run it again", trial.id.value);
  }
  if (trial.state == TrialState::kWithdrawn) return fmt::format("trial {} was never started", trial.id.value);
  if (!is_final(trial.state)) {
    return fmt::format("trial {} is {}; only one that failed or was stopped is retried", trial.id.value,
                       status_name(trial.state));
  }
  const auto& failures = state.options.budget.failures;
  const bool one_less = state.ending == EndWhy::kFailures && trial.state == TrialState::kFailed && failures &&
                        state.counts.failed - 1 <= *failures && state.live.empty();
  if (one_less || !is_closed(state)) return std::nullopt;
  return fmt::format("the experiment has ended: {}", ended_by(*state.ending));
}

std::optional<std::string> refuse_about_trial(const State& state, const Commanded& command) {
  if (!state.known(*command.trial)) {
    return fmt::format("there is no trial {}; {} exist", command.trial->value, state.trials.size());
  }
  const TrialRecord& trial = state.at(*command.trial);
  switch (command.kind) {
    case CommandKind::kStop:
      if (trial.state == TrialState::kStopping) return fmt::format("trial {} is stopping already", trial.id.value);
      [[fallthrough]];
    case CommandKind::kCancel:
      if (is_final(trial.state)) return end_in_words(trial);
      return std::nullopt;
    case CommandKind::kPause:
      if (is_final(trial.state)) return end_in_words(trial);
      if (trial.state == TrialState::kStopping) return fmt::format("trial {} is stopping", trial.id.value);
      if (trial.held) return fmt::format("trial {} is paused already", trial.id.value);
      return std::nullopt;
    case CommandKind::kResume:
      if (trial.held) return std::nullopt;
      if (trial.parked) {
        return fmt::format("trial {} was paused by the scheduler, which alone lets it go on: {}", trial.id.value,
                           trial.reason);
      }
      if (is_final(trial.state)) {  // the advice is one that is taken
        return refuse_retry(state, trial).value_or(end_in_words(trial) + "; tune retry runs it again");
      }
      return fmt::format("trial {} is not paused, it is {}", trial.id.value, status_name(trial.state));
    case CommandKind::kRetry: return refuse_retry(state, trial);
    case CommandKind::kEnqueue:
    case CommandKind::kSet: return "it concerns the experiment, not a trial";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_about_experiment(const State& state, CommandKind kind) {
  const bool over = state.ending && state.live.empty() && state.waiting.empty();
  switch (kind) {
    case CommandKind::kStop:
      if (state.user_stop) return "the experiment is being stopped already";
      [[fallthrough]];
    case CommandKind::kCancel:
      if (over) return fmt::format("the experiment has ended: {}", ended_by(*state.ending));
      return std::nullopt;
    case CommandKind::kPause:
      if (state.ending) return fmt::format("the experiment is ending: {}", ended_by(*state.ending));
      if (state.user_pause) return "the experiment is paused already";
      return std::nullopt;
    case CommandKind::kResume:
      if (state.user_pause || state.user_stop) return std::nullopt;
      return "the experiment is neither paused nor stopped";
    case CommandKind::kEnqueue:
      if (is_closed(state)) return fmt::format("the experiment has ended: {}", ended_by(*state.ending));
      return std::nullopt;
    case CommandKind::kRetry: return "it concerns a trial, not the experiment";
    case CommandKind::kSet: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

// --- folding
// ----------------------------------------------------------------------------------------------------------

void fold_command(State& state, const Commanded& command) {
  if (!command.refusal.empty()) return;
  if (command.trial) {
    if (state.known(*command.trial)) fold_trial_command(state, command.kind, state.at(*command.trial));
    return;
  }
  switch (command.kind) {
    case CommandKind::kStop: state.user_stop = true; break;
    case CommandKind::kCancel: state.user_stop = state.user_cancel = true; break;
    case CommandKind::kPause: state.user_pause = true; break;
    case CommandKind::kResume:
      state.user_pause = false;
      take_stop_back(state);
      break;
    case CommandKind::kEnqueue:
      state.queue.push_back({command.config, {}});
      ++state.enqueued;
      take_stop_back(state);
      allow_trials(state);
      break;
    default: break;
  }
}

void fold_edit(State& state, const Edited& edit) {
  ControllerOptions& options = state.options;
  Budget& budget = options.budget;
  const auto count = [&]() -> std::optional<std::int64_t> {
    if (!edit.now.is_integer()) return std::nullopt;
    return edit.now.integer();
  };
  if (edit.key == "budget.trials") {
    budget.trials = count();
    allow_trials(state);
  } else if (edit.key == "budget.time") {
    budget.time = edit.now.number();
  } else if (edit.key == "budget.failures") {
    budget.failures = count();
  } else if (edit.key == "budget.concurrency") {
    budget.concurrency = count();
    if (edit.slots > 0) {
      if (state.ahead > 0) state.ahead = edit.slots;
      state.slots = edit.slots;
    }
  } else if (edit.key == "budget.plateau") {
    fold_plateau(state, edit.now);
  } else if (edit.key == "checkpoint.keep") {
    options.checkpoint.keep = count().value_or(0);
    for (const TrialRecord& trial : state.trials) {
      if (!trial.checkpoints.empty()) state.references_changed.insert(trial.id);
    }
  } else if (edit.key == "retries" && edit.now.is_map()) {
    const auto of = [&](const char* cause) {
      const Value* value = edit.now.find(cause);
      return value != nullptr && value->is_integer() ? value->integer() : 0;
    };
    options.retries = {of("exception"), of("exit"), of("signal"), of("memory"), of("time"), of("hang")};
  }
  state.reopen();
}

std::optional<std::string> Controller::refusal(const Commanded& command) const {
  return command.trial ? refuse_about_trial(*state_, command) : refuse_about_experiment(*state_, command.kind);
}

}  // namespace tune

// The asking half of the brain: what the rules want now. The order in which they are asked is part of the rules:
//
//   1 the report that just came   2 what a person asked   3 trials whose attempt ended   4 attempts that failed
//   5 checkpoints nobody needs    6 the end of the experiment, and what follows from it  7 free slots
//   8 whether the trial that has just saved goes on with another number of slots (elastic.cc)
//
// A retry (4) comes before anything else that wants a slot, so a trial that dies and is started again keeps its place.

#include <fmt/format.h>

#include "core/text.h"
#include "tune/controller/state.h"

namespace tune {
namespace {

using State = Controller::State;

// --- 1. the report
// ----------------------------------------------------------------------------------------------------

std::optional<Decision> judge_report(const State& state) {
  const PendingReport& report = *state.pending;
  const TrialRecord& trial = state.at(report.scheduler.trial);
  Judged judged{.trial = trial.id, .step = report.scheduler.step};
  if (!report.fault.empty()) {
    judged.verdict = Verdict::kStop;
    judged.final_state = TrialState::kFailed;
    judged.cause = Cause::kBadReport;
    return Decision{judged, report.fault};
  }
  if (StopAnswer answer = ask_stop_rules(state, trial, report); answer.stop) {
    judged.verdict = Verdict::kStop;
    judged.final_state = answer.state;
    judged.cause = answer.cause;
    return Decision{judged, std::move(answer.reason)};
  }
  auto verdict = state.scheduler->judge(report.scheduler);
  if (!verdict) return std::nullopt;
  judged.verdict = verdict->verdict;
  if (verdict->verdict == Verdict::kStop) {
    judged.final_state = verdict->completed ? TrialState::kCompleted : TrialState::kStopped;
    judged.cause = verdict->completed ? Cause::kMaxT : Cause::kScheduler;
  }
  return Decision{judged, std::move(verdict->reason)};
}

// --- 2 to 5
// -----------------------------------------------------------------------------------------------------------

Decision stop_running(const TrialRecord& trial, Cause cause, std::string reason) {
  return {Judged{trial.id, trial.last_step, Verdict::kStop, TrialState::kStopped, cause}, std::move(reason)};
}

/// A trial that is leaving its slot to pause is told once it has left; one that ends is over anyway.
std::optional<Decision> answer_stop_requests(State& state) {
  for (auto request = state.stop_requests.begin(); request != state.stop_requests.end();) {
    const TrialRecord& trial = state.at(*request);
    const bool can_stop = trial.state == TrialState::kRunning || trial.state == TrialState::kWaiting ||
                          trial.state == TrialState::kPaused;
    if (can_stop) return stop_running(trial, Cause::kUser, "stopped by the user");
    request = trial.state == TrialState::kPausing ? std::next(request) : state.stop_requests.erase(request);
  }
  return std::nullopt;
}

Decision finish(const TrialRecord& trial) {
  return {FinishTrial{trial.id, trial.final_state, trial.cause}, trial.reason};
}

/// The newest that can be read of those up to `last`.
const CheckpointRef* newest_readable(const State& state, const TrialRecord& owner, CheckpointId last) {
  const CheckpointRef* newest = nullptr;
  for (const CheckpointRef& checkpoint : owner.checkpoints) {
    if (checkpoint.id <= last && !state.unreadable.contains(checkpoint.id)) newest = &checkpoint;
  }
  return newest;
}

/// The donor's checkpoint that a clone begins with: the one it copied, or the last one before it that can be read.
const CheckpointRef* inherited_checkpoint(const State& state, const TrialRecord& trial) {
  const auto owner = trial.inherited ? state.owners.find(*trial.inherited) : state.owners.end();
  return owner == state.owners.end() ? nullptr : newest_readable(state, state.at(owner->second), *trial.inherited);
}

/// What it goes on from, and that in words.
struct From {
  std::optional<CheckpointId> checkpoint;
  std::string words;
};
From from_where(const State& state, const TrialRecord& trial) {
  if (const CheckpointRef* of_donor = inherited_checkpoint(state, trial)) {
    const std::string which = of_donor->id == *trial.inherited ? "" : fmt::format(" of iteration {}", of_donor->step);
    return {of_donor->id, fmt::format("from trial {}'s checkpoint{}", trial.parent.value, which)};
  }
  const CheckpointRef* own = newest_readable(state, trial, state.last_event);
  if (own == nullptr) return {std::nullopt, "from the start"};
  return {own->id, fmt::format("from its checkpoint of iteration {}", own->step)};
}

Decision resume(const State& state, const TrialRecord& trial, ResumeWhy why, std::string reason) {
  return {ResumeTrial{trial.id, Attempt{trial.attempt.value + 1}, why, from_where(state, trial).checkpoint,
                      slots_to_grant(state, trial.id)},
          std::move(reason)};
}

Decision answer_failure(const State& state, const TrialRecord& trial) {
  const std::int64_t allowed = state.options.retries.for_cause(trial.cause);
  if (trial.retries_used < allowed && !state.ending_hard()) {
    return resume(state, trial, ResumeWhy::kRetry,
                  fmt::format("retry {} of {} {}: {}", trial.retries_used + 1, allowed, from_where(state, trial).words,
                              trial.reason));
  }
  return {FinishTrial{trial.id, TrialState::kFailed, trial.cause}, trial.reason};
}

std::optional<Decision> release_checkpoints(State& state) {
  while (!state.references_changed.empty()) {
    const TrialRecord& trial = state.at(*state.references_changed.begin());
    auto gone = unreferenced(state, trial);
    if (!gone.empty()) {
      std::string reason = fmt::format("trial {}: {} no longer needed", trial.id.value,
                                       counted(static_cast<std::int64_t>(gone.size()), "checkpoint"));
      return Decision{ReleaseCheckpoints{std::move(gone)}, std::move(reason)};
    }
    state.references_changed.erase(state.references_changed.begin());
  }
  return std::nullopt;
}

// --- 6. the end
// -------------------------------------------------------------------------------------------------------

std::optional<Decision> ask_end(const State& state, bool target_reached) {
  const Budget& budget = state.options.budget;
  if (target_reached) return Decision{EndExperiment{EndWhy::kTarget}, "the target is reached"};
  if (state.user_cancel) return Decision{EndExperiment{EndWhy::kUser}, "cancelled by the user"};
  if (state.user_stop) return Decision{EndExperiment{EndWhy::kUser}, "stopped by the user"};
  if (budget.time && state.elapsed >= *budget.time) {
    return Decision{EndExperiment{EndWhy::kBudgetTime},
                    fmt::format("budget.time of {} is used up", format_duration(*budget.time))};
  }
  if (budget.failures && state.counts.failed > *budget.failures) {
    return Decision{
        EndExperiment{EndWhy::kFailures},
        fmt::format("{} failed, budget.failures allows {}", counted(state.counts.failed, "trial"), *budget.failures)};
  }
  if (budget.plateau && state.plateau_reports > budget.plateau->patience) {
    return Decision{EndExperiment{EndWhy::kPlateau},
                    fmt::format("the best {} trials vary by at most {} in {}", budget.plateau->top,
                                format_real(budget.plateau->std), budget.plateau->metric)};
  }
  return std::nullopt;
}

std::string_view end_words(EndWhy why) {
  switch (why) {
    case EndWhy::kBudgetTime: return "budget.time is used up";
    case EndWhy::kTarget: return "the target is reached";
    case EndWhy::kFailures: return "too many trials failed";
    case EndWhy::kPlateau: return "no trial gets better";
    case EndWhy::kNoRoom: return "constraints leave no room";
    case EndWhy::kUser: return "stopped by the user";
    default: return "the experiment has ended";
  }
}

/// Granted ahead of a free slot, and nothing was heard of it.
std::optional<TrialId> ahead_of_slots(const State& state) {
  if (static_cast<std::int64_t>(state.live.size()) <= state.slots) return std::nullopt;
  std::int64_t place = 0;
  for (const auto& [grant, id] : state.live) {
    const TrialRecord& trial = state.at(id);
    if (place++ >= state.slots && !trial.heard && trial.state == TrialState::kRunning && trial.attempt.value == 1) {
      return id;
    }
  }
  return std::nullopt;
}

std::optional<Decision> wind_up(const State& state) {
  const std::string words{end_words(*state.ending)};
  const Cause cause = *state.ending == EndWhy::kUser ? Cause::kUser : Cause::kBudget;
  if (const auto ahead = ahead_of_slots(state)) return Decision{WithdrawTrial{*ahead}, words + " before it started"};
  if (state.ending_hard()) {
    for (const auto& [grant, id] : state.live) {
      if (state.at(id).state == TrialState::kRunning) return stop_running(state.at(id), cause, words);
    }
  }
  const bool nobody_goes_on = *state.ending == EndWhy::kUser && state.live.empty() && state.at_rest();
  if ((state.ending_hard() || nobody_goes_on) && !state.waiting.empty()) {
    const TrialRecord& trial = state.at(state.waiting.begin()->second);
    return Decision{FinishTrial{trial.id, TrialState::kStopped, cause}, words};
  }
  if (state.live.empty() && state.waiting.empty() && !state.paused.empty()) {
    const TrialRecord& trial = state.at(*state.paused.begin());
    if (!trial.parked) {
      return Decision{FinishTrial{trial.id, TrialState::kStopped, Cause::kUser},
                      fmt::format("paused by the user at iteration {} when the experiment ended", trial.last_step)};
    }
    return Decision{FinishTrial{trial.id, TrialState::kStopped, Cause::kScheduler},
                    fmt::format("parked at iteration {} when the experiment ended", trial.last_step)};
  }
  return std::nullopt;
}

// --- 7. free slots
// ----------------------------------------------------------------------------------------------------

/// Why the attempt before was lost, without what its program had to say to that: `the disk of /data is full`.
std::string_view why_lost(const TrialRecord& trial) {
  const std::string_view why = trial.reason;
  const std::string_view words = why.substr(0, std::min(why.find(": "), why.find('\n')));
  return trial.waiting_for == ResumeWhy::kLost && !words.empty() ? words : "its worker was lost";
}

std::optional<Decision> run_again(const State& state) {
  const TrialRecord& trial = state.at(state.waiting.begin()->second);
  if (trial.lost_in_a_row > 10) {
    return Decision{
        FinishTrial{trial.id, TrialState::kFailed, Cause::kLostWorker},
        fmt::format("lost {} times in a row without a new iteration: {}", trial.lost_in_a_row, trial.reason)};
  }
  const ResumeWhy why = trial.waiting_for.value_or(ResumeWhy::kLost);
  const bool is_unreadable = why == ResumeWhy::kInterrupted && trial.cause == Cause::kLoad;
  const std::string_view because = is_unreadable                    ? std::string_view(trial.reason)
                                   : why == ResumeWhy::kInterrupted ? "was interrupted"
                                   : why == ResumeWhy::kUnpaused    ? "resumed by the user"
                                   : why == ResumeWhy::kUserRetry   ? "retried by the user"
                                   : why == ResumeWhy::kResized     ? "left for other slots"
                                                                    : why_lost(trial);
  return resume(state, trial, why, fmt::format("{}: goes on {}", because, from_where(state, trial).words));
}

std::optional<Decision> start_new(const State& state, const Proposal& proposal) {
  const TrialId number{static_cast<std::int64_t>(state.trials.size())};
  const std::int64_t slots = slots_to_grant(state, std::nullopt);
  if (!state.queue.empty()) {
    const State::Queued& queued = state.queue.front();
    Suggestion given = queued.reason.empty() ? state.sampler->complete(number, queued.config)
                                             : Suggestion{queued.config, queued.reason + ", not started before"};
    if (!proposal.reason.empty()) given.reason += "; " + proposal.reason;
    return Decision{StartTrial{number, *std::move(given.config), proposal.placement, true, slots},
                    std::move(given.reason)};
  }
  auto suggestion = state.sampler->suggest(state.next_proposal());
  if (!suggestion) return Decision{EndExperiment{EndWhy::kNoRoom}, suggestion.error().message};
  if (!suggestion->config) return std::nullopt;
  std::string reason = suggestion->reason;
  if (!proposal.reason.empty()) reason += "; " + proposal.reason;
  return Decision{StartTrial{number, *std::move(suggestion->config), proposal.placement, false, slots},
                  std::move(reason)};
}

std::optional<Decision> follow(const State& state, const Proposal& proposal) {
  switch (proposal.kind) {
    case Proposal::Kind::kStartNew: return start_new(state, proposal);
    case Proposal::Kind::kResume: {
      const TrialRecord& trial = state.at(proposal.trial);
      if (trial.held) return Decision{HoldTrial{trial.id}, proposal.reason + "; the user has paused it"};
      const bool exploits = trial.inherited.has_value();
      return resume(state, trial, exploits ? ResumeWhy::kExploit : ResumeWhy::kPromoted,
                    fmt::format("{}; goes on {}", proposal.reason, from_where(state, trial).words));
    }
    case Proposal::Kind::kStop:
      return Decision{FinishTrial{proposal.trial, TrialState::kStopped, Cause::kScheduler}, proposal.reason};
    case Proposal::Kind::kExploit:
      return Decision{ExploitTrial{proposal.trial, proposal.donor, proposal.checkpoint, proposal.config},
                      proposal.reason};
    case Proposal::Kind::kUnpark: return Decision{Unpark{proposal.trial}, proposal.reason};
  }
  return std::nullopt;
}

/// The trial was told to pause and has not left its slot: what is proposed for it waits for that, and is asked again
/// then.
bool still_leaves(const State& state, const Proposal& proposal) {
  if (proposal.kind == Proposal::Kind::kStartNew || proposal.kind == Proposal::Kind::kUnpark) return false;
  return state.at(proposal.trial).state == TrialState::kPausing;
}

Decision out_of_supply(const State& state) {
  const auto& trials = state.options.budget.trials;
  if (const auto allowed = state.trials_allowed(); allowed && state.counts.created >= *allowed) {
    return {EndExperiment{EndWhy::kBudgetTrials},
            fmt::format("all {} trials of the budget{} are done", *trials,
                        state.enqueued == 0 ? "" : fmt::format(" and {} enqueued", state.enqueued))};
  }
  return {EndExperiment{EndWhy::kExhausted},
          fmt::format("the search space is used up after {}", counted(state.counts.created, "trial"))};
}

std::optional<Decision> fill_slots(const State& state) {
  const bool ahead_allowed = !state.scheduler->learns() && !state.sampler->learns();
  const std::int64_t capacity = state.slots + (ahead_allowed ? state.ahead : 0);
  const bool slot_free = static_cast<std::int64_t>(state.live.size()) < capacity &&
                         (!state.is_elastic() || slots_in_use(state) < state.capacity);
  if (slot_free && !state.waiting.empty() && !state.user_pause) return run_again(state);

  Supply supply = supply_of(state, slot_free);
  if (state.ending) return std::nullopt;
  auto proposal = state.scheduler->propose(supply);
  if (proposal && still_leaves(state, *proposal)) return std::nullopt;
  if (proposal) {
    if (auto decision = follow(state, *proposal)) return decision;
    // The sampler has no configuration left, which it could not say beforehand.
    supply.new_allowed = false;
    supply.over = true;
    proposal = state.scheduler->propose(supply);
    if (proposal) return follow(state, *proposal);
  }
  const bool idle = supply.running == 0 && !state.at_rest();
  if (idle && supply.slot_free) return out_of_supply(state);
  return std::nullopt;
}

std::optional<Decision> resize(State& state) {
  if (!state.saved) return std::nullopt;
  const TrialRecord& trial = state.at(*state.saved);
  state.saved.reset();
  auto change = resizing(state, trial);
  if (!change) return std::nullopt;
  return Decision{ResizeTrial{trial.id, change->slots}, std::move(change->reason)};
}

}  // namespace

Supply supply_of(const State& state, bool slot_free) {
  Supply supply;
  supply.slot_free = slot_free && !state.user_pause && !state.ending;
  supply.new_allowed = state.new_allowed();
  supply.over = state.supply_over();
  supply.running = static_cast<std::int64_t>(state.live.size() + state.waiting.size());
  supply.leaving = &state.leaving;
  return supply;
}

std::optional<Decision> Controller::next() {
  State& state = *state_;
  ++state.asked;
  if (state.pending) {
    if (auto decision = judge_report(state)) return decision;
    state.settle(nullptr);
  }
  if (auto decision = answer_stop_requests(state)) return decision;
  if (!state.to_finish.empty()) return finish(state.at(*state.to_finish.begin()));
  if (!state.failed_attempts.empty()) return answer_failure(state, state.at(*state.failed_attempts.begin()));
  if (auto decision = release_checkpoints(state)) return decision;
  if (!state.ending) {
    if (auto decision = ask_end(state, target_reached())) return decision;
  } else if (auto decision = wind_up(state)) {
    return decision;
  }
  if (auto decision = fill_slots(state)) return decision;
  return resize(state);
}

}  // namespace tune

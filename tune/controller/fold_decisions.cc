// What a decision changes. Nothing here chooses.

#include <algorithm>

#include "tune/controller/state.h"

namespace tune {
namespace {

using State = Controller::State;

void fold(State& state, const Decision& decision, const StartTrial& start) {
  TrialRecord trial;
  trial.id = start.trial;
  trial.config = start.config;
  trial.placement = start.placement;
  trial.attempt = Attempt{1};
  trial.slots = start.slots;
  trial.reason = decision.reason;
  state.trials.push_back(std::move(trial));
  ++state.counts.waiting;
  ++state.counts.created;
  TrialRecord& added = state.trials.back();
  state.grant(added);
  if (start.queued) {
    ++state.from_queue;
    if (!state.queue.empty()) state.queue.pop_front();
  }
  state.sampler->on_suggested(start.trial, start.config);
  state.scheduler->on_started(start.trial, start.placement, start.config);
}

void fold(State& state, const Decision& decision, const ResumeTrial& resume) {
  TrialRecord& trial = state.at(resume.trial);
  state.failed_attempts.erase(trial.id);
  if (resume.why == ResumeWhy::kRetry) ++trial.retries_used;
  trial.attempt = resume.attempt;
  trial.slots = resume.slots;
  trial.next_slots = 0;
  trial.cause = Cause::kNone;
  trial.reason = decision.reason;
  state.unparked.erase(trial.id);
  state.pin(trial.resume_from, resume.checkpoint);
  state.grant(trial);
  if (resume.why == ResumeWhy::kPromoted || resume.why == ResumeWhy::kExploit) {
    state.scheduler->on_proposal(Proposal::about(Proposal::Kind::kResume, trial.id, decision.reason));
  }
}

void fold(State& state, const Decision& decision, const Judged& judged) {
  TrialRecord& trial = state.at(judged.trial);
  state.stop_requests.erase(trial.id);
  const bool by_user = judged.cause == Cause::kUser;
  if (judged.verdict != Verdict::kContinue) trial.reason = decision.reason;
  if (!by_user && state.pending && state.pending->scheduler.trial == judged.trial) {
    const SchedulerVerdict verdict{judged.verdict, judged.final_state == TrialState::kCompleted, decision.reason};
    state.settle(&verdict);
  }
  if (judged.verdict == Verdict::kPause) {
    state.move(trial, TrialState::kPausing);
    trial.parked = true;
  }
  if (judged.verdict == Verdict::kStop) {
    trial.final_state = judged.final_state;
    trial.cause = judged.cause;
    if (trial.state == TrialState::kPaused || trial.state == TrialState::kWaiting) {
      if (trial.state == TrialState::kWaiting) state.waiting.erase(state.grant_of[trial.id]);
      state.to_finish.insert(trial.id);
    } else {
      state.move(trial, TrialState::kStopping);
    }
  }
}

void fold(State& state, const Decision& decision, const FinishTrial& finish) {
  TrialRecord& trial = state.at(finish.trial);
  const bool stays_parked = state.ending && trial.parked && trial.state == TrialState::kPaused &&
                            finish.cause == Cause::kScheduler && state.scheduler->keeps_parked();
  state.to_finish.erase(trial.id);
  state.failed_attempts.erase(trial.id);
  if (const auto grant = state.grant_of.find(trial.id); grant != state.grant_of.end()) {
    state.waiting.erase(grant->second);
    state.live.erase(grant->second);
    state.grant_of.erase(grant);
  }
  trial.waiting_for.reset();
  trial.held = trial.parked = false;
  trial.cause = finish.cause;
  trial.reason = decision.reason;
  state.move(trial, finish.state);
  state.pin(trial.resume_from, std::nullopt);
  state.pin(trial.inherited, std::nullopt);
  state.windows.erase(trial.id);
  state.references_changed.insert(trial.id);
  const bool failed = finish.state == TrialState::kFailed;
  state.sampler->on_ended(trial.id, failed ? Score::failed(state.last_event) : trial.best);
  if (!stays_parked) state.scheduler->on_ended(trial.id, failed, state.last_event);
}

void fold(State& state, const Decision& decision, const ExploitTrial& exploit) {
  TrialRecord& trial = state.at(exploit.trial);
  const TrialRecord& donor = state.at(exploit.donor);
  const auto source = std::find_if(donor.checkpoints.begin(), donor.checkpoints.end(),
                                   [&](const CheckpointRef& c) { return c.id == exploit.checkpoint; });
  if (trial.best.is_number() && !trial.best_config) trial.best_config = trial.config;
  trial.config = exploit.config;
  trial.parent = exploit.donor;
  ++trial.generation;
  if (source != donor.checkpoints.end()) {
    trial.last_step = source->step;
    const std::string_view time_attr = state.scheduler->time_attr();
    trial.last_t = time_attr == "training_iteration" ? static_cast<double>(source->step)
                   : time_attr == "time_total_s"     ? source->elapsed
                                                     : -1;  // any reported value may follow
  }
  trial.reason = decision.reason;
  state.pin(trial.resume_from, exploit.checkpoint);
  state.pin(trial.inherited, exploit.checkpoint);
  Proposal proposal = Proposal::about(Proposal::Kind::kExploit, trial.id, decision.reason);
  proposal.donor = exploit.donor;
  proposal.checkpoint = exploit.checkpoint;
  proposal.config = exploit.config;
  state.scheduler->on_proposal(proposal);
}

void fold(State& state, const Decision& decision, const ResizeTrial& resize) {
  TrialRecord& trial = state.at(resize.trial);
  trial.next_slots = resize.slots;
  trial.resized_at = trial.reports;
  trial.reason = decision.reason;
  state.move(trial, TrialState::kPausing);
}

void fold(State& state, const Decision& decision, const Unpark& unpark) {
  state.unparked.insert(unpark.trial);
  state.references_changed.insert(unpark.trial);
  state.scheduler->on_proposal(Proposal::about(Proposal::Kind::kUnpark, unpark.trial, decision.reason));
}

void fold(State& state, const Decision& decision, const HoldTrial& hold) {
  TrialRecord& trial = state.at(hold.trial);
  trial.parked = false;
  trial.reason = decision.reason;
  state.unparked.erase(trial.id);
  state.scheduler->on_proposal(Proposal::about(Proposal::Kind::kResume, trial.id, decision.reason));
}

void fold(State& state, const Decision&, const ReleaseCheckpoints& release) {
  for (CheckpointId id : release.checkpoints) {
    const auto owner = state.owners.find(id);
    if (owner == state.owners.end()) continue;
    std::erase_if(state.at(owner->second).checkpoints, [&](const CheckpointRef& c) { return c.id == id; });
    state.owners.erase(owner);
    state.unreadable.erase(id);
  }
}

void fold(State& state, const Decision& decision, const WithdrawTrial& withdraw) {
  TrialRecord& trial = state.at(withdraw.trial);
  state.leave_slot(trial);
  state.queue.push_back({trial.config, trial.reason});  // should the experiment go on, it is not lost
  trial.reason = decision.reason;
  state.move(trial, TrialState::kWithdrawn);
}

void fold(State& state, const Decision&, const EndExperiment& end) { state.ending = end.why; }

}  // namespace

void fold_decision(Controller::State& state, const Decision& decision) {
  std::visit([&](const auto& body) { fold(state, decision, body); }, decision.body);
}

}  // namespace tune

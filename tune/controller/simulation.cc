// Virtual time: a queue of what each simulated process does next, and the brain that is told of it.

#include "tune/controller/simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/rng.h"

namespace tune {
namespace {

std::optional<TrialId> trial_of(const EventBody& body) {
  if (const auto* reported = std::get_if<Reported>(&body)) return reported->trial;
  if (const auto* ended = std::get_if<Ended>(&body)) return ended->trial;
  if (const auto* lost = std::get_if<Lost>(&body)) return lost->trial;
  return std::nullopt;
}

}  // namespace

Simulation::Simulation(Controller controller, SimulatedTrial trial, SimulationOptions options)
    : Simulation(std::move(controller), std::move(trial), std::move(options), {}) {}

Simulation::Simulation(Controller controller, SimulatedTrial trial, SimulationOptions options,
                       std::vector<LogEntry> log)
    : controller_(std::move(controller)), trial_(std::move(trial)), options_(std::move(options)), log_(std::move(log)) {
  for (const LogEntry& entry : log_) {
    const bool logical = is_logical(entry.event.body);
    if (std::holds_alternative<RunStarted>(entry.event.body)) ++runs_;
    controller_.observe(entry.event);
    for (const Decision& decision : entry.decisions) controller_.apply(decision);
    now_ = std::max(now_, entry.event.at);
    keep_time(entry, logical);
  }
  const std::vector<TrialId> lost = controller_.live();
  happen(RunStarted{++runs_, "simulated", controller_.rules(), options_.slots, 0, options_.capacity});
  for (const TrialId id : lost) {
    const TrialRecord& record = controller_.trial(id);
    if (record.state == TrialState::kRunning) {
      happen(Lost{id, record.attempt, "everything was killed"});
    } else if (record.state == TrialState::kPausing || record.state == TrialState::kStopping) {
      Worker& worker = workers_[id];  // stands for the end that was agreed on, when its turn comes
      worker.attempt = record.attempt;
      worker.dead = true;
      schedule(id, in_lockstep() ? logical_[id] + 1 : now_);
    }
  }
}

bool Simulation::run(std::int64_t entries) {
  while (!controller_.finished() && !due_.empty() && static_cast<std::int64_t>(log_.size()) < entries) {
    const auto [due, trial] = *due_.begin();
    now_ = std::max(now_, due);
    Worker& worker = workers_.at(trial);
    EventBody body = next_event(trial, worker);
    if (std::holds_alternative<Reported>(body)) {
      happen(std::move(body));
      const auto still = workers_.find(trial);
      if (still == workers_.end()) continue;
      const bool leaves = controller_.trial(trial).state != TrialState::kRunning;
      if (in_lockstep()) {
        schedule(trial, logical_[trial] + 1);
      } else {
        schedule(trial, now_ + (leaves ? options_.leave_cost : step_cost(trial, still->second)));
      }
    } else {
      remove(trial);
      happen(std::move(body));
    }
  }
  return controller_.finished();
}

// --- What a worker does ----------------------------------------------------------------------------------------------

double Simulation::draw(const char* purpose, TrialId trial, const Worker& worker) const {
  const std::string path = fmt::format("{}/{}", worker.attempt.value, worker.step);
  return RandomStream(options_.seed, purpose, trial.value, path).uniform();
}

double Simulation::step_cost(TrialId trial, const Worker& worker) const {
  if (in_lockstep()) return 1;
  if (options_.cost_of) return options_.cost_of(trial, worker.step + 1);
  if (options_.cost_spread == 0) return options_.step_cost;
  return options_.step_cost * (1 + options_.cost_spread * (2 * draw("cost", trial, worker) - 1));
}

EventBody Simulation::next_event(TrialId trial, Worker& worker) {
  const TrialRecord& record = controller_.trial(trial);
  Ended ended;
  ended.trial = trial;
  ended.attempt = worker.attempt;
  ended.seq = worker.seq + 1;
  ended.elapsed = worker.elapsed;
  if (worker.dead) return Lost{trial, worker.attempt, "everything was killed"};
  if (record.state == TrialState::kPausing || record.state == TrialState::kStopping) {
    ended.how = record.state == TrialState::kPausing ? EndKind::kPaused : EndKind::kStopped;
    ended.cause = Cause::kNone;
    return ended;
  }
  if (options_.loss_rate > 0 && draw("loss", trial, worker) < options_.loss_rate) {
    return Lost{trial, worker.attempt, "its simulated worker was lost"};
  }
  if (options_.crash_rate > 0 && draw("crash", trial, worker) < options_.crash_rate) {
    ended.how = EndKind::kFailed;
    ended.cause = Cause::kSignal;
    ended.text = "died by a simulated signal";
    ended.code = 9;
    return ended;
  }
  auto metrics = trial_(trial, record.config, worker.step + 1);
  if (!metrics) {
    ended.how = EndKind::kCompleted;
    ended.cause = Cause::kOwnEnd;
    return ended;
  }
  return report_of(trial, worker, std::move(*metrics));
}

Reported Simulation::report_of(TrialId trial, Worker& worker, Metrics metrics) const {
  const WaitPoint wait = controller_.wait_point(trial);
  worker.elapsed += step_cost(trial, worker);
  Reported report;
  report.trial = trial;
  report.attempt = worker.attempt;
  report.seq = ++worker.seq;
  report.step = ++worker.step;
  report.elapsed = worker.elapsed;
  report.metrics = std::move(metrics);
  const bool by_policy = options_.checkpoint_every > 0 && worker.step % options_.checkpoint_every == 0;
  if (by_policy || (wait.save && worker.step >= wait.step)) report.checkpoint = CheckpointInfo{1, "simulated", false};
  return report;
}

// --- What happens and what follows -----------------------------------------------------------------------------------

bool Simulation::is_logical(const EventBody& body) const {
  const auto trial = trial_of(body);
  if (!trial) return false;
  if (const auto* reported = std::get_if<Reported>(&body)) return !controller_.is_replayed(*trial, reported->step);
  const TrialState state = controller_.trial(*trial).state;
  if (state == TrialState::kPausing || state == TrialState::kStopping) return true;  // the end that was agreed on
  const auto* ended = std::get_if<Ended>(&body);
  return ended != nullptr && ended->how != EndKind::kFailed;
}

void Simulation::happen(EventBody body) {
  const bool logical = is_logical(body);
  LogEntry entry{{controller_.next_event(), now_, std::move(body)}, {}};
  controller_.observe(entry.event);
  while (auto decision = controller_.next()) {
    controller_.apply(*decision);
    entry.decisions.push_back(*std::move(decision));
  }
  keep_time(entry, logical);
  for (const Decision& decision : entry.decisions) act(decision);
  log_.push_back(std::move(entry));
}

void Simulation::keep_time(const LogEntry& entry, bool logical) {
  const auto trial = trial_of(entry.event.body);
  // A failure moves the clock only if it turned out to be the trial's end.
  const bool died = std::holds_alternative<Ended>(entry.event.body);
  if (died && controller_.trial(*trial).state == TrialState::kFailed) logical = true;
  if (logical) logical_now_ = ++logical_[*trial];
  for (const Decision& decision : entry.decisions) {
    if (const auto* started = std::get_if<StartTrial>(&decision.body)) logical_[started->trial] = logical_now_;
    if (const auto* resumed = std::get_if<ResumeTrial>(&decision.body)) {
      const bool takes_free_slot = resumed->why == ResumeWhy::kPromoted || resumed->why == ResumeWhy::kExploit ||
                                   resumed->why == ResumeWhy::kUnpaused || resumed->why == ResumeWhy::kUserRetry ||
                                   resumed->why == ResumeWhy::kResized;
      if (takes_free_slot) logical_[resumed->trial] = logical_now_;
    }
    if (const auto* finished = std::get_if<FinishTrial>(&decision.body)) logical_.erase(finished->trial);
  }
}

void Simulation::act(const Decision& decision) {
  if (const auto* started = std::get_if<StartTrial>(&decision.body)) start(started->trial, std::nullopt);
  if (const auto* resumed = std::get_if<ResumeTrial>(&decision.body)) start(resumed->trial, resumed->checkpoint);
  if (const auto* finished = std::get_if<FinishTrial>(&decision.body)) remove(finished->trial);
  if (const auto* withdrawn = std::get_if<WithdrawTrial>(&decision.body)) remove(withdrawn->trial);
}

void Simulation::start(TrialId trial, std::optional<CheckpointId> checkpoint) {
  remove(trial);
  Worker& worker = workers_[trial];
  worker.attempt = controller_.trial(trial).attempt;
  if (const CheckpointRef* from = checkpoint ? controller_.checkpoint(*checkpoint) : nullptr) {
    worker.step = from->step;
    worker.elapsed = from->elapsed;
  }
  schedule(trial, in_lockstep() ? logical_[trial] + 1 : now_ + step_cost(trial, worker));
}

void Simulation::schedule(TrialId trial, double due) {
  Worker& worker = workers_.at(trial);
  due_.erase({worker.due, trial});
  worker.due = due;
  due_.insert({due, trial});
}

void Simulation::remove(TrialId trial) {
  const auto worker = workers_.find(trial);
  if (worker == workers_.end()) return;
  due_.erase({worker->second.due, trial});
  workers_.erase(worker);
}

}  // namespace tune

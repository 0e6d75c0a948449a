// The folding half of the brain: what an event or a decision changes. Nothing here chooses.

#include "tune/controller/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "tune/controller/state.h"

namespace tune {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

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

/// The value of time_attr in a report; nothing if it is missing.
std::optional<double> time_of(std::string_view time_attr, const Reported& report) {
  if (time_attr == "training_iteration") return static_cast<double>(report.step);
  if (time_attr == "time_total_s") return report.elapsed;
  return find_metric(report.metrics, time_attr);
}

}  // namespace

// --- State ------------------------------------------------------------------------------------------------------------

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
  if (report.score.is_number() && (!trial.best.is_number() || strictly_better(report.score, trial.best))) {
    trial.best = report.score;
    trial.best_value = trial.last_value;
    trial.best_step = report.scheduler.step;
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
  sampler->on_report(trial.id, report.scheduler.t, report.scheduler.score);
  scheduler->on_report(report.scheduler, verdict);
}

// --- Events -----------------------------------------------------------------------------------------------------------

namespace {

using State = Controller::State;

void fold(State& state, const Event&, const RunStarted& run) {
  state.slots = run.slots;
  state.ahead = run.ahead;
  state.user_pause = false;  // starting again is how a pause and a Ctrl-C end
  state.orphans.clear();
  for (const auto& [grant, id] : state.live) state.orphans.insert(id);
}

void add_checkpoint(State& state, TrialRecord& trial, CheckpointId id, Step step, double elapsed,
                    const CheckpointInfo& info) {
  trial.checkpoints.push_back({id, step, elapsed, info});
  state.pin(trial.inherited, std::nullopt);
  state.owners.emplace(id, trial.id);
  state.references_changed.insert(trial.id);
}

/// Why a first-time report cannot be used; empty if it can.
std::string fault_of(const State& state, const TrialRecord& trial, const Reported& report, std::optional<double> t) {
  const auto needs = [&](const std::string& metric) {
    return !find_metric(report.metrics, metric).has_value();
  };
  const auto& objectives = state.options.objectives;
  for (const std::string& metric :
       {objectives.front().metric, objectives[state.options.scheduler_objective].metric}) {
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
  if (report.checkpoint) add_checkpoint(state, trial, event.n, report.step, report.elapsed, *report.checkpoint);
  if (report.step <= trial.last_step) {
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
  add_checkpoint(state, trial, event.n, saved.step, saved.elapsed, saved.checkpoint);
}

void fold(State& state, const Event&, const Ended& ended) {
  TrialRecord& trial = state.at(ended.trial);
  trial.last_seq = ended.seq;
  trial.elapsed = std::max(trial.elapsed, ended.elapsed);
  state.leave_slot(trial);
  state.references_changed.insert(trial.id);
  if (trial.state == TrialState::kPausing) {  // agreed on before: how it left makes no difference
    state.move(trial, TrialState::kPaused);
    return;
  }
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
    case EndKind::kInterrupted: state.interrupted(trial, ResumeWhy::kInterrupted); break;
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
    case TrialState::kPausing: state.move(trial, TrialState::kPaused); break;
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

/// (trial, attempt, seq) of an event about an attempt; seq 0 where it has none.
struct About {
  TrialId trial;
  Attempt attempt;
};
std::optional<About> about(const EventBody& body) {
  return std::visit(Overloaded{[](const Reported& e) -> std::optional<About> { return About{e.trial, e.attempt}; },
                               [](const Saved& e) -> std::optional<About> { return About{e.trial, e.attempt}; },
                               [](const Ended& e) -> std::optional<About> { return About{e.trial, e.attempt}; },
                               [](const Lost& e) -> std::optional<About> { return About{e.trial, e.attempt}; },
                               [](const auto&) -> std::optional<About> { return std::nullopt; }},
                    body);
}

}  // namespace

// --- Decisions --------------------------------------------------------------------------------------------------------

namespace {

void fold(State& state, const Decision& decision, const StartTrial& start) {
  TrialRecord trial;
  trial.id = start.trial;
  trial.config = start.config;
  trial.placement = start.placement;
  trial.attempt = Attempt{1};
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

// --- Controller -------------------------------------------------------------------------------------------------------

Controller::Controller(ControllerOptions options, std::unique_ptr<Sampler> sampler,
                       std::unique_ptr<Scheduler> scheduler)
    : state_(std::make_unique<State>()) {
  for (std::size_t i = 0; i < options.objectives.size(); ++i) {
    if (options.objectives[i].target) state_->targets_left.insert(i);
  }
  if (!options.stop.condition.empty()) {
    auto condition = Expression::parse(options.stop.condition, nullptr);
    if (condition) state_->stop_condition = std::move(*condition);
  }
  state_->options = std::move(options);
  state_->sampler = std::move(sampler);
  state_->scheduler = std::move(scheduler);
}

Controller::Controller(Controller&&) noexcept = default;
Controller& Controller::operator=(Controller&&) noexcept = default;
Controller::~Controller() = default;

EventNumber Controller::next_event() const { return {state_->last_event.value + 1}; }

bool Controller::accepts(const Event& event) const {
  const auto of = about(event.body);
  if (!of) return true;
  if (!is_current(of->trial, of->attempt)) return false;
  const TrialState state = state_->at(of->trial).state;
  if (std::holds_alternative<Reported>(event.body)) return state == TrialState::kRunning;
  return state == TrialState::kRunning || state == TrialState::kPausing || state == TrialState::kStopping;
}

void Controller::observe(const Event& event) {
  state_->settle(nullptr);
  state_->last_event = event.n;
  state_->elapsed = std::max(state_->elapsed, event.at);
  if (!accepts(event)) return;
  std::visit([&](const auto& body) { fold(*state_, event, body); }, event.body);
}

void Controller::apply(const Decision& decision) {
  const auto* judged = std::get_if<Judged>(&decision.body);
  const bool answers_pending = judged != nullptr && judged->cause != Cause::kUser && state_->pending && judged->trial == state_->pending->scheduler.trial;
  if (!answers_pending) state_->settle(nullptr);
  std::visit([&](const auto& body) { fold(*state_, decision, body); }, decision.body);
}

std::string Controller::rules() const {
  return fmt::format("controller=3 {}={} {}={}", state_->scheduler->name(), state_->scheduler->rules(),
                     state_->sampler->name(), state_->sampler->rules());
}

const Counts& Controller::counts() const { return state_->counts; }
std::int64_t Controller::trials() const { return static_cast<std::int64_t>(state_->trials.size()); }
const TrialRecord& Controller::trial(TrialId id) const { return state_->at(id); }
const TrialRecord* Controller::best() const { return state_->best ? &state_->at(*state_->best) : nullptr; }

WaitPoint Controller::wait_point(TrialId id) const {
  const TrialRecord& trial = state_->at(id);
  const SchedulePoint point = state_->scheduler->next_point(id);
  const bool counts_iterations = state_->scheduler->time_attr() == "training_iteration";
  const Step rung = !counts_iterations && std::isfinite(point.t) ? 0
                    : point.t < 9e18                              ? static_cast<Step>(std::ceil(point.t))
                                                                  : WaitPoint::kNever;
  if (rules_look_at_every_report(state_->options)) {
    // Every report waits, so each acknowledgement can say of the very next one whether it is to be saved.
    return {0, point.save && rung <= trial.last_step + 1};
  }
  const Step last = state_->options.stop.training_iteration.value_or(WaitPoint::kNever);
  return rung <= last ? WaitPoint{rung, point.save} : WaitPoint{last, false};
}

std::vector<TrialId> Controller::live() const {
  std::vector<TrialId> ids;
  ids.reserve(state_->live.size());
  for (const auto& [grant, id] : state_->live) ids.push_back(id);
  return ids;
}

std::optional<EndWhy> Controller::ending() const { return state_->ending; }

bool Controller::finished() const {
  return state_->ending && state_->live.empty() && state_->waiting.empty() && state_->paused.empty() &&
         state_->to_finish.empty() && state_->failed_attempts.empty() && !state_->pending;
}

bool Controller::target_reached() const {
  const auto has_target = [](const Objective& o) { return o.target.has_value(); };
  return std::ranges::any_of(state_->options.objectives, has_target) && state_->targets_left.empty();
}

bool Controller::stands_still() const { return state_->user_pause && state_->live.empty() && !state_->ending; }
const ControllerOptions& Controller::options() const { return state_->options; }
std::optional<std::int64_t> Controller::trials_allowed() const { return state_->trials_allowed(); }
std::optional<std::int64_t> Controller::search_size() const { return state_->sampler->size(); }
std::size_t Controller::queued() const { return state_->queue.size(); }
TrialId Controller::draws_as(TrialId id) const { return state_->scheduler->draws_as(id); }
std::int64_t Controller::slots() const { return state_->slots; }
double Controller::elapsed() const { return state_->elapsed; }
bool Controller::may_grant_ahead() const { return !state_->scheduler->learns() && !state_->sampler->learns(); }

bool Controller::is_current(TrialId id, Attempt attempt) const {
  return state_->known(id) && state_->at(id).attempt == attempt;
}

bool Controller::is_replayed(TrialId id, Step step) const {
  return state_->known(id) && step <= state_->at(id).last_step;
}

const CheckpointRef* Controller::checkpoint(CheckpointId id) const {
  const auto owner = state_->owners.find(id);
  if (owner == state_->owners.end()) return nullptr;
  for (const CheckpointRef& checkpoint : state_->at(owner->second).checkpoints) {
    if (checkpoint.id == id) return &checkpoint;
  }
  return nullptr;
}

const CheckpointRef* Controller::checkpoint_before(CheckpointId id) const {
  const auto owner = state_->owners.find(id);
  if (owner == state_->owners.end()) return nullptr;
  const CheckpointRef* before = nullptr;
  for (const CheckpointRef& checkpoint : state_->at(owner->second).checkpoints) {
    if (checkpoint.id == id) return before;
    before = &checkpoint;
  }
  return nullptr;
}

std::size_t Controller::checkpoints_alive() const { return state_->owners.size(); }

std::int64_t Controller::asked() const { return state_->asked; }

}  // namespace tune

// The brain's door: events and decisions in, answers out. state.h says what it remembers, fold_*.cc what changes that,
// next.cc what is chosen.

#include "tune/controller/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tune/controller/state.h"

namespace tune {
namespace {

/// Whose event it is; nothing of one that is not about an attempt.
struct About {
  TrialId trial;
  Attempt attempt;
};
std::optional<About> about(const EventBody& body) {
  return std::visit(
      [](const auto& event) -> std::optional<About> {
        if constexpr (requires { event.attempt; }) {
          return About{event.trial, event.attempt};
        } else {
          return std::nullopt;
        }
      },
      body);
}

}  // namespace

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
  state_->saved.reset();
  state_->last_event = event.n;
  state_->elapsed = std::max(state_->elapsed, event.at);
  if (!accepts(event)) return;
  fold_event(*state_, event);
}

void Controller::apply(const Decision& decision) {
  const auto* judged = std::get_if<Judged>(&decision.body);
  const bool answers_pending = judged != nullptr && judged->cause != Cause::kUser && state_->pending &&
                               judged->trial == state_->pending->scheduler.trial;
  if (!answers_pending) state_->settle(nullptr);
  fold_decision(*state_, decision);
}

void Controller::settle() { state_->settle(nullptr); }

std::string Controller::rules() const {
  return fmt::format("controller=5 {}={} {}={}", state_->scheduler->name(), state_->scheduler->rules(),
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
                    : point.t < 9e18                             ? static_cast<Step>(std::ceil(point.t))
                                                                 : WaitPoint::kNever;
  if (rules_look_at_every_report(state_->options)) {
    // Every report waits, so each acknowledgement can say of the very next one whether it is to be saved.
    const bool saves = (point.save && rung <= trial.last_step + 1) || resizing(*state_, trial).has_value();
    return {0, saves};
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

const CheckpointRef* Controller::checkpoint(CheckpointId id) const { return state_->checkpoint(id); }

std::size_t Controller::checkpoints_alive() const { return state_->owners.size(); }

std::int64_t Controller::asked() const { return state_->asked; }

std::vector<TrialId> granted_ahead(const Controller& controller) {
  const std::int64_t slots = controller.slots();
  if (slots == 0 || controller.counts().running <= slots) return {};  // 0: nobody runs it now
  std::vector<TrialId> ahead = controller.live();
  ahead.erase(ahead.begin(), ahead.begin() + std::min(slots, std::ssize(ahead)));
  std::erase_if(ahead, [&](TrialId id) { return controller.trial(id).heard; });
  return ahead;
}

InHandCounts in_hand(const Controller& controller) {
  const Counts& counts = controller.counts();
  const std::int64_t ahead = std::ssize(granted_ahead(controller));
  return {counts.running - ahead, counts.waiting + ahead};
}

}  // namespace tune

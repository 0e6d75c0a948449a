#include "core/trial.h"

#include "core/names.h"

namespace tune {
namespace {

using enum TrialState;

constexpr auto kStates = name_table<TrialState>({
    {kWaiting, "waiting"},
    {kRunning, "running"},
    {kPausing, "pausing"},
    {kPaused, "paused"},
    {kStopping, "stopping"},
    {kCompleted, "completed"},
    {kStopped, "stopped"},
    {kFailed, "failed"},
    {kWithdrawn, "withdrawn"},
});

constexpr auto kCauses = name_table<Cause>({
    {Cause::kNone, "none"},
    {Cause::kOwnEnd, "own_end"},
    {Cause::kStopRule, "stop_rule"},
    {Cause::kMaxT, "max_t"},
    {Cause::kScheduler, "scheduler"},
    {Cause::kUser, "user"},
    {Cause::kBudget, "budget"},
    {Cause::kException, "exception"},
    {Cause::kExit, "exit"},
    {Cause::kSignal, "signal"},
    {Cause::kMemory, "memory"},
    {Cause::kTimeLimit, "time_limit"},
    {Cause::kHang, "hang"},
    {Cause::kOutput, "output"},
    {Cause::kBadReport, "bad_report"},
    {Cause::kLoad, "load"},
    {Cause::kLostWorker, "lost_worker"},
});

}  // namespace

bool is_final(TrialState state) {
  return state == kCompleted || state == kStopped || state == kFailed || state == kWithdrawn;
}

bool may_become(TrialState from, TrialState to) {
  switch (from) {
    // Parked and waiting trials, too, end when the experiment does, and wait again when a person pauses or resumes
    // them.
    case kWaiting: return to == kRunning || to == kPaused || to == kStopped || to == kFailed || to == kWithdrawn;
    case kPaused: return to == kRunning || to == kWaiting || to == kCompleted || to == kStopped || to == kFailed;
    // An attempt may end, fail or get lost at any moment; lost or retried, the trial waits for its next one.
    case kRunning:
    case kPausing:
    case kStopping: return to != from && to != kWithdrawn && !(from == kStopping && (to == kRunning || to == kPausing));
    // A person may want a trial to go on that failed or was stopped.
    case kStopped:
    case kFailed: return to == kWaiting;
    case kCompleted:
    case kWithdrawn: return false;
  }
  return false;
}

std::string_view status_name(TrialState state) {
  return state == kPausing || state == kStopping ? "running" : state_name(state);
}

std::string_view state_name(TrialState state) { return kStates.name(state); }
std::string_view cause_name(Cause cause) { return kCauses.name(cause); }

bool state_from_name(std::string_view name, TrialState& out) {
  const auto state = kStates.value(name);
  if (state) out = *state;
  return state.has_value();
}

bool cause_from_name(std::string_view name, Cause& out) {
  const auto cause = kCauses.value(name);
  if (cause) out = *cause;
  return cause.has_value();
}

}  // namespace tune

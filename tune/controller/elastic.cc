// Elastic resources: slots that no trial needs are lent to running ones (Ray Tune's ResourceChangingScheduler, with
// DistributeResources as `shares` and DistributeResourcesToTopJob as `top`).
//
// Of `capacity` slots that n trials share, each trial may hold
//
//   shares   floor(capacity / n), and the first capacity mod n trials one more
//   top      1, and the one with the best score so far all that are left
//
// A trial changes hands at a report that carries a checkpoint: it leaves, and goes on from there with its new slots. A
// change costs a restart, so there are few: a trial takes more only if that is at least half of what it has again, and
// neither takes nor gives within kLeastReports reports of the last change; only for a trial that waits for a slot does
// it give at once. What a trial may hold depends on its number and score alone, never on the order of grants, so that
// a restart begets no other.
//
// Where this differs from Ray Tune, and why: there a trial without a score counts as the best in mode max; here it
// comes last. There the free resources follow each result; here the rules above hold them back. Only whole slots are
// lent (Ray's add_bundles): resources.cpu and .gpu, times a whole number.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tune/controller/state.h"

namespace tune {
namespace {

using State = Controller::State;

constexpr std::int64_t kLeastReports = 4;

/// Slots that a trial holds or is to hold next.
std::int64_t claim(const TrialRecord& trial) {
  if (trial.state != TrialState::kWaiting) return std::max(trial.slots, trial.next_slots);
  return trial.next_slots > 0 ? trial.next_slots : trial.slots;
}

/// Trials that share the slots, by number.
std::set<TrialId> sharers(const State& state) {
  std::set<TrialId> ids;
  for (const auto& [grant, id] : state.live) ids.insert(id);
  for (const auto& [grant, id] : state.waiting) ids.insert(id);
  return ids;
}

std::int64_t free_beside(const State& state, const std::set<TrialId>& all, std::optional<TrialId> but) {
  std::int64_t free = state.capacity;
  for (const TrialId id : all) free -= id == but ? 0 : claim(state.at(id));
  return free;
}

/// Of them, the one with the best score; none: nobody has one.
std::optional<TrialId> leader(const State& state, const std::set<TrialId>& all) {
  std::optional<TrialId> best;
  for (const TrialId id : all) {
    const Score& score = state.at(id).best;
    if (score.is_number() && (!best || score < state.at(*best).best)) best = id;
  }
  return best;
}

/// What a trial may hold where n share.
std::int64_t allowance(const State& state, const std::set<TrialId>& all, std::int64_t n, TrialId id) {
  if (state.options.elastic == Elastic::kTop && leader(state, all) != id) return 1;
  const auto place = static_cast<std::int64_t>(std::distance(all.begin(), all.find(id)));
  const std::int64_t slots = state.options.elastic == Elastic::kTop
                                 ? state.capacity - (n - 1)
                                 : state.capacity / n + (place < state.capacity % n ? 1 : 0);
  return std::max<std::int64_t>(slots, 1);  // also where there are more trials than slots
}

/// The least that a trial should have: with fewer, others are asked to give.
std::int64_t due(const State& state, const std::set<TrialId>& all, std::int64_t n, TrialId id) {
  return state.options.elastic == Elastic::kTop ? allowance(state, all, n, id) : state.capacity / n;
}

}  // namespace

std::int64_t slots_in_use(const State& state) {
  std::int64_t used = 0;
  for (const auto& [grant, id] : state.live) used += state.at(id).slots;
  return used;
}

std::int64_t slots_to_grant(const State& state, std::optional<TrialId> again) {
  if (!state.is_elastic()) return 1;
  const std::set<TrialId> all = sharers(state);
  const auto at_most_free = [&](std::int64_t slots) {
    return std::max<std::int64_t>(std::min(slots, free_beside(state, all, again)), 1);
  };
  if (again) {
    const TrialRecord& trial = state.at(*again);
    // Whoever was interrupted goes on as it was: a kill changes nothing.
    if (trial.next_slots > 0 || trial.state != TrialState::kPaused) {
      return at_most_free(trial.next_slots > 0 ? trial.next_slots : trial.slots);
    }
  }
  if (state.options.elastic == Elastic::kTop) return 1;
  // Those that start as soon as this is decided share too.
  const auto others = static_cast<std::int64_t>(all.size()) - (again && all.contains(*again) ? 1 : 0);
  const std::int64_t with_all = others + (again ? 1 : 0) + state.supply();
  const std::int64_t n = std::clamp<std::int64_t>(with_all, 1, std::max(state.slots, others + 1));
  const std::int64_t fair = state.capacity / n;
  const auto has_more = [&](TrialId id) { return id != again && claim(state.at(id)) > fair; };
  return at_most_free(std::ranges::count_if(all, has_more) < state.capacity % n ? fair + 1 : fair);
}

std::optional<Resizing> resizing(const State& state, const TrialRecord& trial) {
  if (!state.is_elastic() || trial.state != TrialState::kRunning || trial.held) return std::nullopt;
  if (state.ending || state.user_pause) return std::nullopt;
  const std::set<TrialId> all = sharers(state);
  const bool wanted = state.wants_slot();
  const bool starts_new = wanted && state.waiting.empty();
  const std::int64_t n = static_cast<std::int64_t>(all.size()) + (starts_new ? 1 : 0);
  const std::int64_t may_hold = allowance(state, all, n, trial.id);
  const std::int64_t free = free_beside(state, all, std::nullopt);
  const bool settled = trial.reports - trial.resized_at >= kLeastReports;

  const auto by = [&](std::int64_t slots) {
    std::string why = n == 1 ? "no other trial runs" : fmt::format("equal shares of {} trials", n);
    if (n > 1 && state.options.elastic == Elastic::kTop) why = fmt::format("the best of {} trials has the rest", n);
    if (wanted) why += ", one of which waits";
    return Resizing{slots, fmt::format("{} of {} slots in place of {}: {}", slots, state.capacity, trial.slots, why)};
  };
  if (trial.slots > may_hold) {
    const bool overdrawn = free < 0;
    const bool others_lack = settled && free == 0 && std::ranges::any_of(all, [&](TrialId id) {
                               return id != trial.id && claim(state.at(id)) < due(state, all, n, id);
                             });
    if (wanted || overdrawn || others_lack) return by(may_hold);
    return std::nullopt;
  }
  const std::int64_t more = std::min(may_hold, trial.slots + free);
  if (wanted || !settled || more <= trial.slots || 2 * more < 3 * trial.slots) return std::nullopt;
  return by(more);
}

}  // namespace tune

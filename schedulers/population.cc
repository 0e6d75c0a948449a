#include "schedulers/population.h"

#include <algorithm>
#include <cmath>

namespace tune {

Member* Population::find(TrialId trial) {
  const auto found = live_.find(trial);
  return found == live_.end() ? nullptr : &found->second;
}

const Member* Population::find(TrialId trial) const {
  const auto found = live_.find(trial);
  return found == live_.end() ? nullptr : &found->second;
}

void Population::add(TrialId trial, Member member) { live_.insert_or_assign(trial, std::move(member)); }

void Population::remove(TrialId trial) {
  Member* member = find(trial);
  if (member == nullptr) return;
  move(trial, Member::Place::kRuns);
  set_weak(trial, false);
  if (member->score) ranks_.erase({*member->score, trial});
  over_.insert(live_.extract(trial));
}

Member* Population::revive(TrialId trial) {
  auto node = over_.extract(trial);
  if (node.empty()) return nullptr;
  Member& member = live_.insert(std::move(node)).position->second;
  if (member.score) ranks_.insert({*member.score, trial});
  return &member;
}

void Population::rank(TrialId trial, const Score& score) {
  Member& member = *find(trial);
  if (member.score) ranks_.erase({*member.score, trial});
  member.score = score;
  ranks_.insert({score, trial});
}

void Population::move(TrialId trial, Member::Place place) {
  Member& member = *find(trial);
  if (member.place == Member::Place::kWaits) waiting_.erase({member.turns, trial});
  if (member.place == Member::Place::kAtBarrier) --at_barrier_;
  member.place = place;
  if (place == Member::Place::kWaits) waiting_.insert({member.turns, trial});
  if (place == Member::Place::kAtBarrier) ++at_barrier_;
}

void Population::set_weak(TrialId trial, bool weak) {
  find(trial)->is_weak = weak;
  weak ? void(weak_.insert(trial)) : void(weak_.erase(trial));
}

std::int64_t Population::quantile(std::int64_t and_one) const {
  const std::int64_t n = ranked() + and_one;
  const auto k = static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * quantile_));
  return std::min(k, n / 2);
}

std::int64_t Population::rank_with(TrialId trial, const Score& score) const {
  const Member* member = find(trial);
  const std::int64_t rank = ranks_.rank({score, trial});
  const bool counts_itself = member != nullptr && member->score && *member->score < score;
  return counts_itself ? rank - 1 : rank;
}

std::optional<TrialId> Population::donor(TrialId target, std::int64_t k, RandomStream random) const {
  k = std::min(k, ranked());
  if (k == 0) return std::nullopt;
  const auto first = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(k)));
  for (std::int64_t i = 0; i < k; ++i) {
    const TrialId trial = at((first + i) % k);
    const Member& member = *find(trial);
    if (trial != target && member.saved && member.saved->score.is_number()) return trial;
  }
  return std::nullopt;
}

}  // namespace tune

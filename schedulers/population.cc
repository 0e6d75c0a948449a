#include "schedulers/population.h"

#include <algorithm>
#include <cmath>

namespace tune {

PopulationMember* Population::find(TrialId trial) {
  const auto found = live_.find(trial);
  return found == live_.end() ? nullptr : &found->second;
}

const PopulationMember* Population::find(TrialId trial) const {
  const auto found = live_.find(trial);
  return found == live_.end() ? nullptr : &found->second;
}

void Population::add(TrialId trial, PopulationMember member) { live_.insert_or_assign(trial, std::move(member)); }

void Population::remove(TrialId trial) {
  PopulationMember* member = find(trial);
  if (member == nullptr) return;
  move(trial, PopulationMember::Place::kRuns);
  set_weak(trial, false);
  withdraw(trial, *member);
  over_.insert(live_.extract(trial));
}

PopulationMember* Population::revive(TrialId trial) {
  auto node = over_.extract(trial);
  if (node.empty()) return nullptr;
  PopulationMember& member = live_.insert(std::move(node)).position->second;
  enter(trial, member);
  return &member;
}

void Population::enter(TrialId trial, const PopulationMember& member) {
  if (member.score) ranks_.insert({*member.score, trial});
  if (may_give(member)) donors_.insert({*member.score, trial});
}

void Population::withdraw(TrialId trial, const PopulationMember& member) {
  if (member.score) ranks_.erase({*member.score, trial});
  if (may_give(member)) donors_.erase({*member.score, trial});
}

void Population::rank(TrialId trial, const Score& score) {
  PopulationMember& member = *find(trial);
  withdraw(trial, member);
  member.score = score;
  enter(trial, member);
}

void Population::save(TrialId trial, std::optional<DonorState> state) {
  PopulationMember& member = *find(trial);
  withdraw(trial, member);
  member.saved = state;
  enter(trial, member);
}

void Population::move(TrialId trial, PopulationMember::Place place) {
  PopulationMember& member = *find(trial);
  if (member.place == PopulationMember::Place::kWaits) waiting_.erase({member.turns, trial});
  if (member.place == PopulationMember::Place::kAtBarrier) --at_barrier_;
  member.place = place;
  if (place == PopulationMember::Place::kWaits) waiting_.insert({member.turns, trial});
  if (place == PopulationMember::Place::kAtBarrier) ++at_barrier_;
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
  const PopulationMember* member = find(trial);
  const std::int64_t rank = ranks_.rank({score, trial});
  const bool counts_itself = member != nullptr && member->score && *member->score < score;
  return counts_itself ? rank - 1 : rank;
}

std::optional<TrialId> Population::donor(TrialId target, std::int64_t k, RandomStream random) const {
  k = std::min(k, ranked());
  if (k == 0) return std::nullopt;
  // From a rank among the best k on, and around: the first that may give.
  const auto first = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(k)));
  const auto donors_before = [&](std::int64_t rank) {
    return rank < ranked() ? donors_.rank(ranks_.at(rank)) - 1 : donors_.size();
  };
  const std::int64_t donors = donors_before(k), start = donors_before(first);
  for (std::int64_t i = 0; i < std::min<std::int64_t>(donors, 2); ++i) {
    const TrialId trial = donors_.at((start + i) % donors).trial;
    if (trial != target) return trial;
  }
  return std::nullopt;
}

}  // namespace tune

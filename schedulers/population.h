#pragma once

// The members of a population (see pbt.h): who has which score, who may be copied, and which of them wait. Everything
// follows from what is folded; ranks cost O(log n).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/config.h"
#include "core/rng.h"
#include "schedulers/rung_ranks.h"

namespace tune {

/// A report that can be copied: its score, its time, and the checkpoint that was saved with it.
struct DonorState {
  Score score;
  double t = 0;
  CheckpointId checkpoint;
};

struct PopulationMember {
  Config config;
  double t = 0;                     ///< of its last report, or its donor's
  double ready_at = 0;              ///< when it may exploit next
  std::int64_t generation = 0;      ///< exploits so far
  std::int64_t turns = 0;           ///< intervals that it has trained, those before an exploit included
  std::optional<Score> score;       ///< by which it ranks: its last report at an interval, or its donor's
  double scored_at = 0;             ///< time of that score
  std::optional<DonorState> saved;  ///< of its own, in this generation (see save())
  enum class Place { kRuns, kWaits, kAtBarrier } place = Place::kRuns;
  bool is_weak = false;  ///< waits for its exploit
};

class Population {
 public:
  explicit Population(double quantile) : quantile_(quantile) {}

  PopulationMember* find(TrialId trial);
  const PopulationMember* find(TrialId trial) const;
  /// Members that are not over.
  const std::map<TrialId, PopulationMember>& live() const { return live_; }
  std::int64_t size() const { return static_cast<std::int64_t>(live_.size()); }

  void add(TrialId trial, PopulationMember member);
  void remove(TrialId trial);
  /// It was over and goes on: with all that it had. Null: it is unknown.
  PopulationMember* revive(TrialId trial);
  void rank(TrialId trial, const Score& score);
  /// What others may copy of it from now on; nothing: nobody may.
  void save(TrialId trial, std::optional<DonorState> state);
  /// Moves a member to a place; those that wait are kept in order of their turns.
  void move(TrialId trial, PopulationMember::Place place);

  /// k of the worst and of the best, with `and_one` member more.
  std::int64_t quantile(std::int64_t and_one = 0) const;
  std::int64_t ranked() const { return ranks_.size(); }
  /// Rank, 1 = best, that `score` would have, in place of what the trial had.
  std::int64_t rank_with(TrialId trial, const Score& score) const;
  /// Trial at rank k + 1.
  TrialId at(std::int64_t k) const { return ranks_.at(k).trial; }
  /// One of the best k, drawn by `random`, that has something to copy and is not `target`; none: nobody has.
  std::optional<TrialId> donor(TrialId target, std::int64_t k, RandomStream random) const;

  /// Those that wait for a slot, those with the fewest turns first. (By time, a weak member that falls back to its
  /// donor's again and again would always go first, and the others never.)
  const std::set<std::pair<std::int64_t, TrialId>>& waiting() const { return waiting_; }
  std::int64_t at_barrier() const { return at_barrier_; }
  const std::set<TrialId>& weak() const { return weak_; }
  void set_weak(TrialId trial, bool weak);

 private:
  static bool may_give(const PopulationMember& member) {
    return member.score && member.saved && member.saved->score.is_number();
  }
  void enter(TrialId trial, const PopulationMember& member);
  void withdraw(TrialId trial, const PopulationMember& member);

  double quantile_;
  std::map<TrialId, PopulationMember> live_, over_;
  RungRanks ranks_;
  RungRanks donors_;  ///< of ranks_, those that have something to copy
  std::set<std::pair<std::int64_t, TrialId>> waiting_;
  std::set<TrialId> weak_;
  std::int64_t at_barrier_ = 0;
};

}  // namespace tune

#pragma once

// One bracket of successive halving (see hyperband.h): its members, which of them have arrived at which level, and who
// goes on. Everything follows from what is folded. All operations are O(log n).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedulers/rung_ranks.h"

namespace tune {

class HalvingBracket {
 public:
  /// `levels`: ascending, the last is max_t and takes no decision. `planned`: members of a full bracket, above 0.
  /// `skipped`: halvings at lower levels that it does without; the first level makes up for them.
  HalvingBracket(std::vector<double> levels, std::int64_t planned, std::int64_t eta, std::int64_t skipped = 0);

  // --- members
  bool open() const { return !closed_ && joined_ < planned_; }
  std::int64_t joined() const { return joined_; }
  void add(TrialId trial);

  // --- where a member stands. Requires: it was added and has not left.
  /// The level that it looks forward to.
  double next_level(TrialId trial) const { return levels_[stage_of_.at(trial)]; }
  /// Whether that level is below max_t, so that it pauses there.
  bool before_last(TrialId trial) const { return stage_of_.at(trial) + 1 < levels_.size(); }
  bool is_waiting(TrialId trial) const { return waits_.contains(trial); }
  /// `4 of 27 at 3`: how many have arrived where this one does.
  std::string arrivals(TrialId trial) const;

  // --- what happens
  /// It has reported at its next level, and waits there. Requires: before_last().
  void arrive(TrialId trial, const Score& score);
  /// It is a member no more; wherever it was, nobody waits for it.
  void leave(TrialId trial);
  /// It goes on to the next level. That closes the bracket. Requires: is_waiting().
  void promote(TrialId trial);

  // --- what is to be done
  struct Act {
    bool stop = false;  ///< else promote
    TrialId trial;
    std::string reason;
  };
  /// The next loser to stop, or winner to promote, at a level where everybody has arrived. `no_more`: nobody new will
  /// come, so an open bracket counts as closed.
  std::optional<Act> next(bool no_more) const;
  /// Closed, and all its members have left.
  bool over() const { return !open() && stage_of_.empty(); }

 private:
  struct Stage {
    std::int64_t entered = 0, arrived = 0, promoted = 0;
    RungRanks entries;  ///< of all that arrived with a score
    std::set<RungEntry> waiting;
  };
  bool has_all_arrived(std::size_t stage, bool no_more) const;
  std::int64_t keeps(std::size_t stage) const;

  std::vector<double> levels_;
  std::int64_t planned_, eta_, skipped_;
  std::int64_t joined_ = 0;
  bool closed_ = false;  ///< before it was full
  std::vector<Stage> stages_;
  std::map<TrialId, std::size_t> stage_of_;
  std::map<TrialId, RungEntry> waits_;
};

}  // namespace tune

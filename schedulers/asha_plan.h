#pragma once

// What both variants of ASHA are made of: the options as numbers, the rungs of every bracket, and where each trial that
// is not over stands on them. Everything here follows from the options and from what was folded.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schedulers/scheduler.h"

namespace tune {

/// The options of an ASHA run. Immutable.
struct AshaPlan {
  std::string time_attr;
  std::int64_t eta = 4;
  bool stop_last_trials = true;
  bool drain = true;
  bool auto_grace = false;  ///< a rung stops trials only as far as it has proved itself: rung_trust.h
  std::uint64_t seed = 0;
  std::optional<std::int64_t> trials;       ///< no more than these will ever start; none: unknown
  std::vector<std::vector<double>> levels;  ///< of each bracket, ascending; the last is max_t and takes no decision
  std::vector<std::uint64_t> weights;       ///< of each bracket: HyperBand's number of trials

  /// Requires: the options are complete and have no faults.
  static AshaPlan from(const SchedulerContext& context);

  std::int64_t brackets() const { return static_cast<std::int64_t>(levels.size()); }
  double max_t() const { return levels.front().back(); }
  /// The bracket of a new trial, drawn in proportion to the weights: a function of seed and trial number alone.
  Placement place(TrialId trial) const;
  /// `bracket 1 of 3`; empty if there is only one.
  std::string place_words(const Placement& placement) const;
};

/// Where a trial stands: the level that its next answer belongs to.
struct AshaStand {
  std::size_t bracket = 0;
  std::size_t next = 0;                         ///< index of the first level it has not been judged at
  std::optional<Score> failure = std::nullopt;  ///< over: entered at `next` because it failed before it
};

/// Where all trials stand, by trial number; those that are over apart.
class AshaStands {
 public:
  explicit AshaStands(const AshaPlan& plan) : plan_(&plan) {}

  /// A bracket that this plan does not have (decided under other rules) becomes the nearest it has.
  void start(TrialId trial, const Placement& placement);
  /// It is over. `failure`: the score that was entered for it at its next level.
  void end(TrialId trial, std::optional<Score> failure);
  /// It goes on where it stood: its stand, with the failure that counts no more; null: it is unknown, or not over.
  AshaStand* revive(TrialId trial);
  AshaStand* find(TrialId trial);
  const AshaStand* find(TrialId trial) const;

  const std::vector<double>& levels(const AshaStand& stand) const { return plan_->levels[stand.bracket]; }
  /// Whether its next level is a rung: below max_t.
  bool before_rung(const AshaStand& stand) const { return stand.next + 1 < levels(stand).size(); }
  /// How many levels lie at or below t, counted from the lowest.
  std::size_t reached(const AshaStand& stand, double t) const;
  /// Whether a report at t is at a level the trial was not judged at.
  bool crosses(const AshaStand& stand, double t) const { return reached(stand, t) > stand.next; }
  /// The number that the next new trial gets.
  TrialId next_trial() const { return next_trial_; }
  /// The level it looks forward to; infinity beyond max_t.
  double next_level(TrialId trial) const;

 private:
  const AshaPlan* plan_;  // of the same owner
  std::map<TrialId, AshaStand> stands_, over_;
  TrialId next_trial_{0};
};

/// ` (one report for 3 rungs: reports are coarser than the rungs)`, or empty for one.
std::string coarse_note(std::size_t rungs);

}  // namespace tune

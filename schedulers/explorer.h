#pragma once

// How a member that takes over a donor's configuration changes it: what PBT and PB2 differ in. Like a scheduler it has
// an asking half, which is const, and a folding half.

#include "schedulers/explore.h"

namespace tune {

class Explorer {
 public:
  virtual ~Explorer() = default;

  /// Of the scheduler that it is part of (Scheduler::rules).
  virtual int rules() const = 0;

  /// What becomes of the donor's configuration, taken over at time t.
  virtual Explored explore(const Config& giver, double t, const ExploreKey& key) const = 0;

  /// A member has trained from one time to another under one configuration, and its signed score (smaller is better)
  /// fell by `gain`.
  virtual void on_interval(TrialId, double /*from*/, double /*to*/, double /*gain*/, const Config&) {}
  /// A member has taken over a configuration at time t.
  virtual void on_exploit(TrialId, const Config&, double /*t*/) {}
  virtual void on_ended(TrialId) {}
};

}  // namespace tune

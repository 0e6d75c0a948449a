#pragma once

// The median stopping rule: Golovin, Solnik, Moitra, Kochanski, Karro, Sculley, "Google Vizier: A Service for Black-Box
// Optimization", KDD 2017, section 3.2.2.
//
// At time t, with v_j(t) the mean of what trial j reported in [grace_period, t]:
//
//   stop trial i  iff  its best value so far is strictly worse than  median { v_j(t) : j a peer of i }
//
// Peers are the other trials that have got to t (`peers: reached`), or those that ended without failing (`completed`,
// as in the paper). With fewer than min_samples_required of them nobody is stopped.
//
// Where this differs, and why:
//   Ray Tune   adds a trial's last result to its mean once more when it completes; here each report counts once. With
//   too
//              few peers it pauses a trial after every result while others wait (min_time_slice 0); here a slice of 0
//              pauses nobody, because a pause costs a checkpoint.
//   Optuna     compares with the peers' values at the very same step; here with their means up to it, as the paper
//   does. all        NaN: left out of the means. A trial that reported nothing else is worse than every number.
//
// An even number of peers has the mean of the two middle values. Ties go on.
//
// hard_stop: false pauses instead of stopping. Once no new trial will start, free slots take up the paused ones, the
// best first, and these run on without being judged again.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "schedulers/peer_means.h"
#include "schedulers/scheduler.h"

namespace tune {

AlgorithmInfo median_info();

/// Requires: the options are complete and have no faults.
std::unique_ptr<Scheduler> make_median(const SchedulerContext& context);

}  // namespace tune

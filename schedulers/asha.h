#pragma once

// ASHA: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar, "A System for Massively Parallel
// Hyperparameter Tuning", MLSys 2020, arXiv:1810.05934, Algorithm 2.
//
// With minimum resource r (grace_period), maximum R (max_t) and reduction factor eta, bracket s has rungs at r*eta^s,
// r*eta^(s+1), ... below R. When a worker is free:
//
//   for each rung from the top:  of the best floor(m/eta) of its m entries, promote the best one not promoted before
//   else                         start a new configuration at the lowest rung
//
// A promoted entry stays in its rung and keeps counting. Nothing ever waits for a rung to fill; some promotions that a
// full rung would not have made are the price.
//
// Two variants, one class each:
//   stop     (asha_stop.h, the default) Ray Tune's way: nobody pauses. At a rung with m entries, its own included, a
//            trial goes on iff the number of strictly better ones is below max(1, floor(m/eta)).
//   promote  (asha_promote.h) Algorithm 2: every trial pauses at every rung, with a checkpoint, until it is promoted.
//
// Where this differs, and why:
//   paper       promotes from m >= eta on, as here. It ends when the budget does: too few trials for the rungs leave
//               nobody at R, so `drain` (on by default) then promotes the best parked ones until one has got there.
//   Ray Tune    stops what is worse than the linearly interpolated (1-1/eta) percentile of the other entries: taking
//               the logarithm of the metric changes its decisions, and it keeps more than 1/eta. Counting does neither.
//               A NaN passes its comparison; here it never passes a rung. A report that jumps over rungs is entered at
//               the highest only; here at each of them, from the lowest, until it fails one. Its number of rungs comes
//               from logarithms in floating point. Its brackets are drawn by softmax over the number of rungs; here in
//               proportion to HyperBand's numbers of trials.
//   Optuna      keeps the best max(1, floor(m/eta)), ties by order; here equal scores never stop each other.
//   Syne Tune   promotes by an interpolated quantile from the second entry on, and demands reports exactly at rungs.
//
// `grace_period: auto` watches rungs at 1, 2, 4, 8, ..., and each keeps as many as rung_trust.h finds to pay, from
// floor(m/eta) to all.
//
// A NaN, and a failed trial's entry at the rung it did not reach, count in m, rank last, and never go on.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "schedulers/scheduler.h"

namespace tune {

/// Name, aliases, options and their checks.
AlgorithmInfo asha_info();

/// The variant that the options name. Requires: they are complete and have no faults.
std::unique_ptr<Scheduler> make_asha(const SchedulerContext& context);

/// What to tell a person whose number of trials is too small for the rungs: with variant promote, eta to the number of
/// rungs is needed for one trial to get to max_t by promotion alone. Nothing for other schedulers and variants.
std::optional<std::string> supply_warning(const Options& options, std::int64_t trials);

}  // namespace tune

#pragma once

// Population based bandits: Parker-Holder, Nguyen, Roberts, "Provably Efficient Online Hyperparameter Optimization with
// Population-Based Bandits", NeurIPS 2020, arXiv:2002.02518, Algorithm 1.
//
// PBT (pbt.h), with another explore: the changes of the score over past intervals are observations
//
//   y = (score gained in the interval) / (its length)     at (time, hyperparameters)
//
// of a function that changes with time; a Gaussian process (time_varying_gp.h) learns it from the newest 200, and the
// exploiting member takes the hyperparameters with the largest
//
//   mean + sqrt(beta) * deviation,     beta = 0.2 + max(0, ln(0.4 n)) after n observations
//
// where the deviation also counts what other members have just taken and not yet reported on.
//
// Where this differs, and why:
//   paper       an interval that begins with the donor's checkpoint counts from the donor's score, under the new
//               hyperparameters.
//   Ray Tune    uses the variance in place of the deviation; scales by the range without logarithms; truncates
//               integers; fits the length of its window anew in every step. Here a parameter that is searched in the
//               logarithm is modelled in it, and integers are rounded.
//               It climbs from random points. Here the best of 500 is taken: 100 around the donor's own, and 400 over
//               the cube that all searches share until the next interval is known, so that many members that exploit
//               at once cost little more than one.
//
// With fewer than two observations it perturbs, as PBT does.

#include <memory>

#include "schedulers/scheduler.h"

namespace tune {

AlgorithmInfo pb2_info();

/// kBadInput: hyperparam_bounds that do not fit the space; synch without a number of trials.
Result<std::unique_ptr<Scheduler>> make_pb2(const SchedulerContext& context);

}  // namespace tune

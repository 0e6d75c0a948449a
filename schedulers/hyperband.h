#pragma once

// HyperBand: Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband: A Novel Bandit-Based Approach to
// Hyperparameter Optimization", JMLR 18 (2018), Algorithm 1.
//
// With minimum resource r (grace_period), maximum R (max_t), reduction factor eta and s_max = floor(log_eta(R/r)):
//
//   for s = s_max .. 0:   n = ceil((s_max+1) * eta^s / (s+1)) new trials
//     for i = 0 .. s:     run n_i = floor(n * eta^-i) of them to R * eta^(i-s), keep the best floor(n_i / eta)
//
// A bracket is open until it has its n members or no new trial will come; then it is closed. It halves when every
// member is at the level, or has ended. Slots do not wait for it: they take up winners of any bracket, the earliest
// first, else new members of the open bracket, else open the next one (s_max again after 0: a new round).
//
// Where this differs, and why:
//   paper       runs brackets one after another; with several slots they overlap here. A bracket that was closed with
//               m < n members keeps max(1, floor(m/eta)) of them, and so on: the planned numbers would drop nobody.
//   Ray Tune    fills the smallest bracket first, so its first trials run to max_t unjudged; counts live trials, so
//               that a bracket whose member ends is opened again; keeps the planned numbers in a part-filled bracket;
//               and can wait for ever for trials that will not come. None of that here: a member that fails, ends by
//               itself or is stopped counts as arrived at once.
//
// Only numbers go on: a NaN arrives, and is stopped with the losers. `hb_bohb` (Falkner, Klein, Hutter, "BOHB: Robust
// and Efficient Hyperparameter Optimization at Scale", ICML 2018) has the same brackets; its model is a sampler.

#include <memory>

#include "schedulers/scheduler.h"

namespace tune {

AlgorithmInfo hyperband_info();
AlgorithmInfo bohb_info();

/// Requires: the options are complete and have no faults. `name`: hyperband or hb_bohb.
std::unique_ptr<Scheduler> make_hyperband(std::string_view name, const SchedulerContext& context);

}  // namespace tune

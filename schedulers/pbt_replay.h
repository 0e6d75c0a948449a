#pragma once

// PBT replay: trains a schedule of configurations that is given, such as the one that population based training found
// for its best member (Jaderberg et al., "Population Based Training of Neural Networks", 2017, arXiv:1711.09846,
// section 4.4: the schedule is what PBT gives, and training anew along it comes to the same end).
//
//   at iterations a_1 < a_2 < ...:  save, take configuration c_i, go on from what was saved;   the end at max_t
//
// Ray Tune's PopulationBasedTrainingReplay reads the policy file of one trial, whose chain of tags must fit, and runs
// one trial. Here the schedule is a part of the experiment (`tune retrain` writes it from any trial's log), each entry
// may name the trial of the first experiment whose random draws it repeats, so that a trainable that draws its chance
// from its seed comes to the same numbers, and any number of trials may follow it.

#include <memory>

#include "schedulers/scheduler.h"

namespace tune {

AlgorithmInfo pbt_replay_info();

/// kBadInput: the schedule names a parameter that the space does not have.
Result<std::unique_ptr<Scheduler>> make_pbt_replay(const SchedulerContext& context);

}  // namespace tune

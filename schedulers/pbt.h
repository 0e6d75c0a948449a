#pragma once

// Population based training: Jaderberg, Dalibard, Osindero, Czarnecki, Donahue, Razavi, Vinyals, Green, Dunning,
// Simonyan, Fernando, Kavukcuoglu, "Population Based Training of Neural Networks", 2017, arXiv:1711.09846, Algorithm 1,
// with truncation selection.
//
// Each member, when perturbation_interval has passed since it was last ready:
//
//   if it is among the worst k of n by its last score:
//     exploit   take the weights and the configuration of one of the best k, each as likely
//     explore   change the listed parameters (explore.h)
//   go on
//
// with k = ceil(n * quantile_fraction), at most floor(n / 2), over the unfinished members that have a score.
//
// Asynchronous (the default): each by itself. With more members than slots a member that is ready also makes room for
// the one that has trained the fewest intervals. Synchronous (synch: true): every member pauses at the interval; when
// the last has arrived, or ended, the worst k exploit and all go on.
//
// An exploit is a pause, an `exploit` decision with donor, checkpoint and configuration, and a resume.
//
// Where this differs, and why:
//   paper       evaluates a member again after its exploit, before it ranks. Here it holds its donor's score until its
//               own next report: it ranks, but cannot be a donor.
//   Ray Tune    reads the donor's newest checkpoint whatever score it had, and skips the exploit if there is none. Here
//               (score, step, checkpoint) of a donor come from one report; where no donor has one, the member goes on,
//               and is weak again at its next interval. quantile_fraction 0 makes everybody a donor there; here nobody
//               exploits. Its two quantiles may share a member; here a donor is never the target.

#include <memory>
#include <string_view>
#include <vector>

#include "schedulers/explorer.h"
#include "schedulers/scheduler.h"

namespace tune {

AlgorithmInfo pbt_info();

/// kBadInput: hyperparam_mutations that do not fit the space; synch without a number of trials.
Result<std::unique_ptr<Scheduler>> make_pbt(const SchedulerContext& context);

/// What pbt and pb2 share: who copies whom, and when. `name`: of the scheduler. kBadInput: synch without a number of
/// trials.
Result<std::unique_ptr<Scheduler>> make_population_based(std::string_view name, const SchedulerContext& context,
                                                         std::unique_ptr<Explorer> explorer);
std::vector<OptionFault> check_population(const Options& options);

}  // namespace tune

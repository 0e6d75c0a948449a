#pragma once

// What an experiment would spend, without running it: the real brain in virtual time, over trials whose ranks are made
// up. A trial is as good at every rung as its draw says, so ranks never cross; a step costs its length in units of the
// scheduler's time_attr, on every slot alike.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "experiments/spec.h"

namespace tune {

/// One number of slots, one order of scores.
struct PlannedRun {
  std::int64_t slots = 1;
  struct Rung {
    double level = 0;         ///< in units of time_attr
    std::int64_t trials = 0;  ///< that got there
    double spent = 0;         ///< by all trials between the rung before and this one, repetitions included
  };
  std::vector<Rung> rungs;
  double total = 0;     ///< spent by all trials
  double duration = 0;  ///< until the last one has ended
};

struct Plan {
  std::int64_t trials = 0;         ///< planned with
  bool unbounded = false;          ///< neither budget nor search space limits the trials: `trials` is an example
  bool open_ended = false;         ///< no rule ends a trial: it ends by itself, nobody knows when
  std::string unit;                ///< `training_iteration`, or the scheduler's time_attr
  double longest = 0;              ///< most that one trial may spend
  std::vector<PlannedRun> runs;    ///< with 1 slot and with `slots`; scores in random order
  std::optional<PlannedRun> most;  ///< with 1 slot and each trial better than all before; if that spends more
  std::vector<std::string> notes;  ///< what could end it earlier
};

/// `slots`: beside 1. kBadInput, kUnsupported as make_controller.
Result<Plan> plan_experiment(const ExperimentSpec& spec, std::int64_t slots);

}  // namespace tune

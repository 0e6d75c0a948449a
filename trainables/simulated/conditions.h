#pragma once

// What a simulated experiment runs under: how many workers, what a step costs in virtual seconds, how often things
// break. Everything is drawn from counter-based streams keyed by (seed, purpose, trial, attempt and step), so that a
// run of a seed is the same on any machine, whatever its schedulers decide.
//
// Stragglers are those of the ASHA paper (1810.05934, appendix): an attempt takes (1 + |N(0, sigma)|) times as long.
// Crashes and losses come at a constant rate in virtual time, so a long step is hit more often than a short one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "core/metrics.h"
#include "core/result.h"

namespace tune {

struct StepCost {
  enum class Kind {
    kConstant,   ///< `first` seconds
    kMetric,     ///< the reported `metric`: seconds of this step
    kLogNormal,  ///< exp(first + second N(0, 1)) seconds, drawn for each step
    kUniform,    ///< between first and second seconds, drawn for each step
  };
  Kind kind = Kind::kConstant;
  double first = 1, second = 0;
  std::string metric;
};

/// `1`, `metric:NAME`, `lognormal(MU,SIGMA)`, `uniform(LOW,HIGH)`. kBadInput says what is wrong.
Result<StepCost> parse_step_cost(std::string_view text);
/// As parse_step_cost reads it.
std::string to_text(const StepCost& cost);

struct SimulatedConditions {
  static constexpr std::int64_t kMostWorkers = 10'000;

  std::int64_t workers = 1;  ///< trials at a time
  StepCost step;
  double end = 0;         ///< virtual seconds from a trial's last report until its worker is free
  double straggler = 0;   ///< sigma
  double crash_rate = 0;  ///< in [0, 1): chance of a trial's process to die by a signal within a virtual second
  double loss_rate = 0;   ///< in [0, 1): the same of its worker
  std::uint64_t seed = 0;
};

/// kBadInput: which value lies outside of its range.
Result<void> check(const SimulatedConditions& conditions);
/// `1000 workers, a step costs lognormal(0,1), straggler 0.5, seed 7`: for people.
std::string to_text(const SimulatedConditions& conditions);

/// What becomes of one step.
struct SimulatedStep {
  enum class Fate { kDone, kCrash, kLoss };
  Fate fate = Fate::kDone;
  double seconds = 0;  ///< until it is done, or broken off
};

/// `metrics`: what the step reports. `slots` that its trial holds: with k of them it takes a k-th of the time. kTrial:
/// the metric that says what it costs is missing, or is no time.
Result<SimulatedStep> draw_step(const SimulatedConditions& conditions, TrialId trial, Attempt attempt, Step step,
                                const Metrics& metrics, std::int64_t slots = 1);

}  // namespace tune

#pragma once

// The problems that schedulers are compared on: what a configuration reports at each step and what it is worth in the
// end, as functions, so that one process can go through many runs of the same curves. The numbers are those of the
// built-in trainables of the same names, which `tune simulate` runs.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/ids.h"
#include "core/rules.h"
#include "searchspaces/space.h"

namespace tune::quality {

class Problem {
 public:
  virtual ~Problem() = default;

  virtual std::string metric() const { return "loss"; }
  virtual Mode mode() const { return Mode::kMin; }
  virtual Step last() const = 0;
  virtual std::int64_t workers() const = 0;
  /// Budgets in full evaluations, ascending.
  virtual std::vector<double> budgets() const = 0;
  virtual std::vector<Parameter> parameters() const = 0;
  /// Virtual seconds of a step.
  virtual double cost(Step) const { return 1; }
  double full_cost() const;

  /// What is reported at the steps first, first + 1, ...: as many as come cheaply. `seed`: of the run, for noise.
  virtual std::vector<double> reports(const Config& config, Step first, std::uint64_t seed, TrialId trial) const = 0;
  /// What a trial is worth that has reported `value` at `step`, to be made small; nothing: not known at this step.
  virtual std::optional<double> regret(const Config& config, Step step, double value) const = 0;
  /// The regret while nothing is known.
  virtual double worst() const = 0;
};

/// `lcbench TASK WEIGHTS BEST MEDIAN`, `mf_hartmann6 BIAS NOISE`, `ordered`, `crossing`, `noisy`; null: no such
/// problem.
std::unique_ptr<Problem> make_problem(const std::vector<std::string>& words);

}  // namespace tune::quality

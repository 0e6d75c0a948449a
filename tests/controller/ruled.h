#pragma once

// Every scheduler in an experiment of trials that have nothing to do but report random scores, under a schedule of what
// happens to it: what the laws (properties_test.cc) and the corner cases (corners_test.cc) are tried on.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tune/controller/simulation.h"

namespace tune::test {

inline constexpr std::int64_t kMost = 2'000'000;  // entries: an experiment that does not end by then never does

struct Ruled {
  std::string name, type;
  std::vector<std::pair<std::string, Value>> options;
  std::int64_t trials = 25'000;
  Step last = 30;       ///< where a trial returns by itself
  bool by_rank = true;  ///< decides by ranks alone
};

void PrintTo(const Ruled& ruled, std::ostream* out);

/// What happens to an experiment: all of it follows from these numbers.
struct Schedule {
  std::uint64_t seed = 1;
  std::int64_t trials = 1, slots = 1;
  Step last = 30;
  double spread = 0, crashes = 0, losses = 0, nans = 0;
  std::int64_t retries = 1000, checkpoint_every = 0;
  Elastic elastic = Elastic::kNone;
  std::int64_t spare = 0;  ///< slots beyond those that trials may take, for elastic ones
  bool lockstep = false;

  std::string words() const;
};

/// What two runs may differ in.
struct Change {
  std::function<double(double)> metric = [](double v) { return v; };
  std::string parameter = "x";
};

/// `log`: of one that was killed, which goes on.
Simulation simulation_of(const Ruled& ruled, const Schedule& schedule, const Change& change = {},
                         std::vector<LogEntry> log = {});

/// A schedule drawn from a seed, with `1 / parts` of the scheduler's trials.
Schedule drawn(const Ruled& ruled, std::uint64_t seed, std::int64_t parts);

/// Every scheduler that is built, and its variants.
const std::vector<Ruled>& all_ruled();

}  // namespace tune::test

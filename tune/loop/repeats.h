#pragma once

// A trial that goes on from a checkpoint does again the steps that came after it. What it reports of them is stored and
// decides nothing, for the first value counts; but if it differs from the first, the checkpoint does not hold all of
// the trial's state, and people want to know.

#include <optional>
#include <string>

#include "experiments/spec.h"
#include "experiments/store/store.h"

namespace tune {

class RepeatCheck {
 public:
  /// Compares the objectives of a replayed report with what is committed: a warning at the first that differs by more
  /// than 1e-6 of its size, and nothing more after it.
  std::optional<std::string> look(const Store& store, const ExperimentSpec& spec, const Reported& report);

 private:
  bool told_ = false;
};

}  // namespace tune

#include "core/ids.h"

#include <fmt/format.h>

namespace tune {

std::string trial_name(const std::string& experiment, TrialId trial) {
  return fmt::format("{}-{:05}", experiment, trial.value);
}

}  // namespace tune

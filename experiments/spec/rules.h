#pragma once

// The sections that become the plain aggregates of core/rules.h. Each takes the section as it stands in the file, null
// if it does not, and returns what could be read; faults go to `reading.faults`.

#include <optional>
#include <string>
#include <vector>

#include "core/rules.h"
#include "experiments/spec/fields.h"

namespace tune {

/// Their metrics, in order.
std::vector<std::string> metrics_of(const std::vector<Objective>& objectives);
std::vector<Objective> read_objectives(const Member* section, const Reading& reading);
StopRules read_stop(const Member* section, const std::vector<Objective>& objectives, const Reading& reading);
Resources read_resources(const Member* section, const Reading& reading);
Retries read_retries(const Member* section, const Reading& reading);
Limits read_limits(const Member* section, const Reading& reading);
Runtime read_runtime(const Member* section, const Reading& reading);
CheckpointPolicy read_checkpoint(const Member* section, const Reading& reading);

struct BudgetReading {
  Budget budget;
  bool ends = false;  ///< trials or time is given, if perhaps with a fault
};
BudgetReading read_budget(const Member* section, const std::vector<Objective>& objectives, const Reading& reading);

}  // namespace tune

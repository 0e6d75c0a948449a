#pragma once

// The workers of a controller that is dead: they live on for a lease, and so do their trials.

#include <string_view>

namespace tune {

/// Kills the worker processes that `launches_json` (ProcessWorkers::launches_json, as the store kept it) names, if they
/// are still those and not others that got their number, then everything that carries their mark, and waits until all
/// is gone. Text that is no list of launches is none. The number of workers that were alive.
int end_leftover_workers(std::string_view launches_json);

}  // namespace tune

#pragma once

// Schedulers that are known by name and not built yet. Their options are those that files will use, so a reader can
// refuse them by name and tell a misspelt option from one of another scheduler.

#include <vector>

#include "core/options.h"

namespace tune {

std::vector<AlgorithmInfo> planned_schedulers();

}  // namespace tune

#pragma once

// Checks of the options that everything with rungs has: time_attr, grace_period, max_t.

#include <vector>

#include "core/options.h"

namespace tune {

/// Their faults, alone and together; nothing if they are sound.
std::vector<OptionFault> check_rung_options(const Options& options);

}  // namespace tune

#pragma once

// Checks of the options that everything with rungs has: time_attr, grace_period, max_t.

#include <vector>

#include "core/options.h"

namespace tune {

/// Whether grace_period is `auto` (rung_trust.h).
bool has_auto_grace(const Options& options);

/// Their faults, alone and together; nothing if they are sound.
std::vector<OptionFault> check_rung_options(const Options& options);

}  // namespace tune

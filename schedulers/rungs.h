#pragma once

// Rung arithmetic in integers: multiply with an overflow guard, never logarithms. `int(log(R/r)/log(eta))`, as found in
// the wild, is one too few for (r,R,eta) = (1,243,3), (1,1000,10) and others.

#include <cstdint>
#include <vector>

namespace tune {

/// How often r can be multiplied by eta while staying <= R. Requires: 1 <= r, eta >= 2; 0 if r >= R.
std::int64_t s_max(std::int64_t r, std::int64_t max_t, std::int64_t eta);

/// ASHA levels of bracket s: r*eta^s, r*eta^(s+1), ... while <= R; R is added as the terminal level if the last is below
/// it. The last level takes no decision: trials that pass the one before run to R.
std::vector<std::int64_t> asha_levels(std::int64_t r, std::int64_t max_t, std::int64_t eta, std::int64_t s);

/// HyperBand's n(s) = ceil((s_max+1) * eta^s / (s+1)), saturating.
std::int64_t hyperband_n(std::int64_t s_max, std::int64_t eta, std::int64_t s);

}  // namespace tune

#pragma once

// Rung arithmetic in integers: multiply with an overflow guard, never logarithms. `int(log(R/r)/log(eta))`, as found in
// the wild, is one too few for (r,R,eta) = (1,243,3), (1,1000,10) and others; `int(R * eta**-s)` is one too few, or 0,
// for (729,3,6), (49,7,2) and others.
//
// Names as in the papers: r = grace_period, R = max_t, eta = reduction_factor, s = a bracket.

#include <cstdint>
#include <vector>

namespace tune {

/// How often r can be multiplied by eta while staying <= R. Requires: 1 <= r, eta >= 2; 0 if r >= R.
std::int64_t s_max(std::int64_t r, std::int64_t max_t, std::int64_t eta);

/// ASHA levels of bracket s: r*eta^s, r*eta^(s+1), ... while <= R; R is added as the terminal level if the last is
/// below it. The last level takes no decision: trials that pass the one before run to R.
std::vector<std::int64_t> asha_levels(std::int64_t r, std::int64_t max_t, std::int64_t eta, std::int64_t s);

/// The same two for a time that is no count, such as seconds: levels by repeated multiplication, compared by `t >=
/// level`. A level within 1e-12 of R is R, so that rounding makes no rung beside it. Requires: 0 < r, both finite.
std::int64_t real_s_max(double r, double max_t, std::int64_t eta);
std::vector<double> real_asha_levels(double r, double max_t, std::int64_t eta, std::int64_t s);

/// The levels that `grace_period: auto` watches, ascending: of a count the powers of 2 below R, the ten largest at
/// most, and R; of a time that is no count R/1024, R/512, ..., R.
std::vector<std::int64_t> auto_levels(std::int64_t max_t);
std::vector<double> real_auto_levels(double max_t);

/// HyperBand's n(s) = ceil((s_max+1) * eta^s / (s+1)), saturating at 2^63-1. Requires: 0 <= s <= s_max.
std::int64_t hyperband_n(std::int64_t s_max, std::int64_t eta, std::int64_t s);

/// HyperBand levels of bracket s: R / eta^(s-i), i = 0..s, in integer division; the last is R exactly. Requires: s <=
/// s_max of r = 1, so that no level is 0.
std::vector<std::int64_t> hyperband_levels(std::int64_t max_t, std::int64_t eta, std::int64_t s);

/// eta^k, saturating at 2^63-1.
std::int64_t power(std::int64_t eta, std::int64_t k);

}  // namespace tune

#pragma once

// The doubles that are no ordinary numbers, named for the tests of this room.

#include <limits>

namespace tune {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace tune

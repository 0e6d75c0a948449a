#pragma once

// The wall clock, for what is shown and stored beside events. Nothing is decided by it: it jumps.

#include <chrono>

namespace tune {

/// Seconds since 1970, UTC.
inline double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace tune

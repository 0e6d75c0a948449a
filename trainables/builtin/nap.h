#pragma once

// Time that passes inside a trial, and the ear it keeps open meanwhile.

#include <algorithm>
#include <chrono>
#include <thread>

#include "trainables/include/tune/trainable.h"

namespace tune {

/// Waits that long; false as soon as tune wants the trial to leave (noticed within 10 ms).
inline bool nap(const Trial& trial, double seconds) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  const auto begin = Clock::now();
  for (;;) {
    const Seconds left = Seconds(seconds) - (Clock::now() - begin);
    if (left.count() <= 0) return true;
    if (trial.should_stop()) return false;
    std::this_thread::sleep_for(std::min(left, Seconds(0.01)));
  }
}

}  // namespace tune

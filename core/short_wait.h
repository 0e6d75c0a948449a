#pragma once

// A wait that begins by looking again and again, where the waits before it were short: a thread that sleeps takes tens
// of microseconds to wake, more than a trial of microseconds lasts. Adaptive, so that where waits are long each costs
// one sleep and no more.

#include <chrono>
#include <thread>

namespace tune {

/// One thread's waits for one kind of thing. Thread rule: used by one thread.
class ShortWait {
 public:
  /// Returns when `look()` has found something or `sleep()` has returned. `look` is quick and does not block.
  template <class Look, class Sleep>
  void wait(Look look, Sleep sleep) {
    using Clock = std::chrono::steady_clock;
    if (look()) return;
    const Clock::time_point begin = Clock::now();
    while (was_short_ && Clock::now() - begin < kWindow) {
      std::this_thread::yield();
      if (look()) return;
    }
    sleep();
    was_short_ = Clock::now() - begin < kShort;
  }

 private:
  static constexpr std::chrono::microseconds kWindow{
      50};  ///< about what waking costs: at worst a wait costs twice that
  static constexpr std::chrono::microseconds kShort{150};  ///< a wait that the window would have saved, with its waking
  bool was_short_ = false;
};

}  // namespace tune

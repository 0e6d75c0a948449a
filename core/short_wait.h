#pragma once

// A wait that begins by looking again and again, where the waits before it were short: a thread that sleeps takes tens of
// microseconds to wake, more than a trial of microseconds lasts. Adaptive, so that where waits are long each costs one
// sleep and no more.

#include <atomic>
#include <chrono>
#include <thread>

namespace tune {

/// How many threads may look at a time: one that looks takes a core from those that work.
class LookingSeats {
 public:
  explicit LookingSeats(int seats) : free_(seats) {}
  bool take() {
    if (free_.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    leave();
    return false;
  }
  void leave() { free_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<int> free_;
};

/// One thread's waits for one kind of thing. Thread rule: used by one thread.
class ShortWait {
 public:
  /// `seats`: shared with other threads, and outlives this; null: this thread looks whenever its waits are short.
  explicit ShortWait(LookingSeats* seats = nullptr) : seats_(seats) {}

  /// Returns when `look()` has found something or `sleep()` has returned. `look` is quick and does not block.
  template <class Look, class Sleep>
  void wait(Look look, Sleep sleep) {
    using Clock = std::chrono::steady_clock;
    if (look()) return;
    const Clock::time_point begin = Clock::now();
    if (was_short_ && (seats_ == nullptr || seats_->take())) {
      bool found = false;
      while (!found && Clock::now() - begin < kWindow) {
        std::this_thread::yield();
        found = look();
      }
      if (seats_ != nullptr) seats_->leave();
      if (found) return;
    }
    sleep();
    was_short_ = Clock::now() - begin < kShort;
  }

 private:
  static constexpr std::chrono::microseconds kWindow{50};  ///< about what waking costs: at worst a wait costs twice that
  static constexpr std::chrono::microseconds kShort{150};  ///< a wait that the window would have saved, with its waking
  LookingSeats* seats_;
  bool was_short_ = false;
};

}  // namespace tune

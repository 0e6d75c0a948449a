#pragma once

// A function that can be left in the middle and gone on with: its own stack, the same thread. Thousands of trials that
// each sit in a call of report() cost a stack apiece (pages that were touched) and no thread.
//
// POSIX ucontext, which Debian's Boost.Context would add a library for. Both sanitizers that must know of a change of
// stacks are told.
//
// Thread rule: a fiber is resumed by the thread that made it.

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace tune {

/// Stacks that fibers have left, for the next ones.
class FiberStacks {
 public:
  /// Address space of one stack; the page below it is a guard. Memory is used as far as it is touched.
  static constexpr std::size_t kSize = 1u << 20;

  FiberStacks() = default;
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;
  ~FiberStacks();

  /// The lowest usable byte of a stack; null: the system gives no more.
  void* take();
  void give_back(void* stack);

 private:
  std::vector<void*> free_;
};

class Fiber {
 public:
  /// `body` must not let an exception through. The first resume() begins it. `stacks` outlives the fiber.
  Fiber(FiberStacks& stacks, std::function<void()> body);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  /// Requires: it has not begun, or is done: what lives on its stack is not destroyed here.
  ~Fiber();

  /// False: there was no memory for a stack, and resume() must not be called.
  bool usable() const { return stack_ != nullptr; }
  /// Runs it until it yields or ends. Requires: not done().
  void resume();
  /// Within the fiber: back to whoever resumed it.
  void yield();
  bool done() const { return done_; }

 private:
  static void enter(unsigned high, unsigned low);
  void switch_over(ucontext_t& from, ucontext_t& to, bool into_fiber);

  FiberStacks& stacks_;
  std::function<void()> body_;
  void* stack_;
  ucontext_t outside_{}, inside_{};
  bool done_ = false;
  // Exceptions that are being handled, of the side that does not run: the C++ runtime counts them by thread.
  struct Handled {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  } handled_;
  // For the sanitizers.
  void* fake_stack_ = nullptr;
  const void* outside_stack_ = nullptr;
  std::size_t outside_size_ = 0;
  void* tsan_inside_ = nullptr;
  void* tsan_outside_ = nullptr;
};

}  // namespace tune

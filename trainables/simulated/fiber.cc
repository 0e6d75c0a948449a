#include "trainables/simulated/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace tune {
namespace {

std::size_t guard_size() {
  static const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return kPage;
}

}  // namespace

// --- Stacks ----------------------------------------------------------------------------------------------------------

FiberStacks::~FiberStacks() {
  for (void* stack : free_) ::munmap(static_cast<char*>(stack) - guard_size(), kSize + guard_size());
}

void* FiberStacks::take() {
  if (!free_.empty()) {
    void* const stack = free_.back();
    free_.pop_back();
    return stack;
  }
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
  void* const all = ::mmap(nullptr, kSize + guard_size(), PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  if (::mprotect(all, guard_size(), PROT_NONE) != 0) {
    ::munmap(all, kSize + guard_size());
    return nullptr;
  }
  return static_cast<char*>(all) + guard_size();
}

void FiberStacks::give_back(void* stack) { free_.push_back(stack); }

// --- Fiber -----------------------------------------------------------------------------------------------------------

Fiber::Fiber(FiberStacks& stacks, std::function<void()> body)
    : stacks_(stacks), body_(std::move(body)), stack_(stacks.take()) {
  if (stack_ == nullptr) return;
  ::getcontext(&inside_);
  inside_.uc_stack.ss_sp = stack_;
  inside_.uc_stack.ss_size = FiberStacks::kSize;
  inside_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&inside_, reinterpret_cast<void (*)()>(enter), 2, static_cast<unsigned>(self >> 32),
                static_cast<unsigned>(self & 0xffffffffu));
#if defined(__SANITIZE_THREAD__)
  tsan_inside_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  if (tsan_inside_ != nullptr) __tsan_destroy_fiber(tsan_inside_);
#endif
  if (stack_ != nullptr) stacks_.give_back(stack_);
}

void Fiber::enter(unsigned high, unsigned low) {
  auto* const self = reinterpret_cast<Fiber*>((static_cast<std::uintptr_t>(high) << 32) | low);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self->outside_stack_, &self->outside_size_);
#endif
  self->body_();
  self->done_ = true;
  self->switch_over(self->inside_, self->outside_, false);
}

void Fiber::resume() { switch_over(outside_, inside_, true); }

void Fiber::yield() { switch_over(inside_, outside_, false); }

void Fiber::switch_over(ucontext_t& from, ucontext_t& to, bool into_fiber) {
  // The other side's exceptions in the hands of the runtime, ours kept.
  static_assert(sizeof(Handled) == 2 * sizeof(void*), "as the Itanium C++ ABI lays out __cxa_eh_globals");
  Handled ours;
  void* const globals = abi::__cxa_get_globals();
  std::memcpy(&ours, globals, sizeof ours);
  std::memcpy(globals, &handled_, sizeof handled_);
  handled_ = ours;
#if defined(__SANITIZE_ADDRESS__)
  void* fake = nullptr;
  if (into_fiber) {
    __sanitizer_start_switch_fiber(&fake, stack_, FiberStacks::kSize);
  } else {
    __sanitizer_start_switch_fiber(done_ ? nullptr : &fake_stack_, outside_stack_, outside_size_);
  }
#endif
#if defined(__SANITIZE_THREAD__)
  if (into_fiber) tsan_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(into_fiber ? tsan_inside_ : tsan_outside_, 0);
#endif
  (void)into_fiber;
  ::swapcontext(&from, &to);
#if defined(__SANITIZE_ADDRESS__)
  if (into_fiber) {
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
  } else {
    __sanitizer_finish_switch_fiber(fake_stack_, &outside_stack_, &outside_size_);
  }
#endif
}

}  // namespace tune

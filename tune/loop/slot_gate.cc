#include "tune/loop/slot_gate.h"

#include <algorithm>

namespace tune {

void SlotGate::open(std::int64_t slots, std::int64_t capacity) {
  limit_ = slots < capacity ? std::optional(slots) : std::nullopt;
}

bool SlotGate::pass(AttemptKey attempt) {
  if (waiting_.empty() && has_room()) {
    outside_.insert(attempt);
    return true;
  }
  waiting_.push_back(attempt);
  return false;
}

std::optional<SlotGate::AttemptKey> SlotGate::next() {
  if (waiting_.empty() || !has_room()) return std::nullopt;
  const AttemptKey attempt = waiting_.front();
  waiting_.pop_front();
  outside_.insert(attempt);
  return attempt;
}

bool SlotGate::take_back(AttemptKey attempt) {
  const auto place = std::ranges::find(waiting_, attempt);
  if (place == waiting_.end()) return false;
  waiting_.erase(place);
  return true;
}

}  // namespace tune

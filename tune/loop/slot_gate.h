#pragma once

// Holds back what the workers should not start yet. Workers run as many trials as the machine's slots hold; where
// budget.concurrency allows fewer, which may change while they run, the rest of what was granted waits here and goes
// the moment an attempt ends.
//
// Thread rule: the loop's thread only.

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "core/ids.h"

namespace tune {

class SlotGate {
 public:
  using AttemptKey = std::pair<TrialId, Attempt>;

  /// `slots`: trials at a time now; `capacity`: what the workers run. With as many slots nothing is held back: what is
  /// granted ahead waits at the workers, one hop nearer.
  void open(std::int64_t slots, std::int64_t capacity);

  /// Whether the attempt may go to the workers now; if not, it waits.
  bool pass(AttemptKey attempt);
  /// An attempt that is with the workers already, whether there is room or not.
  void take(AttemptKey attempt) { outside_.insert(attempt); }
  /// Its end has arrived.
  void left(AttemptKey attempt) { outside_.erase(attempt); }
  /// The next that may go; it counts as gone to the workers.
  std::optional<AttemptKey> next();
  /// Whether it waited here; it waits no more.
  bool take_back(AttemptKey attempt);

 private:
  bool has_room() const { return !limit_ || static_cast<std::int64_t>(outside_.size()) < *limit_; }

  std::optional<std::int64_t> limit_;
  std::set<AttemptKey> outside_;    // with the workers
  std::deque<AttemptKey> waiting_;  // in the order of their grants
};

}  // namespace tune

#pragma once

// Assignments that wait for a slot of their worker, first come, first served; meanwhile the large checkpoint that one
// begins with is fetched, so that its trial need not wait for it.
//
// Thread rule: the loop's thread.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/dialogue.h"

namespace tune {

struct QueuedAssignment {
  Assign assign;
  bool fetching = false;
  Fd checkpoint;      ///< of a fetched one
  std::string fault;  ///< it cannot be had

  wire::AttemptKey key() const { return wire::key_of(assign); }
};

class AssignmentQueue {
 public:
  /// `fetched`: next() may be another. `dialogue` must outlive this object.
  AssignmentQueue(Dialogue& dialogue, std::function<void()> fetched)
      : dialogue_(dialogue), fetched_(std::move(fetched)) {}
  ~AssignmentQueue() { *alive_ = false; }

  void add(Assign assign);
  /// The first one, if it can begin; else null.
  const QueuedAssignment* next() const;
  /// Requires: next().
  QueuedAssignment take_next();
  /// It could not begin after all.
  void put_back(QueuedAssignment first) { queue_.push_front(std::move(first)); }
  /// Takes out the one of this attempt, if it waits here.
  std::optional<QueuedAssignment> take(const wire::AttemptKey& key);
  void clear() { queue_.clear(); }

  bool empty() const { return queue_.empty(); }
  bool holds(const wire::AttemptKey& key) const;
  /// In their order.
  std::vector<wire::AttemptKey> keys() const;

 private:
  Dialogue& dialogue_;
  std::function<void()> fetched_;
  std::deque<QueuedAssignment> queue_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune

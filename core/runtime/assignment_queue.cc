#include "core/runtime/assignment_queue.h"

#include <algorithm>
#include <utility>

namespace tune {

void AssignmentQueue::add(Assign assign) {
  const bool fetches = assign.checkpoint && assign.checkpoint->external;
  queue_.push_back({std::move(assign), fetches, {}, {}});
  if (!fetches) return;
  const Assign& queued = queue_.back().assign;
  dialogue_.fetch(queued.checkpoint_id, *queued.checkpoint,
                  [this, alive = alive_, key = wire::key_of(queued)](Result<Fd> file) {
                    if (!*alive) return;
                    const auto waiting = std::ranges::find(queue_, key, &QueuedAssignment::key);
                    if (waiting == queue_.end()) return;
                    waiting->fetching = false;
                    if (file) {
                      waiting->checkpoint = *std::move(file);
                    } else {
                      waiting->fault = file.error().message;
                    }
                    fetched_();
                  });
}

const QueuedAssignment* AssignmentQueue::next() const {
  return queue_.empty() || queue_.front().fetching ? nullptr : &queue_.front();
}

QueuedAssignment AssignmentQueue::take_next() {
  QueuedAssignment next = std::move(queue_.front());
  queue_.pop_front();
  return next;
}

std::optional<QueuedAssignment> AssignmentQueue::take(const wire::AttemptKey& key) {
  const auto found = std::ranges::find(queue_, key, &QueuedAssignment::key);
  if (found == queue_.end()) return std::nullopt;
  QueuedAssignment taken = std::move(*found);
  queue_.erase(found);
  return taken;
}

bool AssignmentQueue::holds(const wire::AttemptKey& key) const {
  return std::ranges::find(queue_, key, &QueuedAssignment::key) != queue_.end();
}

std::vector<wire::AttemptKey> AssignmentQueue::keys() const {
  std::vector<wire::AttemptKey> keys;
  keys.reserve(queue_.size());
  for (const QueuedAssignment& queued : queue_) keys.push_back(queued.key());
  return keys;
}

}  // namespace tune

#pragma once

// The loop's side of trials in threads: which attempts there are, and messages in order, each once the bytes of its
// checkpoint are with the store.
//
// Thread rule: the loop's thread only.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "core/workers.h"
#include "trainables/threads/pool.h"

namespace tune {

/// Checkpoints up to this size travel inside their message; larger ones go through the CheckpointChannel before it.
inline constexpr std::size_t kMaxInline = 256u << 10;

class ThreadWorkers::Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  Delivery(Handler& handler, CheckpointChannel& channel, std::shared_ptr<Pool> pool)
      : handler_(&handler), channel_(&channel), pool_(std::move(pool)) {}

  void ready(const Result<TrainableInfo>& info);
  void add(std::shared_ptr<Job> job);
  void tell(TrialId trial, Attempt attempt, TrialInput input);
  /// Calls the handler for everything that waits.
  void deliver();
  /// No callback from now on; trials that wait for an answer get none and leave.
  void close();

 private:
  using Key = std::pair<TrialId, Attempt>;

  void take(WorkerMessage message);
  void hand_on(WorkerMessage message, std::uint64_t large);
  /// Stores the checkpoint of the message at the front of the attempt's backlog, from `offset` on.
  void store(Key attempt, std::uint64_t large, std::size_t offset);
  void stored(Key attempt, std::uint64_t large, Result<CheckpointInfo> info);
  void fetch(const std::shared_ptr<Job>& job);
  void fetched(const std::shared_ptr<Job>& job, std::string fault);

  Handler* handler_;
  CheckpointChannel* channel_;
  std::shared_ptr<Pool> pool_;
  std::map<Key, std::shared_ptr<Job>> jobs_;           ///< assigned, and not yet done
  std::map<Key, std::deque<WorkerMessage>> backlogs_;  ///< the first waits for the store, the others for the first
  std::uint64_t last_large_ = 0;
};

}  // namespace tune

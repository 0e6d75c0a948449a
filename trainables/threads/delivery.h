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
#include "trainables/run/checkpoints.h"
#include "trainables/threads/pool.h"

namespace tune {

class ThreadWorkers::Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  Delivery(Handler& handler, CheckpointChannel& channel, std::shared_ptr<Pool> pool)
      : handler_(&handler), carrier_(std::make_unique<CheckpointCarrier>(channel)), pool_(std::move(pool)) {}

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
  void stored(Key attempt, std::uint64_t large, const Result<CheckpointInfo>& info);

  Handler* handler_;
  std::unique_ptr<CheckpointCarrier> carrier_;  ///< its callbacks end with it
  std::shared_ptr<Pool> pool_;
  std::map<Key, std::shared_ptr<Job>> jobs_;           ///< assigned, and not yet done
  std::map<Key, std::deque<WorkerMessage>> backlogs_;  ///< the first waits for the store, the others for the first
};

}  // namespace tune

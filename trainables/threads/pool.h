#pragma once

// The side of the trials' threads: jobs in, messages out. Knows nothing of the loop but a function to call when the
// first message of a burst is there.
//
// Thread rule: every public function may be called from any thread.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/frames.h"
#include "core/messages.h"
#include "core/short_wait.h"
#include "trainables/run/loader.h"
#include "trainables/run/trial_port.h"
#include "trainables/threads/thread_workers.h"

namespace tune {

/// What a trial that runs is told. Closed: nobody speaks any more.
class Mailbox {
 public:
  void put(TrialInput input);
  void close();
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }
  Result<std::optional<TrialInput>> take();
  /// The same, after a wait for what is not there yet.
  Result<std::optional<TrialInput>> take(ShortWait& wait);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<TrialInput> inputs_;
  std::atomic<bool> any_{false};  ///< so that asking costs no lock where there is nothing
  std::atomic<bool> closed_{false};
};

/// One attempt, from assign to its end.
struct Job {
  Begin begin;
  std::string checkpoint;       ///< bytes to continue from
  std::string checkpoint_lost;  ///< why they cannot be had, or empty
  bool ready = true;            ///< false: its checkpoint is still on its way (guarded by the pool)
  Mailbox mailbox;
};

class ThreadWorkers::Pool : public std::enable_shared_from_this<Pool> {
 public:
  /// `burst` is called, on any thread, when messages wait and it has not been called since the last take_messages(). It
  /// must not call back at once: the pool is locked, so that it is never called after close().
  explicit Pool(std::function<void()> burst) : burst_(std::move(burst)) {}

  /// Starts `threads` threads that run trials of `trainable`. kIo if the system gives none.
  Result<void> start(const LoadedTrainable& trainable, std::int64_t threads);
  /// Jobs start in the order in which they are added; one that is not ready holds up those behind it.
  void add(std::shared_ptr<Job> job);
  void set_ready(Job& job);
  /// Takes back a job that has not been started; false: it has.
  bool withdraw(const Job& job);
  void put(WorkerMessage message);
  std::vector<WorkerMessage> take_messages();
  /// Nothing new starts; waits until all threads have ended, `grace` at most. False: some go on, detached.
  bool close(std::chrono::milliseconds grace);

 private:
  static void work(const std::shared_ptr<Pool>& self);
  std::shared_ptr<Job> next(ShortWait& wait);
  void run(Job& job, class Actor& actor, ShortWait& wait);
  bool has_work() const { return closing_ || (!jobs_.empty() && jobs_.front()->ready); }
  void work_changed();

  std::function<void()> burst_;
  const tune_trainable* table_ = nullptr;

  std::atomic<bool> has_work_{false};  ///< has_work() as it was when the lock was last given up
  std::mutex mutex_;                   ///< guards all below
  std::condition_variable work_, ended_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<WorkerMessage> messages_;
  bool closing_ = false;
  std::size_t alive_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tune

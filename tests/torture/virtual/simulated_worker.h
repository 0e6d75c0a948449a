#pragma once

// A worker process in virtual time: the real worker's half of the conversation, spool, numbers and rules of an attempt;
// trials that are a few lines. What it hands in is a real file.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/runtime/attempt.h"
#include "core/runtime/conversation.h"
#include "tests/torture/virtual/network.h"
#include "tests/torture/virtual/stored.h"

namespace tune::torture {

/// What all workers of a schedule have in common.
struct WorkerSetup {
  std::int64_t slots = 1;
  double lease = 1;
  Step steps = 5;             ///< after which a trial has ended by itself
  double step_seconds = 0.1;  ///< at most
  bool large_checkpoints = false;
  std::string folder;  ///< for hand-ins
  std::function<Metrics(TrialId, Step)> metrics;
  /// Connects to the controller with this pid, if it listens.
  std::function<std::shared_ptr<End>(Pid worker, Pid controller)> connect;
};

class SimulatedWorker {
 public:
  using Key = wire::AttemptKey;

  SimulatedWorker(World& world, Stored& stored, const WorkerSetup& setup, std::int64_t launch, Pid controller);

  Pid pid() const { return pid_; }
  /// Whether it ended as it should without a controller, and was not killed.
  bool left_by_itself() const { return has_left_; }

  // --- what may befall it
  void fork_server_dies();
  void trial_dies();
  void trial_stands_still(double seconds);

 private:
  /// A trial's process: what it knows itself.
  struct Process {
    Step step = 0;
    Seq said = 0, waits_for = 0;
    Wait wait;
    bool gone = false;
    double stands_until = 0;
    double out_last = 0, in_last = 0;  ///< arrival of the last word either way
  };
  struct Running {
    RunningAttempt attempt;
    std::shared_ptr<Process> process;
  };

  // --- the conversation
  void connect();
  void disconnected();
  void beat();
  void alone();

  // --- the trials
  void assign(Assign assign);
  void pump();
  void begin(Assign assign);
  void acknowledge(const Ack& ack);
  void order(const Order& order);
  void fence(const Key& key);
  std::vector<Key> held() const;
  void end(const Key& key, EndKind how, Cause cause);
  /// On the trial's way to the worker, and back.
  void from_trial(const Key& key, const std::shared_ptr<Process>& process, std::function<void(Running&)> what);
  void to_trial(const Key& key, const std::shared_ptr<Process>& process, std::function<void()> what);
  void next_step(const Key& key, const std::shared_ptr<Process>& process);
  void step(const Key& key, const std::shared_ptr<Process>& process);
  void save_and_leave(const Key& key, const std::shared_ptr<Process>& process, OrderKind kind);
  template <class Message>
  void keep(Running& running, Message message, bool saves, bool waits, Step step);

  World& world_;
  Stored& stored_;
  const WorkerSetup& setup_;
  Pid pid_;
  std::int64_t launch_;
  Pid controller_;
  std::shared_ptr<End> end_;
  Conversation conversation_;
  std::deque<Assign> queue_;
  std::map<Key, Running> running_;
  bool is_alone_ = false, has_left_ = false;
};

/// The name of a launch in hand-ins and Hello.
std::string launch_name(std::int64_t launch);

}  // namespace tune::torture

#pragma once

// What a worker does with its assignments: so many trials at a time as it has slots, each in a process of the fork
// server, forked ahead where that is free; their reports on to the controller, answers and orders down to them; limits;
// and for each the one end it had. See attempt.h for the rules that need no process.
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/assignment_queue.h"
#include "core/runtime/attempt.h"
#include "core/runtime/dialogue.h"
#include "core/runtime/disk_gate.h"
#include "core/runtime/host_process.h"
#include "core/runtime/host_watch.h"
#include "core/runtime/trial_process.h"
#include "core/runtime/worker.h"

namespace tune {

class TrialRunner {
 public:
  using Key = wire::AttemptKey;

  /// `give_up`: no fork server can be had any more. Both references must outlive this object.
  TrialRunner(boost::asio::io_context& io, const WorkerOptions& options, Dialogue& dialogue,
              std::function<void(std::string)> give_up);
  ~TrialRunner();

  void start();

  void assign(Assign assign);
  void acknowledge(const Ack& ack);
  void order(const Order& order);
  void fence(const Key& key);
  std::vector<Key> held() const;
  /// Trials that were held up by a full spool may go on.
  void room();

  /// Tells all trials to save and leave, and calls `done` when none is left.
  void interrupt_all(const std::string& why, double grace, std::function<void()> done);
  /// Kills everything, waits until it is gone. No event any more.
  void end_all();

 private:
  struct Running {
    RunningAttempt attempt;
    TrialProcess* process = nullptr;
  };

  // --- trial_runner.cc: starting and ending
  void pump();
  void pump_unless_ended() {
    if (!ended_) pump();
  }
  bool begin(QueuedAssignment& next);  ///< false: not now
  void hand_over(Running& running, Fd checkpoint);
  void settle(Running& running);
  std::vector<std::int64_t> free_slots() const;
  /// How many the assignment takes.
  std::size_t slots_of(const Assign& assign) const;
  TrialProcess* process_for(const ProcessProfile& profile);
  ProcessProfile profile_of(const std::vector<std::int64_t>& slots, std::uint64_t memory) const;
  TrialProcess* spawn(const ProcessProfile& profile);
  void fork_ahead();
  void finish(Running& running, const Exited& exited);
  void end_queued(const Key& key, const Ended& end);
  void lose(const Key& key, Seq seq, const std::string& why);
  void retire(TrialProcess& process);
  Running* find(const Key& key);
  std::string mark(std::int64_t process) const;  ///< TUNE_ATTEMPT; 0: the fork server's
  Running* running_in(const TrialProcess& process) { return process.runs ? find(*process.runs) : nullptr; }

  // --- trial_runner_events.cc: what processes and fork server do
  void host_ready(Ready ready);
  void forked(const Spawned& spawned);
  void exited(const Exited& exited);
  void bury(std::int64_t number, double since);
  struct Orphan {
    pid_t pid = 0;
    bool is_its = false;  ///< false: it cannot be told yet
    bool has_mark = true;
  };
  std::optional<std::vector<Orphan>> orphans_of(const TrialProcess& process) const;
  bool runs_alone(const TrialProcess& process) const { return running_.size() == (process.runs ? 1u : 0u); }
  bool end_strays(const TrialProcess& process, double since);
  void host_gone(const std::string& how);
  std::set<std::int64_t> owed_by_host() const;
  void end_host_that_stands_still();
  void bury_all(const std::string& why, double until);
  void restart_host();
  void later(std::chrono::milliseconds delay, std::function<void()> what);
  void frame(TrialProcess& process, ReceivedFrame received);
  template <class Message>
  void take_message(Running& running, Message message, std::uint64_t size, std::vector<Fd> descriptors);
  void take_end(Running& running, const Ended& end);
  void reuse(Running& running);
  void printed(TrialProcess& process);

  // --- trial_runner_limits.cc: time, memory and force
  void kill(Running& running, Sentence sentence);
  void tell_to_leave(Running& running, OrderKind kind, double grace, const std::string& why);
  void watch_limits();
  void look_at_limits();
  void enclose(TrialProcess& process);
  bool killed_in_group(const Running& running) const;
  std::uint64_t shared_kills() const;
  std::uint64_t shared_kills_before(double now);
  MemoryKill memory_kill_of(const Running& running);
  void watch_memory();
  std::vector<pid_t> started_by(const TrialProcess& process) const;
  void look_at_memory(Running& running);

  boost::asio::io_context& io_;
  const WorkerOptions& options_;
  Dialogue& dialogue_;
  std::function<void(std::string)> give_up_;
  DiskGate disk_;
  AssignmentQueue queue_;
  std::unique_ptr<HostProcess> host_;
  HostWatch host_watch_;
  bool host_is_ready_ = false, loaded_once_ = false, refused_ = false, reuses_ = false, ended_ = false,
       said_full_ = false;
  int host_failures_ = 0;  // in a row, without a word of a trial in between
  std::map<std::int64_t, std::unique_ptr<TrialProcess>> processes_;
  std::map<pid_t, std::int64_t> by_pid_;
  std::int64_t next_process_ = 1;
  std::uint64_t memory_limit_ = 0;  // of the last assignment: what to fork ahead for
  std::map<Key, Running> running_;
  std::string memory_events_;                         // of the worker's own group; empty: it has none
  std::uint64_t memory_kills_ = 0;                    // of the machine, at the last SIGKILL
  std::uint64_t last_kills_ = 0;                      // of the own group, when it was last looked at
  double looked_at_kills_ = -1;                       // running_seconds
  std::uint64_t told_kills_ = 0;                      // of the own group: each tells the end of one trial
  std::optional<std::optional<std::string>> groups_;  // folder of memory groups; the outer: not looked for yet
  std::optional<double> limits_armed_;
  bool memory_armed_ = false;
  std::function<void()> when_empty_;
  boost::asio::steady_timer limits_timer_, memory_timer_, host_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune

#pragma once

// Trials as threads of this process, for those that last microseconds: no fork, no socket, the same messages.
//
// What a process can do and a thread cannot: be killed. An order to stop, a time or memory limit, and a second Ctrl-C
// reach a trial only where it asks (report, should_stop); one that never asks goes on. A crash, exit or abort in a
// trial ends the whole program (which resumes from its database as after any kill). Hence `isolation: thread` is for
// trainables that declare it, or for people who ask for it.
//
// Thread rule: all of Workers is called on the loop's thread, and calls back there.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/workers.h"
#include "trainables/host/compiled_in.h"

namespace tune {

class ThreadWorkers : public Workers {
 public:
  /// Runs a function on the loop's thread, soon but not within the call; may be called from any thread. Not called for
  /// every message: what arrives in a burst is delivered by one call.
  using Post = std::function<void(std::function<void()>)>;

  /// An attempt that asks for a directory gets `<attempts_dir>/<experiment_name>/<trial name>.<attempt>`. `grace`: how
  /// long shut_down() waits for trials to leave.
  ThreadWorkers(TrainableRef ref, SlotPlan plan, Post post, std::string experiment_name, std::string attempts_dir,
                CompiledIn compiled_in = tune::compiled_in(),
                std::chrono::milliseconds grace = std::chrono::seconds(2));
  ~ThreadWorkers() override;

  void start(Handler& handler, CheckpointChannel& channel) override;
  void assign(Assign assign) override;
  void acknowledge(const Ack& ack) override;
  void order(const Order& order) override;
  /// Tells every trial to leave and waits for them, `grace` at most.
  void shut_down() override;
  /// After shut_down(): trials that did not leave still run, on threads that are detached. They touch nothing of this
  /// object, but the program must then end by _exit, without destroying what they may use.
  bool stuck() const { return stuck_; }

  class Pool;  ///< private to this folder, as the next
  class Delivery;

 private:
  TrainableRef ref_;
  SlotPlan plan_;
  std::string directory_;
  CompiledIn compiled_in_;
  std::chrono::milliseconds grace_;
  Post post_;
  bool stuck_ = false;
  std::shared_ptr<Pool> pool_;          ///< the side of the trials' threads, which may outlive this object
  std::shared_ptr<Delivery> delivery_;  ///< the loop's side
};

}  // namespace tune

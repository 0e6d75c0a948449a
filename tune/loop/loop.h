#pragma once

// The shell around the brain: one thread, one event loop. A turn drains what waits, lets the brain decide, commits
// events and decisions in one transaction, and only then acts and acknowledges. There is no timer that gathers: what
// arrives while a commit runs is the next turn.
//
// A commit that fails freezes its turn: nothing is acted on, acknowledged or decided further, and the same rows are
// written again until they are in, or the program ends and the log decides.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/short_wait.h"
#include "core/virtual_time.h"
#include "core/workers.h"
#include "experiments/spec.h"
#include "experiments/store/store.h"
#include "tune/controller/controller.h"
#include "tune/loop/edits.h"
#include "tune/loop/late_channel.h"
#include "tune/loop/order.h"
#include "tune/loop/remarks.h"
#include "tune/loop/repeats.h"
#include "tune/loop/slot_gate.h"
#include "tune/loop/turn.h"
#include "tune/view/view.h"

namespace tune {

/// One run of one experiment: what the loop works on. All outlive run().
struct RunPlan {
  const ExperimentSpec* spec = nullptr;
  Store* store = nullptr;
  Controller* controller = nullptr;
  EventOrder* order = nullptr;
  std::int64_t run = 1;       ///< number of this controller start
  std::int64_t slots = 1;     ///< trials at a time
  std::int64_t capacity = 1;  ///< trials at a time that the workers could run; slots may be raised so far
  bool lockstep = false;
  std::uint64_t seed = 0;
  Reread reread;  ///< for `tune set`
  /// Trials at a time that an edited specification comes to.
  std::function<std::int64_t(const ExperimentSpec&)> slots_of;
  double grace = 30;            ///< seconds that running trials get to save when the run is interrupted
  VirtualTime* time = nullptr;  ///< of simulated workers, at 0; null: the clock's
};

class Loop final : public Workers::Handler {
 public:
  /// `signals`: which of them interrupt the run.
  Loop(boost::asio::io_context& io, RunView& view, const std::vector<int>& signals);
  ~Loop() override;

  /// For an experiment that goes on, before load(): its running trials, as `controller` knows them from the log, are
  /// the workers' to go on with, and what those say until run() is kept. `channel` outlives the workers.
  void inherit(Workers& workers, const Controller& controller, CheckpointChannel& channel);
  /// Starts the workers and waits until the trainable is loaded. kInterrupted: the user gave up.
  Result<TrainableInfo> load(Workers& workers);
  /// Runs the experiment to its end, or to an interruption. Requires: load() succeeded.
  Result<RunEnd> run(const RunPlan& plan);
  /// Runs a function on this loop's thread; callable from any thread.
  Post poster();
  /// What a signal does: trials save and leave, and the run ends as interrupted.
  void interrupt();
  /// The signal that interrupted the run, or 0.
  int signal() const { return signal_; }

  void on_ready(Result<TrainableInfo> info) override;
  void on_message(WorkerMessage message, std::uint64_t large) override;
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) override;
  void on_unusable(Error why) override;

 private:
  void arrive(Arrived arrived);
  void arrive_early();
  void take_over();
  void schedule_turn();
  void turn();
  void commit();
  void act();
  void act_on(const LogEntry& entry);
  void act_on_command(const Commanded& command);
  void grant(TrialId trial);
  void assign(TrialId trial);
  Result<void> give_checkpoint(CheckpointId wanted, Assign& assign);
  bool could_not_load(const DoneMessage& done);
  void open_gate();
  void tell(TrialId trial, OrderKind kind, const std::string& why);
  void acknowledge();
  void leave(const std::string& why);
  bool everybody_left() const;
  /// The experiment's time stands still while its user has paused it.
  void keep_time();
  void finish(RunEnd end);
  void fail(Error why);
  double elapsed() const;

  void wait_for_signal();
  void every(boost::asio::steady_timer& timer, std::chrono::milliseconds period, std::function<void()> what);
  void pass_time();
  void watch_clock();
  void watch_commands();

  boost::asio::io_context& io_;
  RunView& view_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer clock_, commands_, refresh_, retry_, grace_;
  ShortWait idle_;
  LateChannel channel_;
  Workers* workers_ = nullptr;
  std::optional<Result<TrainableInfo>> ready_;

  std::vector<Arrived> early_;  // what inherited attempts had to say before run()
  RunPlan plan_;
  std::unique_ptr<TurnBuilder> builder_;
  std::optional<TurnRows> frozen_;                  // the turn that is being committed
  std::vector<std::pair<TrialId, Attempt>> heard_;  // attempts to acknowledge after the commit
  std::set<std::pair<TrialId, Attempt>> gone_;      // attempts whose end has arrived
  std::set<std::pair<TrialId, Attempt>> fetched_;   // attempts that were given a large checkpoint, until they begin
  std::set<std::int64_t> commands_seen_;
  ExperimentSpec edited_;  // plan_.spec points here once something was edited
  SlotGate gate_;
  RepeatCheck repeats_;
  Remarks remarks_;
  bool turn_scheduled_ = false;
  bool commit_failed_ = false;
  bool leaving_ = false;
  bool interrupted_ = false;
  int signal_ = 0;
  double elapsed_before_ = 0;
  std::chrono::steady_clock::time_point started_, last_turn_;
  bool clock_stands_ = false;
  std::optional<Result<RunEnd>> outcome_;
};

}  // namespace tune

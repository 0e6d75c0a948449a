#pragma once

// An experiment in virtual time: the real brain, and workers that exist on paper only. A simulated trial is a function
// of its configuration and step; its steps take a constant or a seeded time; its process crashes and its worker is lost
// as a seed says. 10,000 workers and a day's training pass in seconds, and every run of a seed is the same.
//
// Two orders of events. By arrival: whatever is ready first, by the steps' costs. In lockstep: a trial's logical time
// is that of the event that granted its slot plus its own reports and ends since, retries and repeats not counted; the
// smallest (logical time, trial) goes first. That is the order which real processes are held to under lockstep, and
// that of a constant step cost of 1.
//
// Thread rule: one object, one thread.

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tune/controller/controller.h"

namespace tune {

/// What a trial reports at a step, from 1; nothing: it has returned before that step.
using SimulatedTrial = std::function<std::optional<Metrics>(TrialId trial, const Config& config, Step step)>;

struct SimulationOptions {
  enum class Order { kArrival, kLockstep };
  Order order = Order::kArrival;
  std::int64_t slots = 1;
  std::int64_t capacity = 0;  ///< slots that elastic trials share; 0: each holds one
  std::uint64_t seed = 0;     ///< of costs, crashes and losses; the brain has its own
  double step_cost = 1;       ///< virtual seconds of a step (lockstep: always 1)
  /// Virtual seconds of a step, instead of step_cost and its spread (not in lockstep).
  std::function<double(TrialId trial, Step step)> cost_of = {};
  double cost_spread = 0;             ///< 0..1: each step's cost is drawn from step_cost * [1 - spread, 1 + spread)
  double leave_cost = 1;              ///< from the order to pause or stop until the trial has left (lockstep: always 1)
  double crash_rate = 0;              ///< 0..1, of each step of each attempt: the process dies by a signal
  double loss_rate = 0;               ///< 0..1, likewise: its worker is gone
  std::int64_t checkpoint_every = 0;  ///< steps between checkpoints that nobody asked for; 0: none
};

class Simulation {
 public:
  /// A new experiment; the controller has seen nothing yet.
  Simulation(Controller controller, SimulatedTrial trial, SimulationOptions options);
  /// Goes on after everything was killed: `controller` has seen nothing yet and is told the log; all attempts are lost.
  Simulation(Controller controller, SimulatedTrial trial, SimulationOptions options, std::vector<LogEntry> log);

  /// Until the experiment is finished, the log has this many entries, or nothing runs. Returns whether it is finished.
  bool run(std::int64_t entries = std::numeric_limits<std::int64_t>::max());
  /// Something from outside, now: a command, a tick.
  void happen(EventBody body);

  const Controller& controller() const { return controller_; }
  const std::vector<LogEntry>& log() const { return log_; }
  double now() const { return now_; }  ///< virtual seconds, or logical time

 private:
  /// The process of an attempt.
  struct Worker {
    Attempt attempt;
    Step step = 0;  ///< last done, or that of the checkpoint it began with
    Seq seq = 0;
    double elapsed = 0;
    double due = 0;     ///< when its next event happens
    bool dead = false;  ///< nothing but the news of its loss will come
  };

  bool in_lockstep() const { return options_.order == SimulationOptions::Order::kLockstep; }
  double draw(const char* purpose, TrialId trial, const Worker& worker) const;
  double step_cost(TrialId trial, const Worker& worker) const;
  EventBody next_event(TrialId trial, Worker& worker);
  Reported report_of(TrialId trial, Worker& worker, Metrics metrics) const;
  /// Whether the event moves its trial's logical time: not so what a rule never sees.
  bool is_logical(const EventBody& body) const;
  /// Moves logical time on by an entry, which is folded; gives what was granted the time of the event that freed its
  /// slot.
  void keep_time(const LogEntry& entry, bool logical);
  void act(const Decision& decision);
  void start(TrialId trial, std::optional<CheckpointId> checkpoint);
  void schedule(TrialId trial, double due);
  void remove(TrialId trial);

  Controller controller_;
  SimulatedTrial trial_;
  SimulationOptions options_;
  std::vector<LogEntry> log_;
  std::map<TrialId, Worker> workers_;
  std::set<std::pair<double, TrialId>> due_;
  std::map<TrialId, double> logical_;  ///< logical time of each trial that is not over
  double now_ = 0;
  double logical_now_ = 0;
  std::int64_t runs_ = 0;
};

}  // namespace tune

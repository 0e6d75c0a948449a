#pragma once

// Workers that exist on paper: the real steps of any trainable, run in this process one after another, each of which
// takes the virtual time that it is said to cost. A day with 10,000 workers passes in seconds, and every run of a seed
// is the same.
//
// A trial is a fiber (fiber.h), so both forms of trainable can stop in the middle of a report, in thousands. It
// computes a step when its virtual turn comes; the report is held back until the step's cost has passed, and no virtual
// time passes while the controller decides. What happens at one instant is told in the order of trials.
//
// Limits: a trainable that crashes or never returns from a step takes the program with it; a program of a `command`
// runs for real and the simulation waits for each of its reports; limits of time, silence, output and memory are not
// held.
//
// Thread rule: the loop's thread.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/virtual_time.h"
#include "core/workers.h"
#include "trainables/run/checkpoints.h"
#include "trainables/run/loader.h"
#include "trainables/simulated/conditions.h"
#include "trainables/simulated/simulated_attempt.h"

namespace tune {

/// What the workers have done.
struct SimulatedWork {
  std::int64_t attempts = 0, steps = 0, crashes = 0, losses = 0;
  double busy = 0;  ///< virtual seconds in which a worker had a trial, over all of them
};

class SimulatedWorkers final : public Workers, public VirtualTime {
 public:
  /// Requires: check(conditions). An attempt that asks for a directory gets `<directory>/<trial name>.<attempt>`.
  SimulatedWorkers(TrainableRef ref, SimulatedConditions conditions, std::string directory, CompiledIn compiled_in);
  ~SimulatedWorkers() override;

  void start(Handler& handler, CheckpointChannel& channel) override;
  void assign(Assign assign) override;
  void acknowledge(const Ack& ack) override;
  void order(const Order& order) override;
  void shut_down() override;

  double now() const override { return now_; }
  bool advance(double until) override;

  const SimulatedWork& work() const { return work_; }

 private:
  using Key = std::pair<TrialId, Attempt>;
  using Due = std::tuple<double, TrialId, Attempt>;
  /// An attempt that has a worker.
  struct Running {
    std::unique_ptr<SimulatedAttempt> attempt;  ///< null: its checkpoint is on the way
    std::vector<TrialInput> early;              ///< what it is told until then
    std::int64_t slots = 1;                     ///< workers that it holds
    double began = 0;
    double elapsed = 0;                    ///< running seconds of the trial up to its last message
    SimulatedStep step;                    ///< what becomes of the step whose report is held back
    std::optional<WorkerMessage> message;  ///< held back
  };

  void begin(Assign assign, std::string checkpoint);
  void begin_waiting();
  void tell(TrialId trial, Attempt attempt, TrialInput input);
  /// Lets it compute its next message, and holds that back until its time.
  void compute(Key key, Running& running);
  void hold_back(Key key, Running& running, WorkerMessage message);
  void happen(Key key);
  void hand_on(Key key, WorkerMessage message, std::uint64_t large);
  void leave(Key key);

  TrainableRef ref_;
  SimulatedConditions conditions_;
  std::string directory_;
  CompiledIn compiled_in_;
  LoadedTrainable trainable_;
  Handler* handler_ = nullptr;
  FiberStacks stacks_;
  std::map<Key, Running> running_;
  std::int64_t taken_ = 0;      ///< workers, by those that run
  std::deque<Assign> waiting_;  ///< for a worker, in the order in which they were assigned
  std::set<Due> due_;
  std::int64_t carried_ = 0;  ///< large checkpoints on their way: time stands still
  double now_ = 0;
  SimulatedWork work_;
  std::unique_ptr<CheckpointCarrier> carrier_;  ///< last: its callbacks end before the rest is gone
};

}  // namespace tune

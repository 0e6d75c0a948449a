#pragma once

// One run of one experiment, from a checked specification to its end: slots, workers, database, brain and loop are put
// together here, and nowhere else. It prints nothing: what is to be seen goes to a RunView, what was found comes back
// as values. The command line and the C++ API are two callers.
//
// Thread rule: run() is called on one thread, which is the loop's until it returns.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/launch.h"
#include "experiments/spec.h"
#include "experiments/spec/reader.h"
#include "experiments/store/store.h"
#include "trainables/run/loader.h"
#include "trainables/simulated/simulated_workers.h"
#include "tune/controller/controller.h"
#include "tune/session/recovered.h"
#include "tune/view/view.h"

namespace tune {

/// Under which name the document of an experiment has a function that was never registered: only the program that holds
/// it can run it.
inline constexpr const char* kUnregistered = "(function)";

/// Key of the map that stands for the workers of a simulated run (RunRow::worker_json), with its conditions in words.
inline constexpr const char* kSimulatedRun = "simulated";

class Loop;
class ProcessWorkers;
class ThreadWorkers;

struct SessionOptions {
  std::string database = "tune.db";
  bool lockstep = false;  ///< of a new experiment; a stored one keeps what it began with
  SyncMode sync = SyncMode::kFull;
  double grace = 30;                 ///< seconds that running trials get to save when the run is interrupted
  std::vector<std::string> changes;  ///< of a stored experiment: `budget.trials=200`
  bool only_takes_in = false;        ///< begins no trial; those that workers run on save and leave (take_in.h)
  bool take_stop_back = false;       ///< a stored experiment that its user stopped goes on
  ReaderContext context;
  CompiledIn compiled_in;  ///< trainables of this program, for trials in its threads
  /// How processes are made, as in ProcessWorkersOptions; all empty: by the program tune and its neighbour tune-host.
  std::vector<std::string> worker_command;
  std::string host_program;
  StartWorker start_worker;
  std::optional<SimulatedConditions> simulated;  ///< in virtual time on workers that exist on paper only; checked
  bool threads = false;  ///< trials run in threads of this program, whatever the experiment says
  bool signals = true;   ///< SIGINT and its kind interrupt the run, where the program leaves them at their default
  std::function<void()> begun;  ///< called once the run has begun: what could not be begun never calls it
  /// Hears, before anything is stored, what was found when the loaded trainable was held against the experiment.
  std::function<void(const std::vector<Diagnostic>&)> diagnosed;
};

/// How a run ended.
struct SessionEnd {
  RunEnd end = RunEnd::kFinished;
  Counts counts;
  std::optional<EndWhy> why;  ///< of the experiment's end, if it has ended
  bool target_reached = false;
  int signal = 0;           ///< that interrupted the run, or 0
  SimulatedWork simulated;  ///< of a simulated run
};

class Session {
 public:
  /// `view` outlives the session.
  Session(SessionOptions options, RunView& view);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// A new experiment, or (with `row`) a stored one from where it stands; both to the end or an interruption. An error
  /// says why nothing could be begun, or why the run broke off: kTrial and kNotFound for a trainable that cannot be
  /// loaded, kBadInput without a message where `diagnosed` has heard of errors.
  Result<SessionEnd> run(ExperimentSpec spec, const std::optional<ExperimentRow>& row = std::nullopt);
  /// Makes run() end as a signal does: trials save and leave. Any thread, at any time after construction.
  void interrupt();
  /// After run(): trials in threads did not leave, so the program must end by _exit.
  bool stuck() const { return stuck_; }

 private:
  class Reachable;
  /// The experiment, ours alone, as its log has left it.
  struct Opened {
    std::unique_ptr<Store> store;
    std::unique_ptr<Recovered> recovered;
    std::int64_t run = 1;
    LeftRunning left;  ///< empty: nothing is left that a run could go on with
  };
  Result<void> plan(const std::optional<ExperimentRow>& row);
  Result<SessionEnd> with_workers(Loop& loop, Workers& workers, const std::optional<ExperimentRow>& row,
                                  Opened& opened);
  Result<void> open(Loop& loop, const std::optional<ExperimentRow>& row, Opened& opened);
  Result<SessionEnd> go(Loop& loop, Opened& opened);
  /// What was asked of the experiment since its last run, and what this one changes. The run's number.
  Result<std::int64_t> settle(Store& store, Recovered& recovered, const LeftRunning& left);
  Result<std::unique_ptr<Store>> open_store(Loop& loop, const std::optional<ExperimentRow>& row);
  Result<void> begin(Store& store, const Controller& controller, std::int64_t number);
  std::int64_t slots_of(const ExperimentSpec& spec) const;

  SessionOptions options_;
  RunView& view_;
  ExperimentSpec spec_;
  SlotPlan plan_;                        // trials at a time
  SlotPlan capacity_;                    // what the workers could run: budget.concurrency may be raised so far
  Store* store_ = nullptr;               // while the loop runs
  ProcessWorkers* processes_ = nullptr;  // whichever of the three there is
  ThreadWorkers* threads_ = nullptr;
  SimulatedWorkers* simulated_ = nullptr;
  std::mutex mutex_;      // guards the next two
  Loop* loop_ = nullptr;  // while run() goes on
  bool interrupted_ = false;
  std::string code_hash_;  // of what trials run; empty: it cannot be read
  bool lockstep_ = false, resumes_ = false, seed_was_drawn_ = false, stuck_ = false;
};

}  // namespace tune

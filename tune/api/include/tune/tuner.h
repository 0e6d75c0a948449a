#pragma once

// Runs experiments: from aggregates (experiment.h), from a file, or one that the database holds already.
//
//   int main(int argc, char** argv) {
//     tune::init(argc, argv);
//     const tune::Tuner tuner({.name = "valley",
//                              .trainable = "branin",
//                              .objective = {.metric = "loss", .mode = "min"},
//                              .search_space = {{"x1", tune::uniform(-5, 10)}, {"x2", tune::uniform(0, 15)}},
//                              .budget = {.trials = 20}});
//     const auto grid = tuner.run();
//     if (!grid) return std::fprintf(stderr, "%s\n", grid.failure().text().c_str()), 1;
//     if (const auto* best = grid->best()) std::printf("best: trial %lld\n", (long long)best->number);
//   }
//
// Or in the background, trial by trial as they finish:
//
//   tune::Run run = tuner.start().value();
//   while (auto trial = run.next_finished()) {
//     if (trial->metric("loss").value_or(1) < 0.01) run.stop();
//   }
//   tune::ResultGrid grid = run.wait().value();
//
// Everything is kept in the database while it goes on: a program that is killed and run again continues where it was,
// and the command line lists, exports and (if the trainable has a registered name) resumes what was begun here.
//
// Processes. Trials are forked from a copy of this program, so a program that has threads cannot simply be copied. What
// is registered by name (TUNE_TRAINABLE, TUNE_FUNCTION) is found again by a fresh copy: call tune::init first in main.
// A lambda or a function that is given itself is copied with the program as it is when the run starts, which must have
// one thread then; else the run fails with `unsupported`, naming the two ways out: register it, or ask for threads.
// Files that the program has open are closed in its trials.
//
// Signals. While a run goes on, SIGINT, SIGTERM, SIGHUP and SIGUSR1 that the program leaves at their default make
// trials save and leave; the run ends as interrupted, and afterwards the program decides. A second one kills the
// trials. A signal for which the program has a handler of its own (or ignores it) stays the program's. SIGPIPE is
// ignored from the first run on.
//
// Threads. A Tuner is not changed by its runs: several threads may use one. Two runs of one experiment exclude each
// other, across threads and programs: the second fails with `busy`. Exceptions of a trainable are failures of its
// trial; one of a callback ends the run with `internal` and its text, and the experiment can be gone on with.

#include <tune/expected.h>
#include <tune/experiment.h>
#include <tune/results.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tune {

/// One committed report, as callbacks see it.
struct ReportEvent {
  std::int64_t trial = 0;
  std::int64_t training_iteration = 0;
  MetricValues metrics;
};

/// Called on the run's own thread, after what they tell of is safe in the database. The run waits for them.
struct Callbacks {
  std::function<void(const ReportEvent&)> report = {};
  std::function<void(const TrialResult&)> finished = {};
  /// Notes and warnings that the command line would print.
  std::function<void(const std::string&)> message = {};
};

/// What belongs to a run and not to the experiment.
struct RunOptions {
  std::string database = "tune.db";          ///< made if needed; any number of experiments. Not empty
  bool fresh = false;                        ///< start anew; an old experiment of that name is kept as NAME@1
  bool lockstep = false;                     ///< order reports by logical time: equal runs also with several slots
  bool power_loss = true;                    ///< commits survive power loss; false: crashes only, with fewer disk syncs
  Seconds grace = std::chrono::seconds(30);  ///< what trials get to save when the run is interrupted
  bool signals = true;                       ///< see above; false: no signal is touched
  bool progress = false;                     ///< shows the progress on stderr, as the command line does
  Callbacks callbacks = {};
};

/// A run in the background. Movable; one thread at a time, but for the three ways to end it, which any thread may call.
/// One that was moved from is over: done(), its wait() is bad-input, it has no next trial and nothing to end.
class Run {
 public:
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  /// Of a run that still goes on: interrupt(), and waits.
  ~Run();

  bool done() const;
  /// Waits for the end. The same every time it is called.
  Expected<ResultGrid> wait();
  /// The next trial that has finished, in the order in which they do; waits for it. Nothing: the run is over.
  std::optional<TrialResult> next_finished();

  /// Nothing new starts, running trials finish. This and cancel() may come at any time, before the first trial as well.
  void stop();
  /// Running trials are told to stop as well. The experiment is over.
  void cancel();
  /// Running trials save and leave; another run goes on from there.
  void interrupt();

 private:
  friend class Tuner;
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Tuner {
 public:
  explicit Tuner(const Experiment& experiment, RunOptions options = {});
  /// The experiment of a file, checked. `set`: overrides, such as {"scheduler.max_t", "20"}.
  static Expected<Tuner> from_file(const std::string& path, RunOptions options = {},
                                   const std::vector<std::pair<std::string, std::string>>& set = {});
  /// An experiment that options.database holds, to go on with it. not-found.
  static Expected<Tuner> stored(const std::string& name, RunOptions options = {});

  /// Whether it could be run as far as that is known without loading the trainable; all faults at once.
  Expected<void> check() const;
  /// The experiment as a file that `tune run` reads, even where check() would fail.
  std::string to_yaml() const;

  /// Runs it to its end, or goes on with it if the database holds it unfinished. A finished one is returned as it is.
  /// An error is one of the run itself; failed trials are in the grid.
  Expected<ResultGrid> run() const;
  Expected<Run> start() const;

  struct Parts;  ///< private

 private:
  explicit Tuner(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace tune

#pragma once

// An experiment as plain aggregates, with the names of the experiment file (docs/formats/experiment-file.md), for
// designated initialisers:
//
//   tune::Experiment experiment{
//       .name = "digits",
//       .trainable = train,                                      // void train(tune::Trial&)
//       .objective = {.metric = "accuracy", .mode = "max"},
//       .search_space = {{"lr", tune::loguniform(1e-4, 1e-1)}, {"batch_size", tune::choice({16, 32, 64})}},
//       .search = {.algorithm = "random", .seed = 7},
//       .scheduler = {"asha", {{"max_t", 20}, {"grace_period", 2}}},
//       .budget = {.trials = 40, .time = 10min},
//   };
//
// Words stay words ("max", "asha"), for there is one validator: the experiment becomes the document that a file would
// hold, and the file's reader checks it. A fault therefore has the same code and the same text either way; in place of
// line and column it has its path of keys. Times are durations (std::chrono), sizes are bytes. What is left out has the
// file's default. Threads: plain values.

#include <tune/setting.h>
#include <tune/trainable.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tune {

using Seconds = std::chrono::duration<double>;

/// What a function or class without a registered name is called in documents and messages.
inline constexpr const char* kNameless = "(function)";

/// What a trial runs, as it stands after `.trainable =`.
///
///   "iris",                                     // comes with tune, or is registered in this program by that name
///   "./libmine.so:Net",                         // a class or function registered in a library
///   train,                                      // a function void(tune::Trial&)
///   [&](tune::Trial& trial) { train(trial); },  // what a lambda captures is shared by all trials without a copy
///   tune::use_class<Net>(),                     // a class derived from tune::Trainable
///   tune::command({"python3", "train.py", "--lr=${lr}"}),
///   {train, {.isolation = TUNE_THREAD, .has_end = true}},
///
/// By one option a trial runs in a process of its own (TUNE_PROCESS, the default: it may crash), in one that is used
/// again (TUNE_REUSE) or in a thread of this program (TUNE_THREAD: for trials of microseconds, and the only one that
/// sees and changes the program's own variables). Only what has a registered name can be run by the command line.
class TrainableChoice {
 public:
  TrainableChoice() = default;
  TrainableChoice(const char* name) : document_(name) {}
  TrainableChoice(std::string name) : document_(std::move(name)) {}
  /// A name and where its trials run: TUNE_PROCESS, TUNE_REUSE, TUNE_THREAD.
  TrainableChoice(std::string name, int isolation) : document_(std::move(name)), isolation_(isolation) {}

  template <class F>
    requires(std::invocable<F&, Trial&> && !std::convertible_to<F, std::string>)
  TrainableChoice(F function) : TrainableChoice(std::move(function), TrainableOptions{.has_end = true}) {}
  template <class F>
    requires(std::invocable<F&, Trial&> && !std::convertible_to<F, std::string>)
  TrainableChoice(F function, TrainableOptions options)
      : table_(std::make_shared<const TrainableTable>(kNameless, nameless(std::move(options)),
                                                      std::function<void(Trial&)>(std::move(function)))) {}

  /// The file's own form, as `tune::command` makes it.
  static TrainableChoice from_document(Setting document) {
    TrainableChoice choice;
    choice.document_ = std::move(document);
    return choice;
  }
  static TrainableChoice from_table(std::shared_ptr<const TrainableTable> table) {
    TrainableChoice choice;
    choice.table_ = std::move(table);
    return choice;
  }

  static TrainableOptions nameless(TrainableOptions options) {
    options.name = kNameless;
    return options;
  }

  const Setting& document() const { return document_; }
  int isolation() const { return isolation_; }
  /// Of a lambda, function or class that is given itself; else null.
  const std::shared_ptr<const TrainableTable>& table() const { return table_; }

 private:
  Setting document_;
  int isolation_ = 0;
  std::shared_ptr<const TrainableTable> table_;
};

/// A class that needs no name: `tune::use_class<Net>()`.
template <class T>
TrainableChoice use_class(TrainableOptions options = {}) {
  return TrainableChoice::from_table(std::shared_ptr<const TrainableTable>(
      new TrainableTable(TrainableTable::of_class<T>(kNameless, TrainableChoice::nameless(std::move(options))))));
}

/// Any program; placeholders and contract as in docs/trainables.md. `more`: `report`, `working_dir`, `env`.
inline TrainableChoice command(std::vector<std::string> command, Settings more = {}) {
  Settings map{{"command", Setting(std::vector<Setting>(command.begin(), command.end()))}};
  map.insert(map.end(), more.begin(), more.end());
  return TrainableChoice::from_document(std::move(map));
}

/// The sections of an experiment.
namespace options {

struct Objective {
  std::string metric = {};            ///< name of a reported metric
  std::string mode = {};              ///< "min" or "max"
  std::optional<double> target = {};  ///< the experiment ends when it is reached
};

struct Search {
  std::string algorithm = {};  ///< "random", "grid", "sobol", ...; empty: random
  /// Root of every random choice, below 2^63; none: drawn once and stored.
  std::optional<std::uint64_t> seed = {};
  std::vector<Settings> points_to_evaluate = {};  ///< configurations to try first
  Settings options = {};                          ///< the algorithm's own: {{"scramble", true}}
};

struct Scheduler {
  std::string type = {};  ///< "fifo", "asha", ...; empty: fifo
  Settings options = {};  ///< the scheduler's own: {{"max_t", 50}, {"grace_period", 3}}
};

/// A trial ends when a metric is above, or below, a bound.
struct Bound {
  std::optional<double> above = {};
  std::optional<double> below = {};
};

struct TrialPlateau {
  std::string metric = {};
  std::optional<double> std = {};
  std::optional<std::int64_t> num_results = {};
  std::optional<std::int64_t> grace_period = {};
  std::optional<double> metric_threshold = {};
  std::string mode = {};  ///< direction of metric_threshold
};

/// When one trial ends; any rule ends it.
struct Stop {
  std::optional<std::int64_t> training_iteration = {};
  std::optional<Seconds> time = {};  ///< running time of the trial
  std::vector<std::pair<std::string, Bound>> metrics = {};
  std::string condition = {};  ///< `stop.if`: an expression over reported metrics
  std::optional<TrialPlateau> plateau = {};
};

struct ExperimentPlateau {
  std::string metric = {};
  std::optional<double> std = {};
  std::optional<std::int64_t> top = {};
  std::optional<std::int64_t> patience = {};
};

/// When the experiment ends. `trials` or `time` is needed, unless the space is a pure grid.
struct Budget {
  std::optional<std::int64_t> trials = {};
  std::optional<Seconds> time = {};
  std::optional<std::int64_t> failures = {};     ///< one more failed trial ends the experiment
  std::optional<std::int64_t> concurrency = {};  ///< trials at a time; none: as many as the resources hold
  std::optional<ExperimentPlateau> plateau = {};
};

/// What one trial takes.
struct Resources {
  std::optional<double> cpu = {};
  std::optional<double> gpu = {};
  std::optional<std::uint64_t> memory = {};  ///< bytes of its own; a trial above it is killed
  std::optional<std::string> elastic = {};   ///< who gets slots that no trial needs: none, shares, top
};

/// New starts of a failed trial, from its last checkpoint: of every cause (`{3}`), or by cause.
struct Retries {
  std::optional<std::int64_t> all = {};
  std::optional<std::int64_t> exception = {}, exit = {}, signal = {}, memory = {}, time = {}, hang = {};
};

/// A trial beyond one of them is killed, and failed.
struct Limits {
  std::optional<Seconds> time = {};
  std::optional<Seconds> silence = {};       ///< without a report
  std::optional<std::uint64_t> output = {};  ///< bytes printed
};

struct Checkpoint {
  std::optional<std::int64_t> every = {};  ///< reports between checkpoints; 0: only when asked
  std::optional<std::int64_t> keep = {};   ///< latest kept per trial; 0: all
  std::optional<bool> at_end = {};
};

}  // namespace options

struct Experiment {
  std::string name = {};  ///< identity in the database: same name and same space go on. Empty: "experiment"
  std::string description = {};
  TrainableChoice trainable = {};
  options::Objective objective = {};
  std::vector<options::Objective> more_objectives = {};
  Settings search_space = {};
  std::vector<std::string> constraints = {};
  options::Search search = {};
  options::Scheduler scheduler = {};
  options::Stop stop = {};
  options::Budget budget = {};
  options::Resources resources = {};
  options::Retries retries = {};
  options::Limits limits = {};
  options::Checkpoint checkpoint = {};
};

}  // namespace tune

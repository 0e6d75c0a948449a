#pragma once

// The commands of the program as plain functions over plain options: main.cc reads the command line and is the only
// file that knows CLI11. Each returns an exit code. Results go to stdout, messages to stderr.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "experiments/spec/reader.h"

namespace tune::cli {

/// What every command takes.
struct Common {
  std::string db = "tune.db";
  int verbosity = 0;  ///< -qq .. -vv: -2 .. 2
  bool json = false;
  bool color = true;  ///< false: --no-color
};

struct RunCommand {
  std::string file;
  std::vector<std::string> set;                 ///< `scheduler.max_t=20`
  std::string trials, time, concurrency, seed;  ///< as written: overrides of the file
  std::string sync = "full";
  bool lockstep = false, fresh = false, dry_run = false, require_target = false;
  bool detach = false;
  double grace = 30;
  double progress_interval = 60;
};

struct SimulateCommand {
  std::string file;
  std::vector<std::string> set;
  std::string trials, time;  ///< as written: overrides of the file
  std::string name;          ///< of the experiment; empty: the file's, and `-simulated`
  std::int64_t workers = 1;
  std::string step_cost = "1";
  double end_cost = 0, straggler = 0, crash_rate = 0, lost_worker_rate = 0;
  std::optional<std::uint64_t> seed;  ///< of the conditions, and search.seed
  bool lockstep = false, fresh = false;
};

struct TrialsCommand {
  std::string experiment;
  std::string sort;                ///< column, with '-' in front: descending
  std::vector<std::string> where;  ///< `lr<0.01`
  std::vector<std::string> columns;
  std::int64_t limit = 0;  ///< 0: all
  bool csv = false;
};

struct ExportCommand {
  std::string experiment;
  std::string format = "csv";
  std::string output;  ///< empty: stdout
  bool history = false;
  std::string naming = "ray";  ///< ray, optuna, mlflow, bare
  bool stable = false;         ///< without clock, host, pid and attempt columns
  bool excel = false;
  std::vector<std::string> columns;
  std::int64_t top = 0;  ///< md: best N; 0: all
};

struct ReportCommand {
  std::vector<std::string> metrics;  ///< `loss=0.3`
  std::string checkpoint;            ///< a name in the checkpoint directory; "true": all of it; empty: none
};

struct InitCommand {
  std::string folder = ".";
  std::string template_name;
  bool force = false, list = false;
};

// report.cc
int report_metrics(const ReportCommand& command);

// init.cc
int init(const InitCommand& command, const Common& common);

// run.cc
int run(const RunCommand& command, const Common& common);
int resume(const std::string& experiment, const RunCommand& command, const Common& common);
/// An experiment that has been read: begins it, or goes on with the stored one of its name.
int run_spec(ExperimentSpec spec, const RunCommand& command, const Common& common);

// retrain.cc
/// `target`: EXP/N. `name`: of the new experiment; empty: EXP-retrain-N.
int retrain(const std::string& target, const std::string& name, const RunCommand& command, const Common& common);

// file.cc
int validate(const std::string& file, const std::vector<std::string>& set, const Common& common);
int sample(const std::string& file, const std::vector<std::string>& set, std::int64_t n, const std::string& format,
           const std::optional<std::uint64_t>& seed, const Common& common);
int schema(const Common& common);

// read.cc
int list(const Common& common);
int status(const std::string& experiment, bool watch, const Common& common);  ///< empty: all
int trials(const TrialsCommand& command, const Common& common);
int best(const std::string& experiment, const std::string& format, const Common& common);
int logs(const std::string& trial, bool follow, const Common& common);

// show.cc
int show(const std::string& trial, const Common& common);  ///< EXP/N

// export.cc
int export_table(const ExportCommand& command, const Common& common);

// act.cc
int checkpoint(const std::string& trial, const std::string& output, const std::optional<std::int64_t>& step,
               const Common& common);
int replay(const std::string& experiment, const Common& common);

// doctor.cc
/// Checks the database through and says what to do; kDatabase if something is damaged or lost.
int doctor(const Common& common);
int backup(const std::string& file, const Common& common);

// attach.cc
int attach(const std::string& experiment, double progress_interval, const Common& common);

// plan.cc
int plan(const RunCommand& command, const Common& common);  ///< file, set, trials, concurrency

// simulate.cc
int simulate(const SimulateCommand& command, const Common& common);

// control.cc
/// stop, cancel, pause or retry of each target, EXP or EXP/N. The first exit code that is not 0.
int control(CommandKind kind, const std::vector<std::string>& targets, const Common& common);
/// `lr=0.01 opt=adam`; a name that comes again begins the next configuration.
int enqueue(const std::string& experiment, const std::vector<std::string>& assignments, const Common& common);
/// `budget.trials=200`
int set(const std::string& experiment, const std::vector<std::string>& changes, const Common& common);
/// EXP/N; or EXP that somebody runs: takes a pause or a stop back, and sends `changes` before.
int resume_live(const std::string& target, const std::vector<std::string>& changes, const Common& common);
/// EXP or EXP/N.
struct ControlTarget {
  std::string experiment;
  std::optional<TrialId> trial;
};
Result<ControlTarget> parse_target(const std::string& text, const Common& common);

// help.cc
int help(const std::string& topic);

// shared.cc
/// Catalogues and built-in names, for the reader.
ReaderContext reader_context(const std::vector<std::string>& set);
/// To stderr.
void warn(const std::string& text);
/// To stderr, for a person; nothing where there is none.
void print_diagnostics(const std::vector<Diagnostic>& diagnostics, const Common& common);
/// A file that nothing is run of, so that what it asks for need not fit this machine. Tells what is wrong with it (as
/// JSON only if that is an error); nothing after an error.
std::optional<ExperimentSpec> read_to_look_at(const std::string& file, const std::vector<std::string>& set,
                                              const Common& common);
/// `EXP/17` or `EXP-00017` to its parts; kBadInput otherwise.
Result<std::pair<std::string, TrialId>> parse_trial(const std::string& text);
/// The only experiment of the database if `name` is empty and there is one. kNotFound, kBadInput.
Result<std::string> pick_experiment(const std::string& db, const std::string& name);

}  // namespace tune::cli

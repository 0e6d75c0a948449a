#pragma once

// The database: one SQLite file (WAL) for any number of experiments, and beside it a file for large checkpoints.
// Format: docs/formats/database.md. Events and decisions are append-only and are the truth; the trial, checkpoint and
// experiment tables are projections written in the same transaction. One turn is one transaction.
//
// Store is the writing side and belongs to one controller; Reader opens any database read-only, also while a run goes
// on.
//
// Thread rule: one object, one thread. No SQLite handle crosses a fork. Never open tune.db other than through SQLite
// (closing such a descriptor would drop SQLite's locks).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "core/workers.h"

namespace tune {

enum class SyncMode { kFull, kNormal };  ///< kNormal: survives kill -9, may lose the last commits at power loss

struct StoreOptions {
  SyncMode sync = SyncMode::kFull;
  std::string vfs;  ///< SQLite VFS name, for fault tests; empty: the default
  /// Seconds that a write waits for somebody else's transaction before it is kBusy. Opening waits 10 s if there is
  /// `warn`.
  double patience = 5;
  /// Hears what a person should know: who is waited for, a reader that lets the WAL grow.
  std::function<void(const std::string&)> warn;
};

struct ExperimentRow {
  ExperimentId id;
  std::string name;
  std::string description;
  double created_at = 0;      ///< Unix seconds
  std::string source;         ///< text of the file
  std::string resolved_json;  ///< as edits have left it
  std::string began_as_json;  ///< as it was before the first edit; empty: never edited
  std::string directory;
  std::uint64_t seed = 0;
  bool lockstep = false;
  std::int64_t slots = 0;    ///< fixed in lockstep
  std::string space_hash;    ///< Space::fingerprint
  std::string metric;        ///< first objective, for lists
  std::string mode;          ///< min or max
  std::string columns_json;  ///< JSON list of parameter paths in file order
  // projections
  std::string status;  ///< new running interrupted finished failed
  std::string end_reason;
  double elapsed = 0;
  std::int64_t best_trial = -1;
  double best_value = 0;
  std::int64_t last_event = 0, last_turn = 0;
  std::int64_t trials = 0, completed = 0, stopped = 0, failed = 0, running = 0, paused = 0, waiting = 0;
  double updated_at = 0;
};

/// One controller start.
struct RunRow {
  std::int64_t run = 0;
  std::string version, rules, host;
  std::int64_t pid = 0;
  std::int64_t pid_start = 0;  ///< field 22 of /proc/PID/stat
  std::string boot_id;
  double started_at = 0;
  std::string code_hash;    ///< of program, trainable library or command
  std::string worker_json;  ///< launches: pid, start time of worker processes, so that a resume can end them
};

/// The trial table's row; written whole when a turn changed the trial.
struct TrialRow {
  std::int64_t number = 0;
  std::string status;  ///< status_name; of a Reader `interrupted` where it ran and nobody runs the experiment
  std::string state;   ///< state_name
  std::string cause;
  std::string reason;
  std::string error;        ///< first line of the failure's text
  std::string config_json;  ///< nested
  std::int64_t attempt = 0, generation = 0, parent = -1, reports = 0, replayed = 0, retries = 0;
  std::int64_t training_iteration = 0;
  double time_total = 0;
  std::string metrics_json;  ///< of the last report that counted; empty: unchanged
  int objective_class = -1;  ///< ScoreClass of the last value, -1: none yet
  double objective = 0;
  int best_class = -1;
  double best = 0;
  std::int64_t best_iteration = 0;
  std::uint64_t seed = 0;
  double started_at = 0, finished_at = 0;  ///< Unix seconds, 0: not yet (unchanged)
  std::string worker;                      ///< host:slot or host:pid; empty: unchanged
};

struct CheckpointRow {
  CheckpointId id;
  std::int64_t trial = 0;
  std::int64_t step = 0;
  std::uint64_t size = 0;
  std::string sha256;
  bool external = false;
  bool released = false;
};

/// All that one turn commits.
struct TurnRows {
  std::vector<LogEntry> entries;
  std::vector<EventNumber> replayed;  ///< reports of a step that the trial had before, in order
  std::vector<TrialRow> trials;       ///< changed ones
  std::vector<std::pair<CheckpointRow, std::string>> checkpoints;  ///< new ones with inline bytes (empty if external)
  std::vector<std::pair<CheckpointId, std::uint64_t>> large;       ///< external: id and the channel's key
  std::vector<CheckpointId> released;
  std::vector<std::pair<std::int64_t, DoneMessage>> outputs;  ///< output of attempts, by trial number
  std::vector<std::int64_t> commands_done;
  std::optional<std::string> document;  ///< resolved_json as an edit has left it
  ExperimentRow summary;                ///< projections only; updated_at: time of the turn
};

struct CommandRow {
  std::int64_t id = 0;
  CommandKind kind = CommandKind::kStop;
  std::optional<TrialId> trial;
  std::string args_json;  ///< of enqueue: the configuration, flat; of set: a list of `KEY=VALUE`; else empty
};

/// One experiment, held for writing by this process.
class Store {
 public:
  virtual ~Store() = default;

  virtual const ExperimentRow& experiment() const = 0;
  /// Records a controller start. Requires: once, before the first commit.
  virtual Result<void> begin_run(const RunRow& run) = 0;
  virtual Result<void> set_workers(const std::string& worker_json) = 0;

  /// One transaction; returns after it is durable. On failure nothing of it is stored and the same rows may be
  /// committed again (the handle reopens itself, and recognises rows that did get in). kDiskFull, kIo; kBusy when
  /// patience ends, naming who holds the database (later tries wait less, so that the caller stays awake);
  /// kNewerVersion, kDamaged (also if the file was deleted, moved or replaced meanwhile): no later try can succeed.
  virtual Result<void> commit(const TurnRows& turn) = 0;

  /// All entries in order; stops at the first error of `sink`.
  virtual Result<void> read_log(const std::function<Result<void>(const LogEntry&)>& sink) const = 0;

  /// What a trial reported of a step, the first time; nothing if that is not stored.
  virtual Result<std::optional<Metrics>> committed_metrics(TrialId trial, Step step) const = 0;

  /// Commands that wait, in order. kDamaged: the file was deleted, moved or replaced. Cheap when nothing changed
  /// (PRAGMA data_version). To be called a few times a second: it also moves the WAL into the database when nothing was
  /// committed since the last call.
  virtual Result<std::vector<CommandRow>> commands() = 0;

  virtual Result<std::string> read_checkpoint(CheckpointId id) const = 0;  ///< small ones whole; kNotFound, kDamaged
  /// The channel for large checkpoints: a thread with its own connection to the sibling file. `post` runs a function on
  /// the loop's thread.
  virtual CheckpointChannel& channel() = 0;

  /// Stored runs, newest last.
  virtual Result<std::vector<RunRow>> runs() const = 0;
  /// The text of the file and the description, which no rule looks at.
  virtual Result<void> change_words(const std::string& source, const std::string& description) = 0;
  /// WAL checkpoint (truncate) and close of everything; also done by the destructor.
  virtual void close() = 0;
};

struct NewExperiment {
  ExperimentRow row;  ///< id, status and projections are set by the store
};

using Post = std::function<void(std::function<void()>)>;

/// Makes the database if needed (kNewerVersion, kDamaged, kIo otherwise), takes the experiment's lock (kBusy names the
/// holder's pid, also of one that has just been made under this name) and creates the experiment; kBadInput if the name
/// is taken by one that nobody runs.
Result<std::unique_ptr<Store>> create_experiment(const std::string& db, const NewExperiment& experiment,
                                                 const StoreOptions& options, Post post);
/// Opens one for writing: kNotFound lists the names that there are.
Result<std::unique_ptr<Store>> open_experiment(const std::string& db, const std::string& name,
                                               const StoreOptions& options, Post post);
/// `--fresh`: renames NAME to NAME@1 (or the next free number).
Result<std::string> set_aside(const std::string& db, const std::string& name, const StoreOptions& options);

/// Inserts a row into the command table and gives its number; the controller, if one runs, sees it within 100 ms. The
/// row's own id is ignored.
Result<std::int64_t> send_command(const std::string& db, const std::string& experiment, const CommandRow& command);

/// What became of a command.
struct CommandAnswer {
  std::int64_t turn = 0;  ///< that took it
  std::string refusal;    ///< why it was refused; empty: it was done
};
/// Waits until a controller has taken the command, at most `seconds`; nothing: none has.
Result<std::optional<CommandAnswer>> await_command(const std::string& db, std::int64_t command, double seconds);

/// Follows the log of one experiment that somebody else may be running. Reads only; no transaction outlives a page.
class LogFollower {
 public:
  virtual ~LogFollower() = default;
  /// Whether the database was written since the last look: cheap (PRAGMA data_version). True at the first.
  virtual Result<bool> changed() = 0;
  /// The entries that were added since the last call, in order; at the first call all.
  virtual Result<void> next(const std::function<Result<void>(const LogEntry&)>& sink) = 0;
  /// The row as it is now.
  virtual Result<ExperimentRow> experiment() const = 0;
};
/// kNotFound, and as open_reader.
Result<std::unique_ptr<LogFollower>> follow_log(const std::string& db, const std::string& experiment);

/// The running hash over the log's rows. `expected` of each turn is stored; a difference is found at the first turn.
struct HashFault {
  std::int64_t turn = 0;
  EventNumber first_event, last_event;
  std::string what;
};

/// Read-only view of a database, for lists and exports; many at a time, also while a run goes on. No read transaction
/// lasts longer than one page (1,000 rows).
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::vector<ExperimentRow>> experiments() const = 0;
  virtual Result<ExperimentRow> experiment(const std::string& name) const = 0;  ///< kNotFound with did-you-mean
  /// Pid of the controller that holds it, or 0.
  virtual std::int64_t holder(ExperimentId id) const = 0;
  virtual Result<std::vector<RunRow>> runs(ExperimentId id) const = 0;
  virtual Result<void> trials(ExperimentId id, const std::function<void(const TrialRow&)>& sink) const = 0;
  virtual Result<TrialRow> trial(ExperimentId id, TrialId trial) const = 0;
  /// Reports that count (no replayed ones), in order of the log; all trials or one. `wall`: Unix seconds.
  struct ReportRow {
    std::int64_t trial = 0, n = 0, step = 0;
    double elapsed = 0, wall = 0;
    std::string metrics_json, extra;
  };
  virtual Result<void> reports(ExperimentId id, std::optional<TrialId> trial,
                               const std::function<void(const ReportRow&)>& sink) const = 0;
  /// Events and decisions about one trial, in order.
  virtual Result<std::vector<LogEntry>> story(ExperimentId id, TrialId trial) const = 0;
  virtual Result<void> log(ExperimentId id, const std::function<Result<void>(const LogEntry&)>& sink) const = 0;
  /// Where the turns end, in order.
  struct TurnEnd {
    EventNumber last;         ///< event
    double committed_at = 0;  ///< Unix seconds
  };
  virtual Result<std::vector<TurnEnd>> turns(ExperimentId id) const = 0;
  virtual Result<std::optional<HashFault>> verify_hash(ExperimentId id) const = 0;
  virtual Result<std::vector<CheckpointRow>> checkpoints(ExperimentId id, TrialId trial) const = 0;
  /// Streams the bytes, checked against the hash at the end (kDamaged).
  virtual Result<void> checkpoint_bytes(ExperimentId id, CheckpointId checkpoint,
                                        const std::function<Result<void>(std::string_view)>& sink) const = 0;
  struct OutputRow {
    std::int64_t attempt = 0;
    std::string head, tail;
    std::uint64_t bytes = 0;
  };
  virtual Result<std::vector<OutputRow>> output(ExperimentId id, TrialId trial) const = 0;
};

/// kNotFound: no such file; kNewerVersion, kDamaged (truncated, no database).
Result<std::unique_ptr<Reader>> open_reader(const std::string& db);

}  // namespace tune

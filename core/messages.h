#pragma once

// What controller and worker say to each other, as plain structs. Three carriers: Protobuf over a socket (core/wire),
// small own frames between worker and trial process (core/runtime/frames.h), and a queue for trials in threads. The
// fence (trial, attempt) is in every message; `seq` counts 1, 2, ... within an attempt.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/ids.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/rules.h"

namespace tune {

/// Where a trial runs.
enum class Isolation {
  kAuto,     ///< what the trainable declares; process where limits must kill
  kProcess,  ///< a forked process a trial
  kReuse,    ///< forked processes that take one trial after another (reset)
  kThread,   ///< threads of the controller, for trials that last microseconds
};
std::string_view isolation_name(Isolation isolation);

/// What to load and run; made from the experiment file's `trainable`, paths absolute.
struct TrainableRef {
  enum class Kind { kBuiltin, kLibrary, kCommand };
  Kind kind = Kind::kBuiltin;
  std::string name;          ///< builtin's name, or class registered in the library (empty: its only one)
  std::string library;       ///< absolute path
  std::string command_json;  ///< kCommand: the `command` map, as trainables/command/command_spec.h reads it
  Isolation isolation = Isolation::kAuto;
  friend bool operator==(const TrainableRef&, const TrainableRef&) = default;
};

/// What a trainable says of itself once it is loaded.
struct TrainableInfo {
  struct Param {
    std::string name;
    bool required = true;
    enum class Kind { kAny, kReal, kInteger, kText, kBool } kind = Kind::kAny;
    friend bool operator==(const Param&, const Param&) = default;
  };
  std::string name;
  std::vector<Param> parameters;
  bool any_parameters = true;        ///< false: unknown ones are refused before the start
  bool numbered_parameters = false;  ///< x1, x2, ... xd for any d >= 1
  bool can_save = false;
  bool can_reset = false;
  bool has_end = false;                       ///< ends by itself; else `stop` or max_t must end it
  std::vector<std::string> metrics;           ///< known beforehand, or empty
  Isolation isolation = Isolation::kProcess;  ///< what it declares
  friend bool operator==(const TrainableInfo&, const TrainableInfo&) = default;
};

/// See WaitPoint of the controller: the first report with step >= `step` waits for its Ack (0: every one).
struct Wait {
  Step step = INT64_MAX;
  bool save = false;
  friend bool operator==(const Wait&, const Wait&) = default;
};

// --- controller to worker
// ---------------------------------------------------------------------------------------------

struct Assign {
  TrialId trial;
  Attempt attempt;
  std::string trial_name;   ///< `iris-asha-00017`
  std::string config_json;  ///< nested
  std::uint64_t seed = 0;
  Step start_step = 0;                       ///< step of the checkpoint to continue from, 0: from zero
  double elapsed = 0;                        ///< running seconds before this attempt
  std::optional<CheckpointInfo> checkpoint;  ///< to continue from; bytes beside (inline) or fetched by FetchCheckpoint
  CheckpointId checkpoint_id;
  std::string checkpoint_bytes;  ///< inline bytes, if not external
  Wait wait;
  std::int64_t every = 0;  ///< CheckpointPolicy
  bool at_end = false;
  std::optional<double> stop_time;  ///< stop.time: told to stop there
  Limits limits;
  Resources resources;     ///< of all its slots
  std::int64_t slots = 1;  ///< of its worker's that it holds
  friend bool operator==(const Assign&, const Assign&) = default;
};

enum class OrderKind {
  kSave,       ///< save now, go on
  kPause,      ///< save, leave
  kStop,       ///< leave
  kInterrupt,  ///< save if possible, leave: the controller shuts down
  kKill,       ///< SIGKILL to everything of the attempt
};

/// To a running attempt, outside of an Ack. After `grace` seconds without an end it is killed.
struct Order {
  TrialId trial;
  Attempt attempt;
  OrderKind kind = OrderKind::kStop;
  double grace = 30;
  std::string reason;
  friend bool operator==(const Order&, const Order&) = default;
};

/// The answer to everything up to `seq`.
struct Ack {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  Verdict verdict = Verdict::kContinue;
  Wait wait;
  friend bool operator==(const Ack&, const Ack&) = default;
};

// --- worker to controller
// ---------------------------------------------------------------------------------------------

struct Started {
  TrialId trial;
  Attempt attempt;
  std::int64_t pid = 0;
  friend bool operator==(const Started&, const Started&) = default;
};

/// A report; `log.checkpoint` is set once its bytes are safe or inline.
struct ReportMessage {
  Reported log;
  bool waits = false;            ///< the trial stands still until its Ack
  std::string checkpoint_bytes;  ///< inline bytes of log.checkpoint, if not external
  friend bool operator==(const ReportMessage&, const ReportMessage&) = default;
};

struct SavedMessage {
  Saved log;
  std::string checkpoint_bytes;
  friend bool operator==(const SavedMessage&, const SavedMessage&) = default;
};

/// The last message of an attempt.
struct DoneMessage {
  Ended log;
  std::string output_head, output_tail;  ///< what it printed, bounded
  std::uint64_t output_bytes = 0;        ///< in all
  double cpu_seconds = 0;
  std::uint64_t max_rss = 0;
  friend bool operator==(const DoneMessage&, const DoneMessage&) = default;
};

using WorkerMessage = std::variant<Started, ReportMessage, SavedMessage, DoneMessage>;

}  // namespace tune

#pragma once

// The log: what happened (events) and what was decided upon it (decisions). Append-only, the only truth; every other
// table is a projection. An event is a fact from outside; a decision is a choice of the brain, with a reason a person
// can read. Resume folds both and asks nothing; replay folds both and asks again beside it.
//
// Row forms (kind, columns, JSON payload) are in core/log_rows.h.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/ids.h"
#include "core/metrics.h"
#include "core/trial.h"
#include "core/value.h"

namespace tune {

// --- Events
// -----------------------------------------------------------------------------------------------------------

/// A controller started. Trials that no surviving worker holds are lost: `Lost` events follow. Without slots it is a
/// command at rest: nothing runs, and it ends with the turn.
struct RunStarted {
  std::int64_t run = 0;       ///< 1, 2, ... controller starts of this experiment (the epoch)
  std::string version;        ///< of the program
  std::string rules;          ///< `asha=1 random=1`: rules numbers of controller, scheduler and sampler
  std::int64_t slots = 1;     ///< trials at a time; 0: a command at rest
  std::int64_t ahead = 0;     ///< grants beyond the slots
  std::int64_t capacity = 0;  ///< slots that trials share (resources.elastic); 0: each holds one
  friend bool operator==(const RunStarted&, const RunStarted&) = default;
};

struct CheckpointInfo {
  std::uint64_t size = 0;  ///< bytes
  std::string sha256;      ///< hex
  bool external = false;   ///< bytes lie in the sibling file
  friend bool operator==(const CheckpointInfo&, const CheckpointInfo&) = default;
};

struct Reported {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  Step step = 0;                             ///< training_iteration
  double elapsed = 0;                        ///< running seconds of the trial, over all attempts, without pauses
  Metrics metrics;                           ///< numbers, objective among them
  std::string extra;                         ///< JSON object of what was reported beside numbers, or empty
  std::optional<CheckpointInfo> checkpoint;  ///< of exactly this step
  friend bool operator==(const Reported&, const Reported&) = default;
};

/// A checkpoint without a report: at an order to save, pause or stop.
struct Saved {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  Step step = 0;
  double elapsed = 0;
  CheckpointInfo checkpoint;
  friend bool operator==(const Saved&, const Saved&) = default;
};

enum class EndKind {
  kCompleted,    ///< the trainable returned by itself
  kPaused,       ///< left because it was told to pause
  kStopped,      ///< left because it was told to stop
  kInterrupted,  ///< left because the controller shuts down: goes on at resume, uses up no retry
  kFailed,
};

struct Ended {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  EndKind how = EndKind::kCompleted;
  Cause cause = Cause::kOwnEnd;
  std::string text;  ///< first the sentence for people; what(), stderr tail
  int code = 0;      ///< exit code or signal number, by cause
  double elapsed = 0;
  friend bool operator==(const Ended&, const Ended&) = default;
};

/// The attempt's worker, fork server or controller is gone, for certain.
struct Lost {
  TrialId trial;
  Attempt attempt;
  std::string why;
  friend bool operator==(const Lost&, const Lost&) = default;
};

/// `tune stop`, `cancel`, `pause`, `resume`, `enqueue`, `retry`, `set`: what each does is in docs/commands.md.
enum class CommandKind { kStop, kCancel, kPause, kResume, kEnqueue, kRetry, kSet };

/// A person asked for something. What is refused changes nothing and is kept with its reason.
struct Commanded {
  CommandKind kind = CommandKind::kStop;
  std::optional<TrialId> trial;  ///< none: the experiment
  std::int64_t command = 0;      ///< row of the command table; 0: from a signal, or done without a controller
  Config config = {};            ///< of kEnqueue: parameters that are given, the others are drawn
  std::string refusal = {};      ///< why it cannot be done, in a sentence; empty: it is done
  friend bool operator==(const Commanded&, const Commanded&) = default;
};

/// A person changed what may be changed of an experiment that has begun: a budget, retries, limits, retention, where
/// its trainable lies.
struct Edited {
  std::string key;           ///< `budget.trials`, as in the experiment file
  Value before, now;         ///< as the key's kind has it (seconds for times); null: not set
  std::int64_t slots = 0;    ///< of budget.concurrency: trials at a time from now on; 0: nothing runs
  std::int64_t command = 0;  ///< row of the command table; 0: done without a controller
  friend bool operator==(const Edited&, const Edited&) = default;
};

/// Time passes: at least every 30 s without another event, and when the time budget is due.
struct Ticked {
  friend bool operator==(const Ticked&, const Ticked&) = default;
};

using EventBody = std::variant<RunStarted, Reported, Saved, Ended, Lost, Commanded, Edited, Ticked>;

/// What trials and programs say may hold any bytes; the log holds UTF-8. To be called before an event is decided upon,
/// so that a replay sees what the decision saw.
void mend_texts(EventBody& body);

struct Event {
  EventNumber n;
  double at = 0;  ///< running seconds of the experiment over all runs, never decreasing
  EventBody body;
  friend bool operator==(const Event&, const Event&) = default;
};

// --- Decisions
// --------------------------------------------------------------------------------------------------------

/// Where a scheduler puts a new trial; meaning is the scheduler's own (ASHA, HyperBand: the bracket).
struct Placement {
  std::int64_t bracket = 0;
  friend bool operator==(const Placement&, const Placement&) = default;
};

/// A new trial, its configuration and attempt 1.
struct StartTrial {
  TrialId trial;
  Config config;
  Placement placement;
  bool queued = false;  ///< its configuration comes from the queue (enqueued, or withdrawn before), not from the search
  std::int64_t slots = 1;  ///< that it holds; more only of elastic ones
  friend bool operator==(const StartTrial&, const StartTrial&) = default;
};

enum class ResumeWhy {
  kPromoted,
  kRetry,
  kLost,
  kInterrupted,
  kUnpaused,  ///< the user paused it, and let it go on
  kExploit,
  kUserRetry,  ///< it was over, and the user wants it to go on: uses up no retry
  kResized,    ///< it left to hold another number of slots
};

/// Attempt + 1 of a trial that ran before.
struct ResumeTrial {
  TrialId trial;
  Attempt attempt;
  ResumeWhy why = ResumeWhy::kRetry;
  std::optional<CheckpointId> checkpoint;  ///< none: from zero
  std::int64_t slots = 1;                  ///< as of StartTrial
  friend bool operator==(const ResumeTrial&, const ResumeTrial&) = default;
};

/// What the scheduler, a stopper or a budget says of a report at which a rule could act.
enum class Verdict { kContinue, kPause, kStop };

struct Judged {
  TrialId trial;
  Step step = 0;
  Verdict verdict = Verdict::kContinue;
  TrialState final_state = TrialState::kStopped;  ///< of kStop: completed or stopped (failed for a bad report)
  Cause cause = Cause::kNone;                     ///< of kStop
  friend bool operator==(const Judged&, const Judged&) = default;
};

/// A trial reaches its final state.
struct FinishTrial {
  TrialId trial;
  TrialState state = TrialState::kCompleted;
  Cause cause = Cause::kOwnEnd;
  friend bool operator==(const FinishTrial&, const FinishTrial&) = default;
};

/// PBT and PB2: a paused trial takes over the donor's checkpoint and a new configuration; a new generation of the
/// trial.
struct ExploitTrial {
  TrialId trial;
  TrialId donor;
  CheckpointId checkpoint;  ///< the donor's, of exactly the step of its score; pinned until the target has loaded it
  Config config;
  friend bool operator==(const ExploitTrial&, const ExploitTrial&) = default;
};

/// A running trial that has just saved leaves its slots, to go on with another number of them.
struct ResizeTrial {
  TrialId trial;
  std::int64_t slots = 1;  ///< that it is to hold
  friend bool operator==(const ResizeTrial&, const ResizeTrial&) = default;
};

/// The scheduler no longer needs the checkpoint of a parked trial.
struct Unpark {
  TrialId trial;
  friend bool operator==(const Unpark&, const Unpark&) = default;
};

/// The scheduler lets a trial go on that the user has paused: it stays paused until the user, too, lets it go on.
struct HoldTrial {
  TrialId trial;
  friend bool operator==(const HoldTrial&, const HoldTrial&) = default;
};

/// Retention: nothing refers to these checkpoints any more.
struct ReleaseCheckpoints {
  std::vector<CheckpointId> checkpoints;
  friend bool operator==(const ReleaseCheckpoints&, const ReleaseCheckpoints&) = default;
};

/// Granted ahead, not started, and no longer wanted. Does not count.
struct WithdrawTrial {
  TrialId trial;
  friend bool operator==(const WithdrawTrial&, const WithdrawTrial&) = default;
};

enum class EndWhy { kBudgetTrials, kBudgetTime, kTarget, kFailures, kPlateau, kExhausted, kUser, kNoRoom };

/// Nothing new starts. Running trials are told to stop (time, target, user cancel) or finish (stop), by `EndWhy`.
struct EndExperiment {
  EndWhy why = EndWhy::kBudgetTrials;
  friend bool operator==(const EndExperiment&, const EndExperiment&) = default;
};

using DecisionBody = std::variant<StartTrial, ResumeTrial, Judged, FinishTrial, ExploitTrial, ResizeTrial, Unpark,
                                  HoldTrial, ReleaseCheckpoints, WithdrawTrial, EndExperiment>;

struct Decision {
  DecisionBody body;
  std::string reason;  ///< one line with the numbers used; never empty
  friend bool operator==(const Decision&, const Decision&) = default;
};

/// One event with all that was decided upon it, in order.
struct LogEntry {
  Event event;
  std::vector<Decision> decisions;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

std::string_view end_why_name(EndWhy why);

}  // namespace tune

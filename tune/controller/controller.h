#pragma once

// The brain: a deterministic state machine. Events in, decisions out; no clock, thread, file or socket, and no
// randomness but counter-based streams. The same code runs live, under test in virtual time, and in replay.
//
//   live    observe(event); while (auto d = next()) { apply(*d); record(*d); }      then commit, then act
//   resume  observe(event); for (d : recorded) apply(d);                            nothing is asked
//   replay  observe(event); for (d : recorded) { compare(next(), d); apply(d); }    and next() is nothing at the end
//
// observe() folds a fact and chooses nothing; next() says what the rules want now; apply() folds a decision, whoever
// took it. Which decision comes first when several are due is part of the rules (next.cc).
//
// Thread rule: one object, one thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/rules.h"
#include "core/score.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"

namespace tune {

struct ControllerOptions {
  std::vector<Objective> objectives;    ///< the first drives "best"
  std::size_t scheduler_objective = 0;  ///< the one the scheduler judges by
  StopRules stop;
  Budget budget;
  Retries retries;
  CheckpointPolicy checkpoint;
  Elastic elastic = Elastic::kNone;
  std::uint64_t seed = 0;
};

struct CheckpointRef {
  CheckpointId id;
  Step step = 0;
  double elapsed = 0;
  CheckpointInfo info;
  bool counts = false;  ///< came with a report that counts: the scheduler may refer to it
};

/// The end of an attempt that could not begin, as the checkpoint it was given is not what was written: nothing goes on
/// from that one any more.
inline bool could_not_begin(const Ended& end) { return end.how == EndKind::kInterrupted && end.cause == Cause::kLoad; }

/// All the brain remembers of a trial. Bounded: no per-report history.
struct TrialRecord {
  TrialId id;
  TrialState state = TrialState::kWaiting;
  Cause cause = Cause::kNone;
  std::string reason;  ///< of the last verdict or end, for people
  Config config;
  Placement placement;
  Attempt attempt;
  std::int64_t generation = 0;  ///< +1 by an exploit
  TrialId parent{-1};           ///< donor of the last exploit
  Seq last_seq = 0;             ///< of this attempt
  Step last_step = 0;           ///< first-time reports, this generation
  double last_t = -1;           ///< time_attr of last_step
  double elapsed = 0;
  std::int64_t reports = 0;  ///< that count, over all attempts
  std::int64_t replayed = 0;
  Score last;  ///< of the first objective
  Score best;
  double last_value = 0;  ///< unsigned; meaningful if last is a number
  double best_value = 0;  ///< unsigned; meaningful if best is a number
  Step best_step = 0;
  std::optional<Config> best_config;        ///< of the best report, if the trial has taken over another one since
  std::vector<CheckpointRef> checkpoints;   ///< alive, oldest first
  std::optional<CheckpointId> resume_from;  ///< pinned until the next report
  std::optional<CheckpointId> inherited;    ///< a donor's, pinned until this generation has one of its own
  std::int64_t retries_used = 0;
  std::int64_t lost_in_a_row = 0;
  bool heard = false;                               ///< this attempt has reported anything
  TrialState final_state = TrialState::kCompleted;  ///< agreed on by a stop verdict
  std::optional<ResumeWhy> waiting_for;             ///< of kWaiting: why it runs again
  bool held = false;                                ///< paused by the user
  bool parked = false;                              ///< paused by the scheduler, which alone lets it go on
  std::int64_t slots = 1;                           ///< that its attempt holds, or held last
  std::int64_t next_slots = 0;                      ///< that it left to hold; 0: it did not
  std::int64_t resized_at = 0;                      ///< its reports when that was decided
};

struct Counts {
  std::int64_t waiting = 0, running = 0, paused = 0, completed = 0, stopped = 0, failed = 0;
  std::int64_t created = 0;                            ///< trials that count in the budget
  std::int64_t nan_reports = 0, infinite_reports = 0;  ///< of the first objective
  std::int64_t replayed_reports = 0;
  std::int64_t finished() const { return completed + stopped + failed; }
};

/// Where a running trial must wait for its acknowledgement, as the wire needs it: in training iterations.
struct WaitPoint {
  static constexpr Step kNever = INT64_MAX;
  Step step = kNever;  ///< the first report at or beyond this iteration waits; 0: every report waits
  bool save = false;   ///< and carries a checkpoint
  friend bool operator==(const WaitPoint&, const WaitPoint&) = default;
};

class Controller {
 public:
  Controller(ControllerOptions options, std::unique_ptr<Sampler> sampler, std::unique_ptr<Scheduler> scheduler);
  Controller(Controller&&) noexcept;
  Controller& operator=(Controller&&) noexcept;
  ~Controller();

  /// The next number in the log.
  EventNumber next_event() const;
  void observe(const Event& event);
  /// What the rules want now; asked until it is nothing. Changes nothing that a decision depends on, but settles what
  /// no decision is due for (a report without a verdict), so it must not be called in the middle of a recorded turn
  /// unless the recorded decision is compared with the answer.
  std::optional<Decision> next();
  /// Why a command cannot be done now, in a sentence; nothing: it can.
  std::optional<std::string> refusal(const Commanded& command) const;
  /// Whether the event would be folded: of the current attempt, and not a report after the trial was told to leave. The
  /// loop logs only what is accepted.
  bool accepts(const Event& event) const;
  /// How often a rule was asked (tests: zero during resume).
  std::int64_t asked() const;
  void apply(const Decision& decision);
  /// All decisions upon the last event are applied, of a log: a report among them that drew no verdict is folded in, as
  /// next() would have done.
  void settle();

  /// `controller=1 asha=1 random=1`
  std::string rules() const;

  // --- what is ---
  const Counts& counts() const;
  std::int64_t trials() const;                 ///< ever started, withdrawn ones included
  const TrialRecord& trial(TrialId id) const;  ///< Requires: id < trials()
  const TrialRecord* best() const;             ///< trial of the best report of the first objective; null: none
  WaitPoint wait_point(TrialId id) const;
  /// Trials whose attempt is granted or runs, in the order of their grants.
  std::vector<TrialId> live() const;
  /// Why the experiment ends; nothing while it goes on.
  std::optional<EndWhy> ending() const;
  /// Ending, and no trial is alive: the log is complete.
  bool finished() const;
  bool target_reached() const;
  /// Paused by the user, and no trial runs: the experiment stands still until it is resumed.
  bool stands_still() const;
  /// As edits have left them.
  const ControllerOptions& options() const;
  /// Trials that the budget allows: budget.trials, and one more for each enqueued configuration; none: no limit.
  std::optional<std::int64_t> trials_allowed() const;
  /// Configurations that the search has in all; none: without end.
  std::optional<std::int64_t> search_size() const;
  /// Enqueued configurations that have not started.
  std::size_t queued() const;
  /// The number by which the trial's seed is drawn: its own, unless the scheduler repeats another's draws.
  TrialId draws_as(TrialId id) const;
  std::int64_t slots() const;  ///< trials at a time; 0: nothing runs
  double elapsed() const;      ///< of the experiment, at the last event
  /// Whether the configuration of a trial depends on nothing that runs, so that grants may go ahead of free slots.
  bool may_grant_ahead() const;
  /// The attempt a message must carry to be heard.
  bool is_current(TrialId id, Attempt attempt) const;
  /// Whether a report of this step would be a repeat.
  bool is_replayed(TrialId id, Step step) const;
  /// A checkpoint that is not released; null: none of that id.
  const CheckpointRef* checkpoint(CheckpointId id) const;
  /// How many checkpoints are not released.
  std::size_t checkpoints_alive() const;

  struct State;  ///< private to this folder (state.h)

 private:
  std::unique_ptr<State> state_;
};

/// Trials that were granted ahead of a free slot and wait for it, in the order of their grants: as far as is known, so
/// none of which anything was heard. None while nobody runs the experiment.
std::vector<TrialId> granted_ahead(const Controller& controller);

/// Trials that have not ended, as a person sees them: one that was granted ahead of a free slot waits for it.
struct InHandCounts {
  std::int64_t running = 0;
  std::int64_t waiting = 0;  ///< for a slot
};
InHandCounts in_hand(const Controller& controller);

}  // namespace tune

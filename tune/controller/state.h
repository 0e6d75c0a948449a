#pragma once

// The brain's state, private to this folder: fold_*.cc change it, next.cc asks it. One struct, so that "what must be
// remembered" can be read in one place.

#include <deque>
#include <map>
#include <set>

#include "tune/controller/controller.h"

namespace tune {

/// A first-time report that has not drawn its verdict yet.
struct PendingReport {
  SchedulerReport scheduler;
  Score score;  ///< of the first objective
  Metrics metrics;
  std::string fault;  ///< why the report is bad, or empty
};

/// Of trials under a plateau rule: the last values.
using Window = std::deque<double>;

struct Controller::State {
  ControllerOptions options;
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<Scheduler> scheduler;
  std::optional<Expression> stop_condition;
  std::string bad_stop_condition;  ///< message, if the expression does not parse (the reader has checked it)

  std::vector<TrialRecord> trials;  ///< by number
  Counts counts;
  EventNumber last_event;
  double elapsed = 0;
  std::int64_t slots = 0, ahead = 0;
  std::int64_t capacity = 0;  ///< slots that elastic trials share; 0: none are shared

  std::int64_t grants = 0;
  std::map<std::int64_t, TrialId> live;      ///< by order of grant: attempts that run or are about to
  std::map<TrialId, std::int64_t> grant_of;  ///< the inverse
  std::map<std::int64_t, TrialId> waiting;   ///< by the order of their last grant: run again before anything new
  std::set<TrialId> paused;
  std::set<TrialId> leaving;  ///< told to pause, and still in their slots

  std::optional<PendingReport> pending;
  std::optional<TrialId> saved;               ///< it has just reported with a checkpoint, and goes on
  std::set<TrialId> to_finish;                ///< their attempt ended and needs no judgement
  std::set<TrialId> failed_attempts;          ///< retry or finish
  std::set<TrialId> stop_requests;            ///< by a person, until the trial can be told
  std::set<TrialId> references_changed;       ///< retention looks at them
  std::map<CheckpointId, TrialId> owners;     ///< of checkpoints that are alive
  std::set<CheckpointId> unreadable;          ///< of those: an attempt has found that it is not what was written
  std::map<CheckpointId, int> pins;           ///< resume_from and inherited ones of all trials
  std::map<TrialId, Window> windows;          ///< under stop.plateau
  std::set<std::pair<Score, TrialId>> bests;  ///< under budget.plateau
  std::map<TrialId, Score> best_of;           ///< the same, by trial
  std::int64_t plateau_reports = 0;           ///< reports in a row with a flat top
  std::set<std::size_t> targets_left;         ///< objectives whose target is not reached

  std::optional<TrialId> best;
  Score best_score;
  bool user_stop = false, user_cancel = false, user_pause = false;
  /// Configurations that go before those of the search: enqueued, or withdrawn before they started.
  struct Queued {
    Config config;
    std::string reason;  ///< empty: enqueued, with parameters to be drawn
  };
  std::deque<Queued> queue;
  std::int64_t from_queue = 0;  ///< trials that took their configuration from it
  std::int64_t enqueued = 0;    ///< by a person: beyond budget.trials
  std::set<TrialId> orphans;    ///< ran when this run began: their first loss is its controller's
  std::set<TrialId> unparked;
  std::optional<EndWhy> ending;
  std::int64_t asked = 0;

  TrialRecord& at(TrialId id) { return trials[static_cast<std::size_t>(id.value)]; }
  const TrialRecord& at(TrialId id) const { return trials[static_cast<std::size_t>(id.value)]; }
  /// Null: there is none, or it is released.
  const CheckpointRef* checkpoint(std::optional<CheckpointId> id) const;
  bool known(TrialId id) const { return id.value >= 0 && id.value < static_cast<std::int64_t>(trials.size()); }

  /// Moves a trial to another state and keeps the counts.
  void move(TrialRecord& trial, TrialState to);
  void grant(TrialRecord& trial);
  void leave_slot(TrialRecord& trial);
  void wait_again(TrialRecord& trial, ResumeWhy why);
  /// Its attempt has ended before the trial has: it waits for the next one, or is paused if the user wants that.
  void interrupted(TrialRecord& trial, ResumeWhy why);
  /// It has left as it was told to: it is paused, or waits for its new slots.
  void paused_as_agreed(TrialRecord& trial);
  void pin(std::optional<CheckpointId>& slot, std::optional<CheckpointId> checkpoint);

  /// Folds a pending report with the verdict it drew, if any.
  void settle(const SchedulerVerdict* verdict);

  std::optional<std::int64_t> trials_allowed() const;
  /// The number under which the search proposes the next configuration.
  TrialId next_proposal() const { return {static_cast<std::int64_t>(trials.size()) - from_queue}; }
  /// The budget allows another trial, and there is a configuration for it.
  bool has_supply() const;
  bool new_allowed() const;
  bool supply_over() const;
  /// New trials that may still start, as far as is known.
  std::int64_t supply() const;
  bool is_elastic() const { return options.elastic != Elastic::kNone && capacity > 0; }
  /// Something that could go on or start waits for no more than a slot that elastic trials hold.
  bool wants_slot() const;
  /// Nobody works on what waits: a command at rest, or all trials are paused.
  bool at_rest() const { return slots == 0 || user_pause; }
  /// Takes the end back if what led to it does not hold any more.
  void reopen();
  /// Ending at once: running trials are told to leave (time, target, failures, plateau, cancel).
  bool ending_hard() const;
};

// --- fold_events.cc, fold_decisions.cc
/// What an event that the controller accepts, or a decision, changes.
void fold_event(Controller::State& state, const Event& event);
void fold_decision(Controller::State& state, const Decision& decision);

// --- commands.cc
void fold_command(Controller::State& state, const Commanded& command);
void fold_edit(Controller::State& state, const Edited& edit);

// --- stopping.cc
struct StopAnswer {
  bool stop = false;
  TrialState state = TrialState::kCompleted;
  Cause cause = Cause::kStopRule;
  std::string reason;
};
/// `stop` of the experiment file, asked of one report.
StopAnswer ask_stop_rules(const Controller::State& state, const TrialRecord& trial, const PendingReport& report);
/// Whether a rule could act at the very next report of any trial.
bool rules_look_at_every_report(const ControllerOptions& options);
/// Whether the best trials have stopped getting better (budget.plateau).
bool top_is_flat(const Controller::State& state);

// --- elastic.cc
/// Slots that attempts hold.
std::int64_t slots_in_use(const Controller::State& state);
/// Slots for a trial that is granted now, and that goes on `again` or is new. Requires: one is free.
std::int64_t slots_to_grant(const Controller::State& state, std::optional<TrialId> again);
struct Resizing {
  std::int64_t slots = 1;
  std::string reason;
};
/// With how many slots a running trial should go on, once it has saved; nothing: as it is.
std::optional<Resizing> resizing(const Controller::State& state, const TrialRecord& trial);

// --- next.cc
/// What the scheduler may count on.
Supply supply_of(const Controller::State& state, bool slot_free);

// --- retention.cc
/// Checkpoints of the trial that nothing refers to, oldest first.
std::vector<CheckpointId> unreferenced(const Controller::State& state, const TrialRecord& trial);

}  // namespace tune

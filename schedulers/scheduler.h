#pragma once

// What decides which trials go on. A scheduler never calls anybody: it is asked, and answers with a reason. It has two
// halves. The asking half (`judge`, `propose`, `next_point`, `may_resume`) is const. The folding half (`on_...`)
// changes its state by what was decided, whoever decided it: live, that is what it just answered; at resume it is what
// the log says, and nothing is asked. A scheduler sees each (trial, generation, step) once; repeats after a crash never
// reach it. It has no clock and no randomness but core/rng.h.
//
// A trial at a rung: report -> judge() -> verdict -> on_report(report, verdict). A slot falls free: propose() ->
// proposal -> on_proposal(proposal), asked again until it has none. Everything about trials that do not run goes
// through propose.
//
// How those that wait for others use it: HyperBand (hyperband.h) names the open bracket in propose() and pauses every
// member at its level in judge(); once all have arrived, propose() yields Stop for each loser and Resume for each
// winner. Median stopping (median.h) judges every report (next_point = the very next one) by what on_report() folded.
// PBT (pbt.h) has every member save at its interval and pauses the weak; propose() yields Exploit, and Resume follows.
//
// PB2 (pb2.h) is PBT with a model behind Exploit, fitted from what on_report() folded; an answer is kept until the next
// fold. BOHB is HyperBand beside the `bohb` sampler, which gets every rung's score through Sampler::on_report. How
// many slots a trial holds (resources.elastic) is the controller's business, and never a scheduler's.
//
// Thread rule: one object, one thread.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/config.h"
#include "core/ids.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/options.h"
#include "core/score.h"
#include "searchspaces/space.h"

namespace tune {

/// A report as a scheduler sees it.
struct SchedulerReport {
  TrialId trial;
  Step step = 0;  ///< training_iteration
  double t = 0;   ///< value of time_attr: finite, >= 0, greater than the last one of this trial
  Score score;    ///< of the scheduler's metric, signed
  std::optional<CheckpointId> checkpoint;  ///< saved with this report
};

/// The answer to a report at which a rule could act.
struct SchedulerVerdict {
  Verdict verdict = Verdict::kContinue;
  bool completed = false;  ///< of kStop: the trial has reached max_t (completed), rather than lost (stopped)
  std::string reason;      ///< `rank 5 of 6 in rung 9, keeps 2`
};

/// What a scheduler may count on when it is asked to propose.
struct Supply {
  bool slot_free = false;    ///< a trial may be started or resumed now
  bool new_allowed = false;  ///< a new configuration may start (budget and sampler have one)
  bool over = false;         ///< no new configuration will ever start
  std::int64_t running = 0;  ///< trials that hold a slot or wait for one
  /// Trials that were told to pause and have not left: nothing that is proposed for them is done yet. Null: none.
  const std::set<TrialId>* leaving = nullptr;
};

struct Proposal {
  enum class Kind {
    kStartNew,  ///< the sampler's next configuration, at `placement`. Requires slot_free and new_allowed
    kResume,    ///< a paused trial goes on from its checkpoint, once its attempt has left. Requires slot_free
    kStop,      ///< a paused trial ends, stopped by the scheduler
    kExploit,   ///< a paused trial takes donor's checkpoint and `config`; kResume follows
    kUnpark,    ///< a paused trial's checkpoint is not needed any more
  };
  Kind kind = Kind::kStartNew;
  TrialId trial;        ///< all but kStartNew
  Placement placement;  ///< kStartNew
  TrialId donor;        ///< kExploit
  CheckpointId checkpoint;
  Config config;
  std::string reason;

  static Proposal start_new(Placement placement, std::string reason) {
    Proposal p;
    p.kind = Kind::kStartNew;
    p.placement = placement;
    p.reason = std::move(reason);
    return p;
  }
  static Proposal about(Kind kind, TrialId trial, std::string reason) {
    Proposal p;
    p.kind = kind;
    p.trial = trial;
    p.reason = std::move(reason);
    return p;
  }
};

/// The next point at which a rule could act on a trial.
struct SchedulePoint {
  double t = std::numeric_limits<double>::infinity();  ///< in units of time_attr; infinity: never; <= now: next report
  bool save = false;                                   ///< the trial saves with that report
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  virtual std::string_view name() const = 0;
  /// Raised whenever the same history may give another decision; stored with each run.
  virtual int rules() const = 0;
  /// `training_iteration`, `time_total_s`, or a reported metric.
  virtual std::string_view time_attr() const { return "training_iteration"; }

  // --- asked ---
  /// The answer to a report; nothing if no rule looks at this one.
  virtual std::optional<SchedulerVerdict> judge(const SchedulerReport& report) const = 0;
  /// What to do about trials that do not run, and whether to start a new one; nothing: wait.
  virtual std::optional<Proposal> propose(const Supply& supply) const = 0;
  virtual SchedulePoint next_point(TrialId trial) const = 0;
  /// Whether a paused trial might still go on, so that its checkpoint must stay.
  virtual bool may_resume(TrialId) const { return false; }
  /// A trial that is parked when the experiment ends, and ends with it, stays where it waits: should more trials be
  /// allowed later, it may be proposed to go on. For others on_ended() comes.
  virtual bool keeps_parked() const { return false; }
  /// Whose random draws (core/rng.h: trial_seed) the trial's next attempt gets; most get their own.
  virtual TrialId draws_as(TrialId trial) const { return trial; }
  /// Decisions depend on results, so no grant goes ahead.
  virtual bool learns() const { return true; }

  // --- told ---
  virtual void on_started(TrialId, const Placement&, const Config&) {}
  /// Every first report of a (trial, generation, step), with the verdict that was given, if any.
  virtual void on_report(const SchedulerReport&, const SchedulerVerdict*) {}
  /// kResume, kExploit and kUnpark once they are decided; kStartNew is folded by on_started, kStop by on_ended.
  virtual void on_proposal(const Proposal&) {}
  /// The trial is in a final state. `failed`: its entries at rungs it had not reached are of class kFailed.
  virtual void on_ended(TrialId, bool /*failed*/, EventNumber) {}
  /// A trial that had ended, failed or stopped, goes on at a person's wish, from where it was: what on_ended() entered
  /// for it counts no more. on_ended() comes again.
  virtual void on_revived(TrialId) {}
  /// No more than these trials will ever start; none: unknown. A person changed it.
  virtual void on_trials_allowed(std::optional<std::int64_t>) {}
};

struct SchedulerContext {
  std::uint64_t seed = 0;
  const Space* space = nullptr;  ///< outlives the scheduler
  Options options;               ///< checked against the catalogue; what is missing has its default
  std::optional<std::int64_t> trials = std::nullopt;  ///< no more than these will ever start; none: unknown
  std::vector<std::string>* notes = nullptr;          ///< takes what is legal and should be known; null: nobody asks
};

/// All schedulers: names, options and their checks.
const Catalogue& scheduler_catalogue();
/// kBadInput: an unknown name, or options that the checks refuse.
Result<std::unique_ptr<Scheduler>> make_scheduler(std::string_view type, SchedulerContext context);
/// Whether make_scheduler could make it for this space, and why not: what a table of options alone cannot tell. Gives
/// what a person should know of options that are legal, each beginning with the option's name.
Result<std::vector<std::string>> try_scheduler(const std::string& type, const Options& options, const Space& space,
                                               std::optional<std::int64_t> trials);

}  // namespace tune

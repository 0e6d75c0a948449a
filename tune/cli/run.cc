// `tune run` and `tune resume`: from a file or a stored experiment to a session, and from its end to an exit code.

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "core/json.h"
#include "core/text.h"
#include "experiments/store/store.h"
#include "trainables/host/compiled_in.h"
#include "tune/cli/commands.h"
#include "tune/cli/detach.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/load_check.h"
#include "tune/session/recovered.h"
#include "tune/session/session.h"
#include "tune/session/stored.h"
#include "tune/session/take_in.h"
#include "tune/view/tell.h"
#include "tune/view/view.h"
#include "tune/view/words.h"

namespace tune::cli {
namespace {

std::vector<std::string> overrides_of(const RunCommand& command) {
  std::vector<std::string> set = command.set;
  if (!command.trials.empty()) set.push_back("budget.trials=" + command.trials);
  if (!command.time.empty()) set.push_back("budget.time=" + command.time);
  if (!command.concurrency.empty()) set.push_back("budget.concurrency=" + command.concurrency);
  if (!command.seed.empty()) set.push_back("search.seed=" + command.seed);
  return set;
}

/// Prints what the reader found; whether the run may go on.
bool show(const std::vector<Diagnostic>& diagnostics, const Common& common) {
  const bool ok = !has_errors(diagnostics);
  if (common.json && !ok) {
    fmt::print("{}\n", diagnostics_to_json(diagnostics));
  } else if (common.verbosity >= 0 || !ok) {
    print_diagnostics(diagnostics, common);
  }
  return ok;
}

int outcome(const SessionEnd& end, const RunCommand& command) {
  if (end.end == RunEnd::kInterrupted) return 128 + end.signal;
  if (command.require_target && !end.target_reached) return kTargetMissed;
  if (end.why == EndWhy::kFailures || end.why == EndWhy::kNoRoom) return kFailed;
  return end.counts.completed + end.counts.stopped > 0 ? kOk : kFailed;
}

void raise_again(int signal) {
  if (signal == SIGUSR1) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

int say_detached(const Detachment& detachment, const std::string& name, const Common& common) {
  const std::string log = Detachment::log_of(common.db, name);
  if (common.json) {
    fmt::print("{}\n",
               to_json(Map{{"event", "detached"}, {"experiment", name}, {"pid", detachment.child()}, {"log", log}}));
  } else if (common.verbosity >= 0) {
    const std::string db = common.db == "tune.db" ? "" : " --db " + shell_word(common.db);
    tell(stderr,
         "{0} runs in the background as process {1}\nwatch tune attach {0}{2}\nend   tune stop {0}{2} | tune pause "
         "{0}{2} | tune cancel {0}{2}\nlog   {3}\n",
         name, detachment.child(), db, log);
  }
  return kOk;
}

/// One run from here to its end: what `run` and `resume` share. Exit code.
int go(ExperimentSpec spec, std::optional<ExperimentRow> row, const RunCommand& command, const Common& common,
       std::vector<std::string> changes = {}, bool take_stop_back = false) {
  Detachment detachment;
  const std::string name = row ? row->name : spec.name;
  if (command.detach) {
    const auto code = detachment.split(common.db, name);
    if (!code) return report(code.error());
    if (*code) return **code == kOk ? say_detached(detachment, name, common) : **code;
  }
  ViewOptions view_options;
  view_options.form = common.json ? ViewOptions::Form::kJson : ViewOptions::Form::kAuto;
  view_options.verbosity = common.verbosity;
  view_options.color = common.color;
  view_options.progress_interval = command.progress_interval;
  std::unique_ptr<RunView> view = make_view(view_options);

  bool fits = true;
  SessionOptions options;
  options.database = common.db;
  options.lockstep = command.lockstep;
  options.sync = command.sync == "normal" ? SyncMode::kNormal : SyncMode::kFull;
  options.grace = command.grace;
  options.changes = std::move(changes);
  options.take_stop_back = take_stop_back;
  options.begun = [&] { detachment.begun(); };
  options.context = reader_context({});
  options.compiled_in = compiled_in();
  options.diagnosed = [&](const std::vector<Diagnostic>& found) { fits = show(found, common); };
  Session session(std::move(options), *view);
  const auto end = session.run(std::move(spec), std::move(row));
  int code = kUsage;
  if (end) {
    code = outcome(*end, command);
  } else if (fits) {
    const bool bad_trainable = end.error().code == ErrorCode::kTrial || end.error().code == ErrorCode::kNotFound;
    code = report(end.error());
    if (bad_trainable) code = kUsage;
  }
  view.reset();
  if (session.stuck()) {  // a trial's thread still runs and must not see us tear down
    std::fflush(nullptr);
    _exit(code);
  }
  if (end && end->signal != 0 && code == 128 + end->signal) raise_again(end->signal);
  return code;
}

/// The stored experiment as it was first read.
Result<ExperimentSpec> stored_spec(const ExperimentRow& row, const Common& common) {
  std::vector<Diagnostic> found;
  auto spec = tune::stored_spec(row, reader_context({}), found);
  show(found, common);
  return spec;
}

/// What an edited file may change on a stored experiment is taken over; the rest is refused by name.
int run_existing(ExperimentSpec spec, const ExperimentRow& row, const RunCommand& command, const Common& common) {
  std::vector<Diagnostic> found;
  const auto continues = check_continues(spec, row, common.db, reader_context({}), found);
  show(found, common);
  if (!continues) return report(continues.error());
  if (is_over(row)) {
    if (common.verbosity >= 0) tell(stderr, "experiment '{}' is {}; --fresh runs it anew\n", row.name, row.status);
    return best(row.name, common.json ? "json" : "table", common);
  }
  return go(std::move(spec), row, command, common);
}

}  // namespace

int run(const RunCommand& command, const Common& common) {
  ReadOutcome read = read_experiment_file(command.file, reader_context(overrides_of(command)));
  if (!show(read.diagnostics, common) || !read.spec) return kUsage;
  ExperimentSpec spec = *std::move(read.spec);
  if (command.dry_run) {
    const auto found = check_loaded(spec, reader_context({}));
    if (!found) return report(found.error());
    if (!show(*found, common)) return kUsage;
    tell(stderr, "{}: valid; nothing was started (--dry-run)\n", command.file);
    return kOk;
  }
  return run_spec(std::move(spec), command, common);
}

int run_spec(ExperimentSpec spec, const RunCommand& command, const Common& common) {
  if (command.fresh && find_experiment(common.db, spec.name)) {
    auto kept = set_aside_at_rest(common.db, spec.name, reader_context({}), warn);
    if (!kept) return report(kept.error());
    if (common.verbosity > -2) tell(stderr, "the old '{}' is kept as '{}'\n", spec.name, *kept);
  }
  auto row = find_experiment(common.db, spec.name);
  if (row && is_over(*row)) {
    settle(common.db, spec.name, reader_context({}));
    row = find_experiment(common.db, spec.name);
  }
  if (row) return run_existing(std::move(spec), *row, command, common);
  return go(std::move(spec), std::nullopt, command, common);
}

int resume(const std::string& experiment, const RunCommand& command, const Common& common) {
  const std::vector<std::string> changes = overrides_of(command);
  if (!experiment.empty()) {
    const auto target = parse_target(experiment, common);
    if (target && target->trial) return resume_live(experiment, changes, common);
  }
  auto name = pick_experiment(common.db, experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(*name);
  if (!row) return report(row.error());
  if (const std::int64_t holder = (*reader)->holder(row->id); holder != 0) {
    const bool waits = row->status == "paused" || row->end_reason == end_why_name(EndWhy::kUser);
    if (waits || !changes.empty()) return resume_live(*name, changes, common);
    return report({ErrorCode::kBusy, fmt::format("experiment '{}' is being run by process {}", *name, holder),
                   "tune attach " + *name + " shows it"});
  }
  reader->reset();
  if (is_over(*row)) {
    settle(common.db, *name, reader_context({}));
    if (auto again = find_experiment(common.db, *name)) row = *std::move(again);
  }
  const bool stopped_by_user = row->end_reason == end_why_name(EndWhy::kUser);
  if (is_over(*row) && !stopped_by_user && changes.empty()) {
    tell(stderr, "experiment '{}' is {}; nothing is left to do\n", row->name, row->status);
    return best(row->name, common.json ? "json" : "table", common);
  }
  auto spec = stored_spec(*row, common);
  if (!spec) return report(spec.error());
  if (auto changed = with_changes(*spec, changes, reader_context({})); !changed) {
    return report(changed.error());
  } else if (const auto other = differences(*changed, *spec); !other.empty()) {
    return report({ErrorCode::kBadInput, "it is fixed once an experiment has begun: " + join(other, "; "), {}});
  }
  return go(*std::move(spec), *row, command, common, changes, stopped_by_user);
}

}  // namespace tune::cli

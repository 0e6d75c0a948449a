// `tune run` and `tune resume`: from a file or a stored experiment to a running loop.

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>

#include "core/json.h"
#include "core/runtime/process_workers.h"
#include "core/text.h"
#include "experiments/store/store.h"
#include "schedulers/asha.h"
#include "trainables/threads/thread_workers.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/loop/launch.h"
#include "tune/loop/loop.h"
#include "tune/loop/recovery.h"
#include "tune/view/view.h"

namespace tune::cli {
namespace {

namespace fs = std::filesystem;

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
  bool ok = true;
  for (const Diagnostic& d : diagnostics) ok = ok && d.severity != Diagnostic::Severity::kError;
  if (common.json && !ok) {
    fmt::print("{}\n", diagnostics_to_json(diagnostics));
  } else if (!diagnostics.empty() && (common.verbosity >= 0 || !ok)) {
    fmt::print(stderr, "{}", format_diagnostics(diagnostics, common.color && isatty(STDERR_FILENO) == 1));
  }
  return ok;
}

Result<std::uint64_t> draw_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return fail(ErrorCode::kIo, "the system gives no random bytes");
  return seed >> 12;  // 52 bits: exact in every JSON reader
}

std::string absolute(const std::string& path) { return fs::absolute(path).lexically_normal().string(); }

/// One run from here to its end: what `run` and `resume` share.
class Session {
 public:
  Session(const RunCommand& command, const Common& common) : command_(command), common_(common) {}

  int start_new(ExperimentSpec spec) { return go(std::move(spec), std::nullopt); }
  int go_on(ExperimentSpec spec, ExperimentRow row) { return go(std::move(spec), std::move(row)); }

 private:
  int go(ExperimentSpec spec, std::optional<ExperimentRow> row) {
    spec_ = std::move(spec);
    resumes_ = row.has_value();
    lockstep_ = row ? row->lockstep : command_.lockstep;

    const Machine machine = this_machine();
    auto plan = plan_slots(spec_.resources, spec_.budget.concurrency, machine);
    if (!plan) return report(plan.error());
    plan_ = *std::move(plan);
    if (lockstep_ && row && row->slots > 0) {
      if (plan_.slots < row->slots) {
        return report({ErrorCode::kBadInput,
                       fmt::format("experiment '{}' runs in lockstep on {} slots; this machine has {}", row->name,
                                   row->slots, plan_.slots),
                       "lockstep fixes the number of slots"});
      }
      plan_.slots = row->slots;
    }

    ViewOptions view_options;
    view_options.form = common_.json ? ViewOptions::Form::kJson : ViewOptions::Form::kAuto;
    view_options.verbosity = common_.verbosity;
    view_options.color = common_.color;
    view_options.progress_interval = command_.progress_interval;
    view_ = make_view(view_options);

    // The workers load the trainable while nothing is stored yet: a file that names a broken library leaves no trace.
    boost::asio::io_context io;
    Loop loop(io, *view_);
    auto workers = make_workers(io, loop);
    auto info = loop.load(*workers);
    if (!info) {
      workers->shut_down();
      const bool bad_trainable = info.error().code == ErrorCode::kTrial || info.error().code == ErrorCode::kNotFound;
      const int code = report(info.error());
      return bad_trainable ? kUsage : code;
    }
    if (!show(check_trainable(spec_, *info, reader_context({})), common_)) {
      workers->shut_down();
      return kUsage;
    }
    const int code = with_store(loop, *workers, row);
    if (threads_ != nullptr && threads_->stuck()) {  // a trial's thread still runs and must not see us tear down
      view_.reset();
      std::fflush(nullptr);
      _exit(code);
    }
    if (code == 128 + loop.signal() && loop.signal() != 0) {
      view_.reset();  // it gives the cursor back
      raise_again(loop.signal());
    }
    return code;
  }

  std::unique_ptr<Workers> make_workers(boost::asio::io_context& io, Loop& loop) {
    const std::string attempts = absolute(common_.db) + ".d";
    if (runs_in_threads(spec_)) {
      auto workers = std::make_unique<ThreadWorkers>(spec_.trainable, plan_, loop.poster(), spec_.name, attempts);
      threads_ = workers.get();
      return workers;
    }
    ProcessWorkersOptions options;
    options.trainable = spec_.trainable;
    options.plan = plan_;
    options.experiment = spec_.name;
    options.attempts_dir = attempts;
    options.log = [this](const std::string& text) { view_->message(Severity::kWarning, text); };
    options.launched = [this] {  // a later controller ends what this one left behind
      if (store_ != nullptr) (void)store_->set_workers(processes_->launches_json());
    };
    auto workers = std::make_unique<ProcessWorkers>(io, std::move(options));
    processes_ = workers.get();
    return workers;
  }

  int with_store(Loop& loop, Workers& workers, std::optional<ExperimentRow>& row) {
    auto store = open_store(loop, row);
    if (!store) {
      workers.shut_down();
      return report(store.error());
    }
    const ExperimentRow experiment = (*store)->experiment();
    auto controller = make_controller(spec_, experiment.seed);
    if (!controller) {
      workers.shut_down();
      return report(controller.error());
    }
    auto order = lockstep_ ? lockstep_order(spec_.retries) : arrival_order();
    auto run_number = recover(**store, *controller, *order);
    if (!run_number) {
      workers.shut_down();
      return report(run_number.error());
    }
    auto begun = begin(**store, *controller, *run_number);
    if (begun && spec_.resolved_json != experiment.resolved_json) {  // what may differ was changed in the file
      begun = (*store)->change_document(spec_.resolved_json, spec_.source, spec_.description);
    }
    if (!begun) {
      workers.shut_down();
      return report(begun.error());
    }
    view_->started(run_info(experiment), *controller);
    if (spec_.scheduler.type == "asha" && spec_.budget.trials && !resumes_) {
      const auto warning = supply_warning(spec_.scheduler.options, *spec_.budget.trials);
      if (warning) view_->message(Severity::kWarning, *warning);
    }

    RunPlan work;
    work.spec = &spec_;
    work.store = store->get();
    work.controller = &*controller;
    work.order = order.get();
    work.run = *run_number;
    work.slots = plan_;
    work.lockstep = lockstep_;
    work.seed = experiment.seed;
    work.grace = command_.grace;
    store_ = store->get();
    auto end = loop.run(work);
    store_ = nullptr;
    (*store)->close();
    if (!end) return report(end.error());
    return outcome(*end, *controller, loop.signal());
  }

  Result<std::unique_ptr<Store>> open_store(Loop& loop, const std::optional<ExperimentRow>& row) {
    StoreOptions options;
    options.sync = command_.sync == "normal" ? SyncMode::kNormal : SyncMode::kFull;
    auto post = loop.poster();
    if (row) return open_experiment(common_.db, row->name, options, post);

    NewExperiment experiment;
    experiment.row.name = spec_.name;
    experiment.row.description = spec_.description;
    experiment.row.source = spec_.source;
    experiment.row.resolved_json = spec_.resolved_json;
    experiment.row.directory = spec_.directory;
    experiment.row.lockstep = lockstep_;
    experiment.row.slots = plan_.slots;
    experiment.row.space_hash = spec_.space.fingerprint();
    experiment.row.metric = spec_.objectives.front().metric;
    experiment.row.mode = spec_.objectives.front().mode == Mode::kMin ? "min" : "max";
    List columns;
    for (const std::string& path : spec_.space.paths()) columns.push_back(path);
    experiment.row.columns_json = to_json(columns);
    if (spec_.search.seed) {
      experiment.row.seed = *spec_.search.seed;
    } else {
      auto seed = draw_seed();
      if (!seed) return pass_on(std::move(seed));
      experiment.row.seed = *seed;
      seed_was_drawn_ = true;
    }
    return create_experiment(common_.db, experiment, options, post);
  }

  Result<void> begin(Store& store, const Controller& controller, std::int64_t number) {
    RunRow run = this_run();
    run.run = number;
    run.rules = controller.rules();
    run.code_hash = code_hash(spec_.trainable);
    if (processes_ != nullptr) run.worker_json = processes_->launches_json();
    return store.begin_run(run);
  }

  RunInfo run_info(const ExperimentRow& experiment) const {
    RunInfo info;
    info.experiment = spec_.name;
    info.database = common_.db;
    info.algorithm = spec_.search.algorithm;
    info.scheduler = spec_.scheduler.type;
    info.objectives = spec_.objectives;
    info.budget = spec_.budget;
    info.parameters = spec_.space.paths();
    info.slots = plan_.slots;
    info.slots_note = plan_.note;
    info.seed = experiment.seed;
    info.seed_was_drawn = seed_was_drawn_;
    info.resumed = resumes_;
    info.lockstep = lockstep_;
    if (const Value* max_t = spec_.scheduler.options.find("max_t"); max_t != nullptr && max_t->number()) {
      info.time_attr_max = *max_t->number();
    }
    if (spec_.stop.training_iteration) info.time_attr_max = static_cast<double>(*spec_.stop.training_iteration);
    return info;
  }

  int outcome(RunEnd end, const Controller& controller, int signal) const {
    if (end == RunEnd::kInterrupted) return 128 + signal;
    if (command_.require_target && !controller.target_reached()) return kTargetMissed;
    if (controller.ending() == EndWhy::kFailures || controller.ending() == EndWhy::kNoRoom) return kFailed;
    const Counts& counts = controller.counts();
    return counts.completed + counts.stopped > 0 ? kOk : kFailed;
  }

  static void raise_again(int signal) {
    if (signal == SIGUSR1) return;
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }

  const RunCommand& command_;
  const Common& common_;
  ExperimentSpec spec_;
  SlotPlan plan_;
  std::unique_ptr<RunView> view_;
  Store* store_ = nullptr;                // while the loop runs
  ProcessWorkers* processes_ = nullptr;   // whichever of the two there is
  ThreadWorkers* threads_ = nullptr;
  bool lockstep_ = false, resumes_ = false, seed_was_drawn_ = false;
};

/// The stored experiment as it was first read.
Result<ExperimentSpec> stored_spec(const ExperimentRow& row, const Common& common) {
  ReadOutcome stored = read_stored_experiment(row.resolved_json, row.directory, reader_context({}));
  if (stored.spec) return *std::move(stored.spec);
  show(stored.diagnostics, common);
  return fail(ErrorCode::kBadInput, fmt::format("experiment '{}' was stored by a program that reads it differently", row.name));
}

std::optional<ExperimentRow> find_experiment(const std::string& db, const std::string& name) {
  auto reader = open_reader(db);
  if (!reader) return std::nullopt;
  auto row = (*reader)->experiment(name);
  if (!row) return std::nullopt;
  return *std::move(row);
}

bool is_over(const ExperimentRow& row) { return row.status == "finished" || row.status == "failed"; }

/// What an edited file may change on a stored experiment is taken over; the rest is refused by name.
int run_existing(ExperimentSpec spec, const ExperimentRow& row, const RunCommand& command, const Common& common) {
  auto before = stored_spec(row, common);
  if (!before) return report(before.error());
  const auto changed = differences(spec, *before);
  if (!changed.empty()) {
    return report({ErrorCode::kBadInput,
                   fmt::format("experiment '{}' exists in {} with other settings:\n  {}", row.name, common.db,
                               join(changed, "\n  ")),
                   "give it another name, or --fresh to keep the old one as " + row.name + "@1 and start anew"});
  }
  if (is_over(row)) {
    if (common.verbosity >= 0) fmt::print(stderr, "experiment '{}' is {}; --fresh runs it anew\n", row.name, row.status);
    return best(row.name, common.json ? "json" : "table", common);
  }
  return Session(command, common).go_on(std::move(spec), row);
}

}  // namespace

int run(const RunCommand& command, const Common& common) {
  ReadOutcome read = read_experiment_file(command.file, reader_context(overrides_of(command)));
  if (!show(read.diagnostics, common) || !read.spec) return kUsage;
  ExperimentSpec spec = *std::move(read.spec);
  if (command.dry_run) {
    fmt::print(stderr, "{}: valid; nothing was started (--dry-run)\n", command.file);
    return kOk;
  }
  if (command.fresh && find_experiment(common.db, spec.name)) {
    auto kept = set_aside(common.db, spec.name, {});
    if (!kept) return report(kept.error());
    fmt::print(stderr, "the old '{}' is kept as '{}'\n", spec.name, *kept);
  }
  if (const auto row = find_experiment(common.db, spec.name)) return run_existing(std::move(spec), *row, command, common);
  return Session(command, common).start_new(std::move(spec));
}

int resume(const std::string& experiment, const RunCommand& command, const Common& common) {
  auto name = pick_experiment(common.db, experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(*name);
  if (!row) return report(row.error());
  reader->reset();
  if (is_over(*row) && row->end_reason != end_why_name(EndWhy::kUser)) {
    fmt::print(stderr, "experiment '{}' is {}; nothing is left to do\n", row->name, row->status);
    return best(row->name, common.json ? "json" : "table", common);
  }
  auto spec = stored_spec(*row, common);
  if (!spec) return report(spec.error());
  return Session(command, common).go_on(*std::move(spec), *row);
}

}  // namespace tune::cli

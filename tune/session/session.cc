#include "tune/session/session.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "core/json.h"
#include "core/runtime/leftovers.h"
#include "core/runtime/output_file.h"
#include "core/runtime/process_workers.h"
#include "core/text.h"
#include "schedulers/asha.h"
#include "trainables/threads/thread_workers.h"
#include "tune/loop/at_rest.h"
#include "tune/loop/launch.h"
#include "tune/loop/loop.h"
#include "tune/loop/recovery.h"
#include "tune/session/load_check.h"
#include "tune/session/run_info.h"
#include "tune/session/signals.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

Result<std::uint64_t> draw_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return fail(ErrorCode::kIo, "the system gives no random bytes");
  return seed >> 12;  // 52 bits: exact in every JSON reader
}

bool holds_unregistered(const CompiledIn& compiled_in) {
  return std::ranges::any_of(compiled_in.registered,
                             [](const tune_trainable* t) { return std::string_view(t->name) == kUnregistered; });
}

/// What a simulation has begun no real worker goes on with: its time is not the clock's.
Result<void> check_real(const Store& store) {
  const auto runs = store.runs();
  if (!runs) return tl::unexpected<Error>(runs.error());
  for (const RunRow& run : *runs) {
    const auto workers = parse_json(run.worker_json);
    const Value* simulated = workers && workers->is_map() ? workers->find(kSimulatedRun) : nullptr;
    if (simulated == nullptr || !simulated->is_text()) continue;
    return fail(ErrorCode::kBadInput,
                fmt::format("experiment '{}' is a simulation ({}), which does not go on", store.experiment().name,
                            simulated->text()),
                "simulate its file again");
  }
  return {};
}

/// Ends the workers on every way out.
class ShutDown {
 public:
  explicit ShutDown(Workers& workers) : workers_(workers) {}
  ~ShutDown() { workers_.shut_down(); }
  ShutDown(const ShutDown&) = delete;
  ShutDown& operator=(const ShutDown&) = delete;

 private:
  Workers& workers_;
};

}  // namespace

/// interrupt() finds the loop as long as this lives.
class Session::Reachable {
 public:
  Reachable(Session& session, Loop& loop) : session_(session) {
    const std::lock_guard lock(session_.mutex_);
    session_.loop_ = &loop;
    if (session_.interrupted_) loop.interrupt();
  }
  ~Reachable() {
    const std::lock_guard lock(session_.mutex_);
    session_.loop_ = nullptr;
  }
  Reachable(const Reachable&) = delete;
  Reachable& operator=(const Reachable&) = delete;

 private:
  Session& session_;
};

void Session::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (loop_ != nullptr) loop_->poster()([loop = loop_] { loop->interrupt(); });
}

Session::Session(SessionOptions options, RunView& view) : options_(std::move(options)), view_(view) {}

Session::~Session() = default;

Result<SessionEnd> Session::run(ExperimentSpec spec, const std::optional<ExperimentRow>& row) {
  spec_ = std::move(spec);
  if (spec_.trainable.kind == TrainableRef::Kind::kLibrary && spec_.trainable.name == kUnregistered &&
      !holds_unregistered(options_.compiled_in)) {
    return fail(
        ErrorCode::kUnsupported,
        fmt::format("experiment '{}' runs a function of {} that has no name; only that program can go on with it",
                    spec_.name, shown_path(spec_.trainable.library)),
        "run the program again, or register the function: TUNE_FUNCTION(name, function)");
  }
  if (!options_.changes.empty()) {
    auto changed = with_changes(spec_, options_.changes, options_.context);
    if (!changed) return pass_on(std::move(changed));
    spec_ = *std::move(changed);
  }
  if (auto set = check_environment(spec_.trainable); !set) return pass_on(std::move(set));
  if (auto planned = plan(row); !planned) return pass_on(std::move(planned));

  boost::asio::io_context io;
  const SignalLease signals(options_.signals);
  Loop loop(io, view_, signals.numbers());
  const Reachable reachable(*this, loop);
  Opened opened;
  code_hash_ = code_hash(spec_.trainable);
  if (row) {  // the lock comes first: only who holds it may speak to workers that live on
    if (auto done = open(loop, row, opened); !done) return pass_on(std::move(done));
  }
  const std::string attempts = attempts_dir(options_.database);
  const TrainableRef trainable = options_.simulated || lockstep_ ? as_exact(spec_.trainable) : spec_.trainable;
  if (options_.simulated) {
    SimulatedWorkers workers(trainable, *options_.simulated, attempts + "/" + spec_.name, options_.compiled_in);
    simulated_ = &workers;
    return with_workers(loop, workers, row, opened);
  }
  if (options_.threads || runs_in_threads(spec_)) {
    end_leftover_workers(opened.left.workers_json, attempts);
    ThreadWorkers workers(trainable, capacity_, loop.poster(), spec_.name, attempts, options_.compiled_in);
    threads_ = &workers;
    auto end = with_workers(loop, workers, row, opened);
    stuck_ = workers.stuck();
    return end;
  }
  ProcessWorkersOptions options;
  options.trainable = trainable;
  options.plan = capacity_;
  options.experiment = spec_.name;
  options.attempts_dir = attempts;
  options.lease = spec_.runtime.lease;
  options.worker_command = options_.worker_command;
  options.host_program = options_.host_program;
  options.start_worker = options_.start_worker;
  options.inherited = opened.left.workers_json;
  // Copies of a program's memory, and code that has changed since, are not gone on with.
  options.adopts = !options_.start_worker && !code_hash_.empty() && code_hash_ == opened.left.code_hash;
  options.log = [this](const std::string& text) { view_.message(Severity::kWarning, text); };
  options.launched = [this] {  // a later controller goes on with what this one leaves behind, or ends it
    if (store_ != nullptr) (void)store_->set_workers(processes_->launches_json());
  };
  options.adopted = [this](std::size_t attempts_held) {
    view_.message(Severity::kNote, fmt::format("{} of the run before went on meanwhile",
                                               counted(static_cast<std::int64_t>(attempts_held), "trial")));
  };
  ProcessWorkers workers(io, std::move(options));
  processes_ = &workers;
  return with_workers(loop, workers, row, opened);
}

Result<void> Session::plan(const std::optional<ExperimentRow>& row) {
  resumes_ = row.has_value();
  lockstep_ = row ? row->lockstep : options_.lockstep;
  if (options_.simulated) {
    capacity_.slots = plan_.slots = options_.simulated->workers;
    return {};
  }
  auto plan = plan_slots(spec_.resources, spec_.budget.concurrency, this_machine());
  if (!plan) return pass_on(std::move(plan));
  capacity_ = plan_ = *std::move(plan);
  if (!lockstep_) {
    auto capacity = plan_slots(spec_.resources, std::nullopt, this_machine());
    if (capacity) capacity_ = *std::move(capacity);
  }
  if (!lockstep_ || !row || row->slots <= 0) return {};
  if (plan_.slots < row->slots) {
    return fail(ErrorCode::kBadInput,
                fmt::format("experiment '{}' runs in lockstep on {} slots; this machine has {}", row->name, row->slots,
                            plan_.slots),
                "lockstep fixes the number of slots");
  }
  capacity_.slots = plan_.slots = row->slots;
  return {};
}

/// The workers of a new experiment load the trainable while nothing is stored yet: a file that names a broken library
/// leaves no trace.
Result<SessionEnd> Session::with_workers(Loop& loop, Workers& workers, const std::optional<ExperimentRow>& row,
                                         Opened& opened) {
  const ShutDown at_the_end(workers);
  if (opened.store) loop.inherit(workers, *opened.recovered->controller, opened.store->channel());
  auto info = loop.load(workers);
  if (!info && !options_.diagnosed) return pass_on(std::move(info));
  const auto found = judge_loaded(spec_, info, options_.context);
  if (!found) return tl::unexpected<Error>(found.error());
  if (options_.diagnosed) options_.diagnosed(*found);
  if (has_errors(*found)) return fail(ErrorCode::kBadInput, "");
  if (!opened.store) {
    if (auto done = open(loop, row, opened); !done) return pass_on(std::move(done));
  }
  return go(loop, opened);
}

Result<void> Session::open(Loop& loop, const std::optional<ExperimentRow>& row, Opened& opened) {
  auto store = open_store(loop, row);
  if (!store) return pass_on(std::move(store));
  opened.store = *std::move(store);
  if (row) {
    if (auto real = check_real(*opened.store); !real) return pass_on(std::move(real));
  }
  auto recovered = recover_experiment(*opened.store, options_.context, row ? nullptr : &spec_);
  if (!recovered) return pass_on(std::move(recovered));
  opened.recovered = *std::move(recovered);
  auto left = left_running(*opened.store);
  if (!left) return pass_on(std::move(left));
  if (!left->code_hash.empty() && !code_hash_.empty() && left->code_hash != code_hash_) {
    view_.message(Severity::kNote, "tune or the trainable is another build than in the run before");
  }
  const std::string attempts = attempts_dir(options_.database);
  if (anything_left(left->workers_json, attempts)) {
    opened.left = *std::move(left);
  } else {
    end_leftover_workers(left->workers_json, attempts);  // what of them has left the family, and their sockets
  }
  auto run = settle(*opened.store, *opened.recovered, opened.left);
  if (!run) return pass_on(std::move(run));
  opened.run = *run;
  store_ = opened.store.get();
  return {};
}

Result<SessionEnd> Session::go(Loop& loop, Opened& opened) {
  const ExperimentRow experiment = opened.store->experiment();
  Controller* const controller = opened.recovered->controller.get();
  if (auto begun = begin(*opened.store, *controller, opened.run); !begun) return pass_on(std::move(begun));

  RunInfo info = run_info(spec_, experiment, options_.database);
  info.slots = plan_.slots;
  info.slots_note = plan_.note;
  info.seed_was_drawn = seed_was_drawn_;
  info.resumed = resumes_;
  view_.started(info, *controller);
  if (options_.begun) options_.begun();
  if (spec_.scheduler.type == "asha" && spec_.budget.trials && !resumes_) {
    const auto warning = supply_warning(spec_.scheduler.options, *spec_.budget.trials);
    if (warning) view_.message(Severity::kWarning, *warning);
  }

  RunPlan work;
  work.spec = &spec_;
  work.store = opened.store.get();
  work.controller = controller;
  work.order = opened.recovered->order.get();
  work.run = opened.run;
  work.slots = options_.only_takes_in ? 0 : plan_.slots;
  work.capacity = capacity_.slots;
  work.reread = rereader(options_.context, lockstep_);
  work.slots_of = [this](const ExperimentSpec& edited) { return slots_of(edited); };
  work.lockstep = lockstep_;
  work.seed = experiment.seed;
  work.grace = options_.grace;
  work.time = simulated_;
  if (options_.only_takes_in) loop.interrupt();
  auto end = loop.run(work);
  store_ = nullptr;
  opened.store->close();
  if (!end) return pass_on(std::move(end));
  return SessionEnd{.end = *end,
                    .counts = controller->counts(),
                    .why = controller->ending(),
                    .target_reached = controller->target_reached(),
                    .signal = loop.signal(),
                    .simulated = simulated_ != nullptr ? simulated_->work() : SimulatedWork{}};
}

Result<std::int64_t> Session::settle(Store& store, Recovered& recovered, const LeftRunning& left) {
  if (!resumes_) return recovered.run;
  const bool from_file = !spec_.source.empty();
  auto events = recovered.waiting(store, rereader(options_.context, lockstep_));
  if (!events) return pass_on(std::move(events));
  if (options_.take_stop_back) events->push_back({.body = Commanded{CommandKind::kResume, std::nullopt, 0}});
  // Commands may have changed what this run was planned with.
  auto wanted = from_file ? with_commands_kept(spec_, recovered.now, store.experiment().source, options_.context)
                          : with_changes(recovered.now, options_.changes, options_.context);
  if (!wanted) return pass_on(std::move(wanted));
  spec_ = *std::move(wanted);
  plan_.slots = slots_of(spec_);
  for (Arrived& event : to_events(recovered.now, spec_, 0, 0)) {
    const auto& edit = std::get<Edited>(event.body);
    view_.message(Severity::kNote, fmt::format("{}: {}, was {}", edit.key, to_json(edit.now), to_json(edit.before)));
    events->push_back(std::move(event));
  }
  recovered.now = spec_;
  const ExperimentRow& row = store.experiment();
  if (from_file && (spec_.source != row.source || spec_.description != row.description)) {
    if (auto kept = store.change_words(spec_.source, spec_.description); !kept) return pass_on(std::move(kept));
  }
  if (events->empty()) return recovered.run;
  auto done = act_at_rest(store, *recovered.controller, *recovered.order, row.seed, recovered.run, *std::move(events),
                          left.workers_json.empty() ? nullptr : &left);
  if (!done) return pass_on(std::move(done));
  return recovered.run + 1;
}

/// Trials at a time that a specification comes to, with these workers.
std::int64_t Session::slots_of(const ExperimentSpec& spec) const {
  if (lockstep_ || simulated_ != nullptr) return plan_.slots;
  const auto plan = plan_slots(spec.resources, spec.budget.concurrency, this_machine());
  return plan ? std::min(plan->slots, capacity_.slots) : plan_.slots;
}

Result<std::unique_ptr<Store>> Session::open_store(Loop& loop, const std::optional<ExperimentRow>& row) {
  StoreOptions options;
  options.sync = options_.sync;
  options.warn = [this](const std::string& text) { view_.message(Severity::kWarning, text); };
  auto post = loop.poster();
  if (row) return open_experiment(options_.database, row->name, options, post);

  NewExperiment experiment;
  experiment.row = row_of(spec_);
  experiment.row.lockstep = lockstep_;
  experiment.row.slots = plan_.slots;
  if (spec_.search.seed) {
    experiment.row.seed = *spec_.search.seed;
  } else {
    auto seed = draw_seed();
    if (!seed) return pass_on(std::move(seed));
    experiment.row.seed = *seed;
    seed_was_drawn_ = true;
  }
  return create_experiment(options_.database, experiment, options, post);
}

Result<void> Session::begin(Store& store, const Controller& controller, std::int64_t number) {
  RunRow run = this_run();
  run.run = number;
  run.rules = controller.rules();
  run.code_hash = code_hash_;
  if (processes_ != nullptr) run.worker_json = processes_->launches_json();
  if (options_.simulated) run.worker_json = to_json(Map{{kSimulatedRun, to_text(*options_.simulated)}});
  return store.begin_run(run);
}

}  // namespace tune

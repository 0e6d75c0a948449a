// A run in the background: a session on a thread of its own, and what a program hears of it.

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "core/runtime/zygote.h"
#include "tune/api/failure.h"
#include "tune/api/program.h"
#include "tune/api/results.h"
#include "tune/api/tuner.h"
#include "tune/api/view.h"
#include "tune/session/recovered.h"
#include "tune/session/session.h"
#include "tune/session/stored.h"
#include "tune/session/take_in.h"

namespace tune {

struct Run::State {
  std::shared_ptr<const Tuner::Parts> parts;
  std::string database, experiment;
  ProcessPlan placement;
  std::unique_ptr<ProgramView> view;
  std::unique_ptr<Session> session;
  std::thread thread;
  std::mutex reading;
  std::unique_ptr<Reader> reader;  // guarded by `reading`
  std::optional<Failure> misfit;   // of trainable and experiment, heard by the thread
  std::optional<Failure> failure;  // once the thread is joined
  std::optional<Expected<ResultGrid>> result;
  std::atomic<bool> done{false};
  std::mutex asking;
  bool begun = false;                    // the experiment is stored: guarded by `asking`, as the next
  std::vector<CommandKind> asked_early;  // until then

  ~State() {
    if (thread.joinable()) {
      session->interrupt();
      thread.join();
    }
  }

  void go(ExperimentSpec spec, std::optional<ExperimentRow> row);
  std::optional<TrialResult> read_trial(std::int64_t number);
  void command(CommandKind kind);
  void send(CommandKind kind);
  void has_begun();
};

void Run::State::go(ExperimentSpec spec, std::optional<ExperimentRow> row) {
  try {
    const auto end = session->run(std::move(spec), std::move(row));
    if (!end) {
      failure = misfit ? misfit : to_failure(end.error());
    } else if (!view->thrown().empty()) {
      failure = Failure{"internal", view->thrown(), "run the experiment again to go on with it", {}};
    }
  } catch (const std::exception& e) {
    failure = Failure{"internal", e.what(), "", {}};
  }
  view->close();
  done = true;
}

std::optional<TrialResult> Run::State::read_trial(std::int64_t number) {
  const std::lock_guard lock(reading);
  if (reader == nullptr) {
    auto opened = open_reader(database);
    if (!opened) return std::nullopt;
    reader = *std::move(opened);
  }
  const auto row = reader->experiment(experiment);
  if (!row) return std::nullopt;
  const auto trial = reader->trial(row->id, TrialId{number});
  if (!trial) return std::nullopt;
  return to_trial_result(experiment, *trial);
}

/// One that comes too late for the run has nothing to end; one that comes before its experiment is stored waits for it.
void Run::State::command(CommandKind kind) {
  if (done) return;
  {
    const std::lock_guard lock(asking);
    if (!begun) return asked_early.push_back(kind);
  }
  send(kind);
}

void Run::State::send(CommandKind kind) {
  CommandRow row;
  row.kind = kind;
  (void)send_command(database, experiment, row);
}

void Run::State::has_begun() {
  std::vector<CommandKind> early;
  {
    const std::lock_guard lock(asking);
    begun = true;
    early.swap(asked_early);
  }
  for (const CommandKind kind : early) send(kind);
}

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;
Run::~Run() = default;

bool Run::done() const { return state_ == nullptr || state_->done; }

Expected<ResultGrid> Run::wait() {
  if (state_ == nullptr) return Failure{"bad-input", "the run was moved from", "wait for the one it was moved to", {}};
  State& state = *state_;
  if (state.thread.joinable()) state.thread.join();
  if (!state.result) {
    state.placement.zygote.reset();
    if (state.failure) {
      state.result = *state.failure;
    } else {
      state.result = ResultGrid::open(state.database, state.experiment);
    }
  }
  return *state.result;
}

std::optional<TrialResult> Run::next_finished() {
  if (state_ == nullptr) return std::nullopt;
  while (const auto number = state_->view->next()) {
    if (auto trial = state_->read_trial(*number)) return trial;
  }
  return std::nullopt;
}

void Run::stop() {
  if (state_ != nullptr) state_->command(CommandKind::kStop);
}
void Run::cancel() {
  if (state_ != nullptr) state_->command(CommandKind::kCancel);
}
void Run::interrupt() {
  if (!done()) state_->session->interrupt();
}

Expected<Run> Tuner::start() const {
  const Parts& parts = *parts_;
  if (auto named = parts.check_database(); !named) return named.failure();
  ReadOutcome read = parts.read();
  const auto place = [parts = parts_](const Diagnostic& d) { return parts->place_of(d); };
  if (!read.spec) return to_failure(read.diagnostics, place);
  ExperimentSpec spec = *std::move(read.spec);

  auto state = std::make_unique<Run::State>();
  state->parts = parts_;
  state->database = parts.options.database;
  state->experiment = spec.name;
  if (parts.options.fresh && find_experiment(state->database, spec.name)) {
    const auto kept = set_aside_at_rest(state->database, spec.name, parts.context(), [](const std::string&) {});
    if (!kept) return to_failure(kept.error());
  }
  std::optional<ExperimentRow> row = find_experiment(state->database, spec.name);
  if (row && is_over(*row)) {
    settle(state->database, spec.name, parts.context());
    row = find_experiment(state->database, spec.name);
  }
  if (row) {
    std::vector<Diagnostic> found;
    const auto continues = check_continues(spec, *row, state->database, parts.context(), found);
    if (!continues) return to_failure(continues.error());
  }
  Run::State& s = *state;
  const auto make_program_view = [&s, &parts](std::unique_ptr<RunView> shown) {
    s.view = std::make_unique<ProgramView>(
        parts.options.callbacks, std::move(shown), [&s](std::int64_t number) { return s.read_trial(number); },
        [&s] { s.session->interrupt(); });
  };
  if (row && is_over(*row)) {
    make_program_view(nullptr);
    s.view->close();
    s.done = true;
    return Run(std::move(state));
  }

  auto placement = plan_processes(spec, parts.own());
  if (!placement) return to_failure(placement.error());
  s.placement = *std::move(placement);
  make_program_view(parts.options.progress ? make_view({}) : nullptr);

  SessionOptions options;
  options.database = s.database;
  options.lockstep = parts.options.lockstep;
  options.sync = parts.options.power_loss ? SyncMode::kFull : SyncMode::kNormal;
  options.grace = parts.options.grace.count();
  options.signals = parts.options.signals;
  options.context = parts.context();
  options.compiled_in = program_trainables(parts.own());
  options.threads = s.placement.threads;
  options.worker_command = s.placement.worker_command;
  options.host_program = s.placement.host_program;
  if (s.placement.zygote) {
    options.start_worker = [&s](const std::vector<std::string>& arguments, const std::string& complaints,
                                const Fd& secrets) {
      return s.placement.zygote->start_worker(arguments, complaints, secrets);
    };
  }
  options.begun = [&s] { s.has_begun(); };
  options.diagnosed = [&s, place](const std::vector<Diagnostic>& found) {
    Failure failure = to_failure(found, place);
    if (!failure.problems.empty()) s.misfit = std::move(failure);
  };
  s.session = std::make_unique<Session>(std::move(options), *s.view);
  s.thread = std::thread(
      [&s, spec = std::move(spec), row = std::move(row)]() mutable { s.go(std::move(spec), std::move(row)); });
  return Run(std::move(state));
}

}  // namespace tune

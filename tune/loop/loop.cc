#include "tune/loop/loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>

#include "core/config.h"
#include "core/json.h"
#include "core/rng.h"

namespace tune {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A turn takes what waits, but no more than this, so that a flood of reports cannot hold up acknowledgements for long.
constexpr int kMostEventsATurn = 4096;

double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double seconds_since(steady_clock::time_point then) {
  return std::chrono::duration<double>(steady_clock::now() - then).count();
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

Wait to_wait(const WaitPoint& point) { return {point.step, point.save}; }

}  // namespace

// --- LateChannel ------------------------------------------------------------------------------------------------------

void LateChannel::write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) {
  channel_->write(key, std::move(bytes), std::move(done));
}
void LateChannel::finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) {
  channel_->finish(key, std::move(done));
}
void LateChannel::abandon(std::uint64_t key) {
  if (channel_ != nullptr) channel_->abandon(key);
}
void LateChannel::read(CheckpointId id, std::uint64_t offset, std::size_t size,
                       std::function<void(Result<std::string>)> done) {
  channel_->read(id, offset, size, std::move(done));
}

// --- Life -------------------------------------------------------------------------------------------------------------

Loop::Loop(boost::asio::io_context& io, RunView& view, const std::vector<int>& signals)
    : io_(io), view_(view), signals_(io), clock_(io), commands_(io), refresh_(io), retry_(io), grace_(io) {
  boost::system::error_code ignored;
  for (const int number : signals) signals_.add(number, ignored);
  std::signal(SIGPIPE, SIG_IGN);
  wait_for_signal();
}

Loop::~Loop() = default;

void Loop::inherit(Workers& workers, const Controller& controller, CheckpointChannel& channel) {
  channel_.connect(channel);
  std::vector<Workers::Inherited> running;
  for (const TrialId id : controller.live()) {
    const TrialRecord& trial = controller.trial(id);
    running.push_back({id, trial.attempt, trial.last_seq});
  }
  for (const auto& gone : workers.inherit(std::move(running))) {
    arrive({.body = Lost{gone.trial, gone.attempt, "the controller it belonged to is gone"}});
  }
}

Result<TrainableInfo> Loop::load(Workers& workers) {
  workers_ = &workers;
  workers.start(*this, channel_);
  while (!ready_ && !interrupted_) io_.run_one();
  if (!ready_) return tune::fail(ErrorCode::kInterrupted, "interrupted before the first trial; nothing was started");
  return *ready_;
}

Result<RunEnd> Loop::run(const RunPlan& plan) {
  plan_ = plan;
  channel_.connect(plan.store->channel());
  builder_ = std::make_unique<TurnBuilder>(plan.seed, host_name());
  elapsed_before_ = plan.controller->elapsed();
  started_ = last_turn_ = steady_clock::now();

  RunStarted start;
  start.run = plan.run;
  start.version = TUNE_VERSION;
  start.rules = plan.controller->rules();
  start.slots = plan.slots;
  const bool gains_by_ahead = !plan.lockstep && plan.time == nullptr;  // in virtual time a commit costs nothing
  start.ahead = gains_by_ahead && plan.controller->may_grant_ahead() ? plan.slots : 0;
  gate_.open(plan.slots, plan.capacity);
  arrive({.body = start});
  arrive_early();
  take_over();
  every(clock_, milliseconds(250), [this] { watch_clock(); });
  every(commands_, milliseconds(100), [this] { watch_commands(); });
  every(refresh_, milliseconds(125), [this] { view_.refresh(*plan_.controller); });
  if (interrupted_) leave("interrupted");
  while (!outcome_) io_.run_one();
  workers_->shut_down();
  return *std::move(outcome_);
}

/// Losses of attempts that had nothing more to say go first: the brain sees that they come of the restart.
void Loop::arrive_early() {
  std::vector<Arrived> early;
  early.swap(early_);
  std::set<TrialId> speak;
  for (const Arrived& arrived : early) {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.seq; }) speak.insert(body.trial);
        },
        arrived.body);
  }
  const auto is_mere_loss = [&](const Arrived& arrived) {
    const auto* lost = std::get_if<Lost>(&arrived.body);
    return lost != nullptr && !speak.contains(lost->trial);
  };
  std::ranges::stable_partition(early, is_mere_loss);
  for (Arrived& arrived : early) arrive(std::move(arrived));
}

/// Inherited attempts that go on: they hold their slots, are told what was decided of them, and where they wait next.
void Loop::take_over() {
  const Controller& controller = *plan_.controller;
  for (const TrialId id : controller.live()) {
    const TrialRecord& trial = controller.trial(id);
    if (gone_.contains({id, trial.attempt})) continue;
    gate_.take({id, trial.attempt});
    heard_.emplace_back(id, trial.attempt);
    if (trial.state == TrialState::kWithdrawn) tell(id, OrderKind::kKill, trial.reason);
    if (trial.held && trial.state == TrialState::kRunning) tell(id, OrderKind::kInterrupt, "paused by the user");
  }
}

Post Loop::poster() {
  return [&io = io_](std::function<void()> what) { boost::asio::post(io, std::move(what)); };
}

void Loop::every(boost::asio::steady_timer& timer, milliseconds period, std::function<void()> what) {
  timer.expires_after(period);
  timer.async_wait([this, &timer, period, what = std::move(what)](const boost::system::error_code& error) {
    if (error || outcome_) return;
    what();
    if (!outcome_) every(timer, period, what);
  });
}

double Loop::elapsed() const {
  if (plan_.time != nullptr) return plan_.time->now();
  return elapsed_before_ + (clock_stands_ ? 0 : seconds_since(started_));
}

void Loop::keep_time() {
  if (plan_.time != nullptr) return;  // it stands where nothing runs
  if (plan_.controller->stands_still() == clock_stands_) return;
  if (!clock_stands_) elapsed_before_ = elapsed();
  clock_stands_ = !clock_stands_;
  started_ = steady_clock::now();
}

void Loop::finish(RunEnd end) {
  if (outcome_) return;
  view_.finished(end, *plan_.controller);
  outcome_ = end;
}

void Loop::fail(Error why) {
  if (!outcome_) outcome_ = tl::unexpected<Error>(std::move(why));
}

// --- What arrives -----------------------------------------------------------------------------------------------------

void Loop::on_ready(Result<TrainableInfo> info) { ready_ = std::move(info); }

void Loop::on_message(WorkerMessage message, std::uint64_t large) {
  if (auto* report = std::get_if<ReportMessage>(&message)) {
    arrive({.body = std::move(report->log), .checkpoint_bytes = std::move(report->checkpoint_bytes), .large = large});
  } else if (auto* saved = std::get_if<SavedMessage>(&message)) {
    arrive({.body = std::move(saved->log), .checkpoint_bytes = std::move(saved->checkpoint_bytes), .large = large});
  } else if (const auto* started = std::get_if<Started>(&message)) {
    fetched_.erase({started->trial, started->attempt});
  } else if (auto* done = std::get_if<DoneMessage>(&message)) {
    const auto& [trial, attempt] = std::pair(done->log.trial, done->log.attempt);
    if (could_not_load(*done)) {  // nothing the trial did: it goes on from the one before
      workers_->acknowledge({trial, attempt, done->log.seq, Verdict::kStop, {}});
      return arrive({.body = Lost{trial, attempt, done->log.text}});
    }
    arrive({.body = done->log, .done = std::move(*done)});
  }
}

void Loop::on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) {
  for (const auto& [trial, attempt] : attempts) arrive({.body = Lost{trial, attempt, why}});
}

void Loop::on_unusable(Error why) {
  if (!ready_) {
    ready_ = tl::unexpected<Error>(std::move(why));
  } else {
    fail(std::move(why));
  }
}

void Loop::arrive(Arrived arrived) {
  if (plan_.order == nullptr) {
    early_.push_back(std::move(arrived));
    return;
  }
  const auto gone = [&](TrialId trial, Attempt attempt) {
    gone_.emplace(trial, attempt);
    gate_.left({trial, attempt});
  };
  if (const auto* ended = std::get_if<Ended>(&arrived.body)) gone(ended->trial, ended->attempt);
  if (const auto* lost = std::get_if<Lost>(&arrived.body)) gone(lost->trial, lost->attempt);
  plan_.order->arrive(std::move(arrived));
  open_gate();
  schedule_turn();
}

void Loop::schedule_turn() {
  if (turn_scheduled_ || frozen_ || outcome_) return;
  turn_scheduled_ = true;
  boost::asio::post(io_, [this] {
    turn_scheduled_ = false;
    if (!outcome_) turn();
  });
}

// --- A turn -----------------------------------------------------------------------------------------------------------

void Loop::turn() {
  Controller& controller = *plan_.controller;
  int events = 0;
  for (; events < kMostEventsATurn; ++events) {
    auto arrived = plan_.order->next(controller, leaving_);
    if (!arrived) break;
    LogEntry entry{{controller.next_event(), elapsed(), std::move(arrived->body)}, {}};
    if (const auto* report = std::get_if<Reported>(&entry.event.body)) {
      heard_.emplace_back(report->trial, report->attempt);
    } else if (const auto* ended = std::get_if<Ended>(&entry.event.body); ended != nullptr && ended->seq > 0) {
      heard_.emplace_back(ended->trial, ended->attempt);
    } else if (const auto* saved = std::get_if<Saved>(&entry.event.body)) {
      heard_.emplace_back(saved->trial, saved->attempt);
    }
    if (!controller.accepts(entry.event)) {
      if (arrived->large != 0) channel_.abandon(arrived->large);
      continue;
    }
    const auto* report = std::get_if<Reported>(&entry.event.body);
    const bool counts = report != nullptr && !controller.is_replayed(report->trial, report->step);
    if (report != nullptr && !counts) {
      if (const auto warning = repeats_.look(*plan_.store, *plan_.spec, *report)) view_.message(Severity::kWarning, *warning);
    }
    decide(controller, *plan_.order, entry);
    if (const auto* ended = std::get_if<Ended>(&entry.event.body)) gone_.erase({ended->trial, ended->attempt});
    if (const auto* lost = std::get_if<Lost>(&entry.event.body)) gone_.erase({lost->trial, lost->attempt});
    builder_->add(std::move(entry), *arrived, counts);
  }
  if (events == kMostEventsATurn) schedule_turn();
  if (builder_->empty()) {
    acknowledge();  // of what was not accepted: nothing to store, but the trial may stand still
    if (leaving_ && everybody_left()) return finish(RunEnd::kInterrupted);
    return pass_time();
  }
  frozen_ = builder_->take(controller, unix_now(), status_of(controller));
  commit();
}

void Loop::commit() {
  auto stored = plan_.store->commit(*frozen_);
  if (!stored) {
    const Error& error = stored.error();
    if (error.code == ErrorCode::kNewerVersion || error.code == ErrorCode::kDamaged) return fail(error);
    if (!commit_failed_) {
      view_.message(Severity::kError, error.message + "; nothing is lost, running trials wait, trying again" +
                                          (error.hint.empty() ? "" : " (" + error.hint + ")"));
    }
    commit_failed_ = true;
    if (interrupted_ && leaving_) return fail(error);
    retry_.expires_after(milliseconds(500));
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && !outcome_) commit();
    });
    return;
  }
  if (commit_failed_) view_.message(Severity::kNote, "the database takes writes again");
  commit_failed_ = false;
  last_turn_ = steady_clock::now();
  act();
}

void Loop::act() {
  const TurnRows turn = *std::move(frozen_);
  frozen_.reset();
  for (const LogEntry& entry : turn.entries) act_on(entry);
  acknowledge();
  keep_time();
  view_.turn(turn.entries, *plan_.controller);
  const Controller& controller = *plan_.controller;
  if (controller.finished()) return finish(RunEnd::kFinished);
  if (leaving_ && everybody_left()) return finish(RunEnd::kInterrupted);
  schedule_turn();
}

void Loop::act_on(const LogEntry& entry) {
  const Controller& controller = *plan_.controller;
  const auto* report = std::get_if<Reported>(&entry.event.body);
  const auto* command = std::get_if<Commanded>(&entry.event.body);
  const bool cancels = command != nullptr && command->kind == CommandKind::kCancel;
  if (std::holds_alternative<Edited>(entry.event.body)) {
    gate_.open(controller.slots(), plan_.capacity);
    open_gate();
  }
  for (const Decision& decision : entry.decisions) {
    if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
      grant(start->trial);
    } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
      grant(resume->trial);
    } else if (const auto* judged = std::get_if<Judged>(&decision.body)) {
      const bool is_answer = report != nullptr && report->trial == judged->trial;
      if (is_answer || judged->verdict != Verdict::kStop) continue;  // the acknowledgement says it
      if (!cancels) tell(judged->trial, OrderKind::kStop, decision.reason);
    } else if (const auto* withdraw = std::get_if<WithdrawTrial>(&decision.body)) {
      tell(withdraw->trial, OrderKind::kKill, decision.reason);
    }
  }
  if (command != nullptr && command->command > 0 && command->refusal.empty()) act_on_command(*command);
}

/// What follows from a command without a decision of the brain. Acts are levels: to say it again changes nothing.
void Loop::act_on_command(const Commanded& command) {
  const Controller& controller = *plan_.controller;
  for (const TrialId id : controller.live()) {
    if (command.trial && *command.trial != id) continue;
    const TrialState state = controller.trial(id).state;
    if (command.kind == CommandKind::kCancel && state == TrialState::kStopping) {
      tell(id, OrderKind::kKill, "cancelled by the user");
    } else if (command.kind == CommandKind::kPause && state == TrialState::kRunning) {
      tell(id, OrderKind::kInterrupt, "paused by the user");
    }
  }
}

/// An attempt that waits here has nothing to leave: its end is known at once.
void Loop::tell(TrialId id, OrderKind kind, const std::string& why) {
  const Attempt attempt = plan_.controller->trial(id).attempt;
  if (!gate_.take_back({id, attempt})) {
    workers_->order({id, attempt, kind, kind == OrderKind::kKill ? 0 : plan_.grace, why});
    return;
  }
  const EndKind how = kind == OrderKind::kInterrupt ? EndKind::kInterrupted : EndKind::kStopped;
  arrive({.body = Ended{id, attempt, 0, how, Cause::kNone, why, 0, plan_.controller->trial(id).elapsed}});
}

void Loop::open_gate() {
  if (leaving_) return;
  while (const auto attempt = gate_.next()) {
    if (plan_.controller->is_current(attempt->first, attempt->second)) assign(attempt->first);
  }
}

void Loop::grant(TrialId id) {
  const TrialRecord& trial = plan_.controller->trial(id);
  if (trial.state == TrialState::kWithdrawn) return;
  if (leaving_) {  // it stays granted in the log, and the next run starts it
    gone_.emplace(id, trial.attempt);
    return;
  }
  if (gate_.pass({id, trial.attempt})) assign(id);
  if (trial.held && trial.state == TrialState::kRunning) tell(id, OrderKind::kInterrupt, "paused by the user");
}

void Loop::assign(TrialId id) {
  const Controller& controller = *plan_.controller;
  const TrialRecord& trial = controller.trial(id);
  const ExperimentSpec& spec = *plan_.spec;
  Assign assign;
  assign.trial = id;
  assign.attempt = trial.attempt;
  assign.trial_name = trial_name(spec.name, id);
  assign.config_json = to_json(to_nested(trial.config));
  assign.seed = trial_seed(plan_.seed, controller.draws_as(id));
  assign.wait = to_wait(controller.wait_point(id));
  assign.every = spec.checkpoint.every;
  assign.at_end = spec.checkpoint.at_end;
  assign.stop_time = spec.stop.time;
  assign.limits = spec.limits;
  assign.resources = spec.resources;
  if (trial.resume_from) give_checkpoint(*trial.resume_from, assign);
  workers_->assign(std::move(assign));
}

/// The wanted one, or the last good one before it. What a trial does again because of that is replayed.
void Loop::give_checkpoint(CheckpointId wanted, Assign& assign) {
  const Controller& controller = *plan_.controller;
  std::string why;
  for (const CheckpointRef* checkpoint = controller.checkpoint(wanted); checkpoint != nullptr;
       checkpoint = controller.checkpoint_before(checkpoint->id)) {
    Result<std::string> bytes = std::string();
    if (damaged_.contains(checkpoint->id)) continue;
    if (!checkpoint->info.external) bytes = plan_.store->read_checkpoint(checkpoint->id);
    if (!bytes) {
      damaged_.insert(checkpoint->id);
      why = ": " + bytes.error().message;
      continue;
    }
    assign.checkpoint = checkpoint->info;
    assign.checkpoint_id = checkpoint->id;
    assign.checkpoint_bytes = *std::move(bytes);
    assign.start_step = checkpoint->step;
    assign.elapsed = checkpoint->elapsed;
    if (checkpoint->info.external) fetched_[{assign.trial, assign.attempt}] = checkpoint->id;
    if (checkpoint->id == wanted) return;
    return view_.message(
        Severity::kWarning,
        fmt::format("trial {} goes on from an older checkpoint, of iteration {}, as the last one is damaged{}",
                    assign.trial.value, checkpoint->step, why));
  }
  view_.message(Severity::kWarning, fmt::format("trial {} starts again from zero, as no checkpoint of it is good{}",
                                                assign.trial.value, why));
}

/// Whether it says that the large checkpoint it was given, which the worker reads, is not what was written.
bool Loop::could_not_load(const DoneMessage& done) {
  const auto given = fetched_.find({done.log.trial, done.log.attempt});
  if (given == fetched_.end()) return false;
  const bool is_damaged = done.log.cause == Cause::kLoad;
  if (is_damaged) damaged_.insert(given->second);
  fetched_.erase(given);
  return is_damaged;
}

void Loop::acknowledge() {
  std::set<std::pair<TrialId, Attempt>> once(heard_.begin(), heard_.end());
  heard_.clear();
  for (const auto& [id, attempt] : once) {
    if (!plan_.controller->is_current(id, attempt)) {
      workers_->acknowledge({id, attempt, std::numeric_limits<Seq>::max(), Verdict::kStop, {}});
      continue;
    }
    const TrialRecord& trial = plan_.controller->trial(id);
    Ack ack{id, attempt, trial.last_seq, Verdict::kContinue, to_wait(plan_.controller->wait_point(id))};
    if (trial.state == TrialState::kPausing) ack.verdict = Verdict::kPause;
    if (trial.state != TrialState::kRunning && trial.state != TrialState::kPausing) ack.verdict = Verdict::kStop;
    if (ack.verdict != Verdict::kContinue) ack.seq = std::numeric_limits<Seq>::max();  // later ones are dropped
    workers_->acknowledge(ack);
  }
}

// --- Signals, clock, commands -----------------------------------------------------------------------------------------

void Loop::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (signal_ == 0) {
      signal_ = number;
      interrupt();
    } else if (!outcome_ && plan_.controller != nullptr) {
      view_.message(Severity::kNote, "killing what still runs");
      finish(RunEnd::kInterrupted);
    } else {
      _exit(128 + number);
    }
    wait_for_signal();
  });
}

void Loop::interrupt() {
  interrupted_ = true;
  if (plan_.controller != nullptr) leave("interrupted");
}

void Loop::leave(const std::string& why) {
  if (leaving_ || outcome_) return;
  leaving_ = true;
  view_.message(Severity::kNote,
                fmt::format("Stopping: running trials get {:.0f} s to checkpoint. Press Ctrl-C again to kill them.",
                            plan_.grace));
  arrive({.body = Commanded{CommandKind::kPause, std::nullopt, 0}});
  for (const TrialId id : plan_.controller->live()) tell(id, OrderKind::kInterrupt, why);
  grace_.expires_after(milliseconds(static_cast<int>(plan_.grace * 1000) + 2000));
  grace_.async_wait([this](const boost::system::error_code& error) {
    if (!error) finish(RunEnd::kInterrupted);
  });
}

bool Loop::everybody_left() const {
  const Controller& controller = *plan_.controller;
  return std::ranges::all_of(controller.live(),
                             [&](TrialId id) { return gone_.contains({id, controller.trial(id).attempt}); });
}

/// All that has happened is decided, committed and acted upon: virtual time goes on, to the end of its budget at most.
void Loop::pass_time() {
  if (plan_.time == nullptr) return;
  const auto& budget = plan_.controller->options().budget.time;
  const bool may_end = budget && !plan_.controller->ending();
  const double until = may_end ? *budget : std::numeric_limits<double>::infinity();
  if (plan_.time->advance(until)) return schedule_turn();
  if (may_end && elapsed() >= until) arrive({.body = Ticked{}});
}

void Loop::watch_clock() {
  if (clock_stands_ || plan_.time != nullptr) return;
  const auto& budget = plan_.controller->options().budget;
  const bool due = budget.time && elapsed() >= *budget.time && !plan_.controller->ending();
  if (due || seconds_since(last_turn_) >= 30) {
    last_turn_ = steady_clock::now();
    arrive({.body = Ticked{}});
  }
}

void Loop::watch_commands() {
  if (frozen_) return;
  const auto waiting = plan_.store->commands();
  if (!waiting) return;  // the next turn's commit says what is wrong with the database
  for (const CommandRow& command : *waiting) {
    if (!commands_seen_.insert(command.id).second) continue;
    ExperimentSpec spec = *plan_.spec;
    for (Arrived& event : to_events(command, spec, plan_.reread, plan_.slots_of)) {
      if (event.document) {
        edited_ = std::move(spec);
        plan_.spec = &edited_;
      }
      arrive(std::move(event));
    }
  }
}

}  // namespace tune

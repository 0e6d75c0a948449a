#include "tune/loop/loop.h"
#include "core/wall_clock.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>

namespace tune {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A turn takes what waits, but no more than this, so that a flood of reports cannot hold up acknowledgements for long.
constexpr int kMostEventsATurn = 4096;

double seconds_since(steady_clock::time_point then) {
  return std::chrono::duration<double>(steady_clock::now() - then).count();
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

}  // namespace

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
  builder_ = std::make_unique<TurnBuilder>(plan.seed, host_name(), *plan.controller);
  elapsed_before_ = plan.controller->elapsed();
  started_ = last_turn_ = steady_clock::now();

  RunStarted start;
  start.run = plan.run;
  start.version = TUNE_VERSION;
  start.rules = plan.controller->rules();
  start.slots = plan.slots;
  const bool gains_by_ahead = !plan.lockstep && plan.time == nullptr;  // in virtual time a commit costs nothing
  const bool is_elastic = plan.spec->resources.elastic != Elastic::kNone;
  start.ahead = gains_by_ahead && !is_elastic && plan.controller->may_grant_ahead() ? plan.slots : 0;
  if (is_elastic) start.capacity = plan.capacity;
  gate_.open(plan.slots, plan.capacity);
  arrive({.body = start});
  arrive_early();
  take_over();
  every(clock_, milliseconds(250), [this] { watch_clock(); });
  every(commands_, milliseconds(100), [this] { watch_commands(); });
  every(refresh_, milliseconds(125), [this] { view_.refresh(*plan_.controller); });
  if (interrupted_) leave("interrupted");
  const bool is_waited_for =
      start.ahead == 0;  // else trials have their next grant, and a turn that sleeps gathers more
  while (!outcome_) {
    if (is_waited_for) {
      idle_.wait([&] { return io_.poll_one() > 0; }, [&] { io_.run_one(); });
    } else {
      io_.run_one();
    }
  }
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

// --- What arrives
// -----------------------------------------------------------------------------------------------------

void Loop::on_ready(Result<TrainableInfo> info) { ready_ = std::move(info); }

void Loop::on_message(WorkerMessage message, std::uint64_t large) {
  if (auto* report = std::get_if<ReportMessage>(&message)) {
    arrive({.body = std::move(report->log), .checkpoint_bytes = std::move(report->checkpoint_bytes), .large = large});
  } else if (auto* saved = std::get_if<SavedMessage>(&message)) {
    arrive({.body = std::move(saved->log), .checkpoint_bytes = std::move(saved->checkpoint_bytes), .large = large});
  } else if (const auto* started = std::get_if<Started>(&message)) {
    fetched_.erase({started->trial, started->attempt});
  } else if (auto* done = std::get_if<DoneMessage>(&message)) {
    if (could_not_load(*done)) done->log.how = EndKind::kInterrupted;  // nothing the trial did: it goes on from another
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
  mend_texts(arrived.body);
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

// --- A turn
// -----------------------------------------------------------------------------------------------------------

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
    } else if (const auto* lost = std::get_if<Lost>(&entry.event.body)) {
      heard_.emplace_back(lost->trial, lost->attempt);
    }
    if (!controller.accepts(entry.event)) {
      if (arrived->large != 0) channel_.abandon(arrived->large);
      continue;
    }
    const auto* report = std::get_if<Reported>(&entry.event.body);
    const bool counts = report != nullptr && !controller.is_replayed(report->trial, report->step);
    if (report != nullptr && !counts) {
      if (const auto warning = repeats_.look(*plan_.store, *plan_.spec, *report))
        view_.message(Severity::kWarning, *warning);
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
  for (const LogEntry& entry : turn.entries) {
    for (const std::string& remark : remarks_.after(entry, *plan_.controller, *plan_.spec)) {
      view_.message(Severity::kWarning, remark);
    }
  }
  const Controller& controller = *plan_.controller;
  if (controller.finished()) return finish(RunEnd::kFinished);
  if (leaving_ && everybody_left()) return finish(RunEnd::kInterrupted);
  schedule_turn();
}

}  // namespace tune

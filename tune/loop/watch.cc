// What the loop hears beside its workers: signals, the clock, a person's commands.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "tune/loop/loop.h"

namespace tune {

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
  grace_.expires_after(std::chrono::milliseconds(static_cast<int>(plan_.grace * 1000) + 2000));
  grace_.async_wait([this](const boost::system::error_code& error) {
    if (!error) finish(RunEnd::kInterrupted);
  });
}

bool Loop::everybody_left() const {
  const Controller& controller = *plan_.controller;
  return std::ranges::all_of(controller.live(), [&](TrialId id) {
    return gone_.contains({id, controller.trial(id).attempt});
  });
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
  if (due || std::chrono::steady_clock::now() - last_turn_ >= std::chrono::seconds(30)) {
    last_turn_ = std::chrono::steady_clock::now();
    arrive({.body = Ticked{}});
  }
}

void Loop::watch_commands() {
  if (frozen_) return;
  const auto waiting = plan_.store->commands();
  if (!waiting && waiting.error().code == ErrorCode::kDamaged) return fail(waiting.error());
  if (!waiting) return;  // the next turn's commit says what is wrong with the database
  for (const CommandRow& command : *waiting) {
    if (!commands_seen_.insert(command.id).second) continue;
    ExperimentSpec spec = *plan_.spec;
    for (Arrived& event : to_events(command, spec, plan_.reread, plan_.slots_of)) {
      if (event.document) {
        edited_ = spec;
        plan_.spec = &edited_;
      }
      arrive(std::move(event));
    }
  }
}

}  // namespace tune

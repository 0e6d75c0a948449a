#pragma once

// One attempt of a trial in virtual time: its trainable in a fiber, which is left in the middle of a report and gone on
// with when that report's time has come and it is answered.
//
// Thread rule: the thread of the workers that own it.

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/frames.h"
#include "core/messages.h"
#include "trainables/run/actor.h"
#include "trainables/run/trial_port.h"
#include "trainables/run/trial_run.h"
#include "trainables/simulated/fiber.h"

namespace tune {

class SimulatedAttempt : private TrialPort {
 public:
  /// `clock`: virtual seconds. `table` and `stacks` outlive it.
  SimulatedAttempt(const tune_trainable& table, FiberStacks& stacks, Begin begin, std::string checkpoint,
                   TrialRun::Clock clock);
  ~SimulatedAttempt() override;

  const Assign& assign() const { return begin_.assign; }

  /// Goes on until the trainable has said something, waits for an answer, or has returned. What it says is at most one
  /// message, to be taken before the next call; nothing: it waits. Its end comes as a DoneMessage, once.
  std::optional<WorkerMessage> go_on();
  void tell(TrialInput input) { inbox_.push_back(std::move(input)); }
  /// Whether go_on() would come further: it has been told something, or does not wait.
  bool can_go_on() const { return !waits_ || !inbox_.empty(); }
  /// Nobody listens to it any more: what is left of it runs to its end without a word.
  void close();

 private:
  Result<void> send(ReportMessage report, std::optional<std::string_view> checkpoint) override;
  Result<void> send(SavedMessage saved, std::string_view checkpoint) override;
  Result<std::optional<TrialInput>> receive(bool wait) override;
  Result<void> say(WorkerMessage message);

  const Begin begin_;
  const std::string checkpoint_;
  TrialRun run_;
  Actor actor_;
  Fiber fiber_;
  std::deque<TrialInput> inbox_;
  std::optional<WorkerMessage> said_;
  bool began_ = false;
  bool waits_ = false;
  bool closed_ = false;
};

}  // namespace tune

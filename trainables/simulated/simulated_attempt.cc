#include "trainables/simulated/simulated_attempt.h"

#include <utility>

#include "trainables/run/checkpoints.h"

namespace tune {
namespace {

tl::unexpected<Error> nobody() { return fail(ErrorCode::kIo, "its simulated worker is gone"); }

}  // namespace

SimulatedAttempt::SimulatedAttempt(const tune_trainable& table, FiberStacks& stacks, Begin begin,
                                   std::string checkpoint, TrialRun::Clock clock)
    : begin_(std::move(begin)),
      checkpoint_(std::move(checkpoint)),
      run_(begin_, checkpoint_, *this, std::move(clock)),
      actor_(table),
      fiber_(stacks, [this] {
        DoneMessage done;
        done.log = actor_.run(run_, true);
        said_ = std::move(done);
      }) {}

SimulatedAttempt::~SimulatedAttempt() { close(); }

std::optional<WorkerMessage> SimulatedAttempt::go_on() {
  waits_ = false;
  if (!fiber_.usable()) {
    DoneMessage done;
    done.log = run_.refuse(Cause::kException, "there is no memory for the stack of its fiber");
    return done;
  }
  began_ = true;
  fiber_.resume();
  return std::exchange(said_, std::nullopt);
}

void SimulatedAttempt::close() {
  closed_ = true;
  // Objects on its stack are destroyed by running it to its end: every report tells it to leave.
  while (began_ && !fiber_.done()) fiber_.resume();
  said_.reset();
}

Result<void> SimulatedAttempt::say(WorkerMessage message) {
  if (closed_) return nobody();
  said_ = std::move(message);
  fiber_.yield();
  if (closed_) return nobody();
  return {};
}

Result<void> SimulatedAttempt::send(ReportMessage report, std::optional<std::string_view> checkpoint) {
  if (checkpoint) {
    report.log.checkpoint = checkpoint_info(*checkpoint);
    report.checkpoint_bytes = *checkpoint;
  }
  return say(std::move(report));
}

Result<void> SimulatedAttempt::send(SavedMessage saved, std::string_view checkpoint) {
  saved.log.checkpoint = checkpoint_info(checkpoint);
  saved.checkpoint_bytes = checkpoint;
  return say(std::move(saved));
}

Result<std::optional<TrialInput>> SimulatedAttempt::receive(bool wait) {
  while (wait && !closed_ && inbox_.empty()) {
    waits_ = true;
    fiber_.yield();
  }
  if (closed_) return nobody();
  if (inbox_.empty()) return std::nullopt;
  std::optional<TrialInput> input(std::move(inbox_.front()));
  inbox_.pop_front();
  return input;
}

}  // namespace tune

#include "trainables/host/child.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "trainables/host/channel_port.h"
#include "trainables/host/process.h"
#include "trainables/run/trial_run.h"

namespace tune {
namespace {

constexpr int kCannotStart = 126;

void flush_output() {
  std::cout.flush();
  std::fflush(nullptr);
}

/// Leaves without exit handlers: those belong to the host, from which this process was copied.
[[noreturn]] void leave(int code) {
  flush_output();
  _exit(code);
}

/// An instance and the trials it has run. Exceptions of a trainable written without our header end here.
class Actor {
 public:
  explicit Actor(const tune_trainable& table) : table_(table) {}

  Ended run(TrialRun& trial) {
    std::string refused;
    if (!made_ && !guarded("cannot be created", refused, [&] {
          instance_ = table_.create != nullptr ? table_.create() : nullptr;
          made_ = true;
        })) {
      return trial.refuse(Cause::kException, refused);
    }
    Ended end = trial.run(table_, instance_);
    if (trial.failed() || (table_.flags & TUNE_CAN_RESET) == 0) discard(end);
    return end;
  }

  /// Called once more at the end of a process that was not told which trial is its last.
  void discard(Ended& end) {
    if (!made_) return;
    made_ = false;
    std::string broken;
    const bool destroyed = guarded("fails in its destructor", broken, [&] {
      if (table_.destroy != nullptr) table_.destroy(instance_);
    });
    if (destroyed || end.how == EndKind::kFailed) return;
    end.how = EndKind::kFailed;
    end.cause = Cause::kException;
    end.text = broken;
  }

 private:
  template <class Body>
  bool guarded(const char* what, std::string& text, Body&& body) {
    try {
      body();
      return true;
    } catch (const std::exception& e) {
      text = std::string(table_.name) + " " + what + ": " + e.what();
    } catch (...) {
      text = std::string(table_.name) + " " + what;
    }
    return false;
  }

  const tune_trainable& table_;
  void* instance_ = nullptr;
  bool made_ = false;
};

/// The state to continue from: inside the frame, or in the memory file that came with it.
Result<std::string> read_checkpoint(ReceivedFrame& received, Begin& begin) {
  if (!begin.has_checkpoint) return std::string();
  if (received.descriptors.empty()) return std::move(begin.assign.checkpoint_bytes);
  return read_memfd(received.descriptors.front().get(), begin.assign.checkpoint ? begin.assign.checkpoint->size : 0);
}

/// One trial; false: the worker is gone.
bool run_trial(Channel& channel, ReceivedFrame& received, Actor& actor, bool last) {
  Begin& begin = std::get<Begin>(received.frame);
  ::srand(static_cast<unsigned>(begin.assign.seed));
  ::srand48(static_cast<long>(begin.assign.seed));
  const Result<std::string> state = read_checkpoint(received, begin);
  received.descriptors.clear();
  ChannelPort port(channel, begin);
  TrialRun trial(begin, state ? std::string_view(*state) : std::string_view(), port);
  Ended end = state ? actor.run(trial) : trial.refuse(Cause::kLoad, "its checkpoint: " + state.error().message);
  if (last) actor.discard(end);
  flush_output();  // before the end is told, so that all it printed is counted as its own
  return channel.send(DoneFrame{end}).has_value();
}

}  // namespace

void run_child(const ChildSetup& setup) {
  ::setpgid(0, 0);
  die_with_parent(setup.host);
  reset_signals();
  if (!keep_only(setup.channel, setup.output)) _exit(kCannotStart);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // a crash must not take the last lines with it
  set_thread_environment(setup.spawn.threads);
  add_environment(setup.spawn.environment);
  if (!setup.spawn.attempt_mark.empty()) ::setenv("TUNE_ATTEMPT", setup.spawn.attempt_mark.c_str(), 1);
  set_thread_counts(setup.trainable.library, setup.spawn.threads);
  if (setup.spawn.memory > 0) limit_data(setup.spawn.memory);

  Channel channel{Fd(kChannelFd)};
  Actor actor(*setup.trainable.table);
  while (true) {
    auto received = channel.receive();
    if (!received || !*received || std::holds_alternative<Quit>((*received)->frame)) break;
    if (!std::holds_alternative<Begin>((*received)->frame)) continue;  // late words about the trial before
    if (!run_trial(channel, **received, actor, !setup.reuse) || !setup.reuse) break;
  }
  Ended nobody_asks;
  actor.discard(nobody_asks);
  leave(0);
}

}  // namespace tune

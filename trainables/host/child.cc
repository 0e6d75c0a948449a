#include "trainables/host/child.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "trainables/host/channel_port.h"
#include "trainables/host/process.h"
#include "trainables/run/actor.h"
#include "trainables/run/trial_run.h"

namespace tune {
namespace {

constexpr int kCannotStart = 126;

void flush_output() {
  std::cout.flush();
  std::fflush(nullptr);
}

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
  const Ended end =
      state ? actor.run(trial, last) : trial.refuse(Cause::kLoad, "its checkpoint: " + state.error().message);
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
  // Without exit handlers: those belong to the host, from which this process was copied.
  flush_output();
  _exit(0);
}

}  // namespace tune

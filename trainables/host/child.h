#pragma once

// A trial's process, from the fork to its end.

#include "core/channel.h"
#include "trainables/run/loader.h"

namespace tune {

/// What a forked process needs to become a trial's.
struct ChildSetup {
  const LoadedTrainable& trainable;
  const Spawn& spawn;
  int channel = -1;  ///< its end of the trial channel
  int output = -1;   ///< becomes stdout and stderr
  int host = 0;      ///< pid of its parent
  bool reuse = false;
};

/// Runs the trials that the worker sends, one, or with `reuse` until Quit or until the worker is gone.
[[noreturn]] void run_child(const ChildSetup& setup);

}  // namespace tune

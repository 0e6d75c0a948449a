#pragma once

// The fork server: one thread, one trainable, a process for each Spawn. Frames and their order are core/frames.h's.

#include <sys/types.h>

#include "core/messages.h"
#include "trainables/run/loader.h"

namespace tune {

struct ServerOptions {
  int fd = -1;  ///< socket to the worker
  bool reuse = false;
  pid_t parent = 0;  ///< 0: not checked
};

/// Serves until the worker closes the socket; then everything it has forked is killed. Exit code.
int serve(const ServerOptions& options, const CompiledIn& compiled_in);

}  // namespace tune

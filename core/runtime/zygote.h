#pragma once

// A copy of this program, made while it has one thread, from which workers are made by fork: for programs whose
// trainable is a lambda or a function in memory, which no exec could find again. It holds the program as it was at that
// moment, so that a worker that dies can be replaced although threads run here by now.
//
//   program ── fork ──> zygote ── fork ──> worker ── fork ──> fork server ── fork ──> trial
//
// What a process that executes nothing sets in its environment is not seen from outside, so descendants of a trial that
// leave its group and session without an exec are not found at its end.

#include <memory>

#include "core/runtime/launch.h"
#include "core/runtime/worker.h"

namespace tune {

class Zygote {
 public:
  /// `host` is the fork server's main function. Requires: this process has one thread. kIo.
  static Result<std::unique_ptr<Zygote>> start(HostEntry host);
  /// Ends the zygote, not its workers.
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  /// A worker, as StartWorker has it; arguments.front() is not looked at. One thread at a time. kIo.
  Result<pid_t> start_worker(const std::vector<std::string>& arguments, const std::string& complaints,
                             const Fd& secrets);

 private:
  Zygote(pid_t pid, Fd socket) : pid_(pid), socket_(std::move(socket)) {}
  pid_t pid_;
  Fd socket_;
};

}  // namespace tune

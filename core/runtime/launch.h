#pragma once

// Starting a worker process, and knowing for certain that it has ended: by its pidfd here, and by pid, start time and
// boot id for a controller that comes later (leftovers.h).

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/channel.h"
#include "core/runtime/worker.h"

namespace tune {

/// A worker process that runs, or ran.
struct LaunchedWorker {
  std::string launch;  ///< also what the TUNE_ATTEMPT of all its processes begins with
  std::string proof;   ///< SHA-256 of its token (256 bits), by which it is known again; the token itself is not kept
  std::string socket;  ///< where its controller listens
  pid_t pid = 0;
  std::int64_t start = 0;  ///< as process_start
  Fd pidfd;
};

struct LaunchPlan {
  std::vector<std::string> command;  ///< program and first arguments, before worker_arguments
  WorkerOptions worker;              ///< launch and token are filled in
  std::string complaints;            ///< file for its stderr
};

/// Starts a process as a session of its own, with the memory file of worker_secrets() as descriptor kSecretsFd, its
/// stderr appended to a file and nothing else open.
using StartWorker =
    std::function<Result<pid_t>(std::vector<std::string> arguments, const std::string& complaints, const Fd& secrets)>;
inline constexpr int kSecretsFd = 3;

/// Starts it by `start`, or (empty) as a program. kIo, kNotFound with the program's path.
Result<LaunchedWorker> launch_worker(LaunchPlan plan, const StartWorker& start = {});

/// Waits so many seconds for it to leave, then kills it; then everything that carries its mark. The process is gone
/// then, and reaped if it is a child.
void end_worker(LaunchedWorker& worker, double patience);

/// What stands at the end of its complaints; the whole of it is of no use to anybody.
std::string last_complaints(const std::string& complaints);

/// `exit code 1`, `signal 9 (Killed)`: a wait status in words.
std::string status_words(int status);

/// The program that runs now.
std::string own_program();
/// tune-host beside it, or in ../libexec/tune of an installation.
std::string default_host_program();

/// [{"launch":..., "proof":..., "socket":..., "pid":..., "start":..., "boot":...}], for the store and leftovers.h.
std::string launches_to_json(const std::vector<const LaunchedWorker*>& launches);

}  // namespace tune

#pragma once

// The worker: a process between the controller and the trials of one host. It is a session of its own that outlives the
// controller for a lease, starts the fork server, runs what it is assigned, `slots` trials at a time, watches their
// limits, relays and keeps what the controller has not acknowledged. It runs no training code, so nothing a trial does
// delays a heartbeat. One thread.

#include <string>
#include <vector>

#include "core/messages.h"
#include "core/workers.h"

namespace tune {

/// A fork server's main function, with its arguments as the program tune-host takes them.
using HostEntry = int (*)(int argc, char** argv);

/// Seconds that a worker lives on without its controller, unless the experiment says otherwise.
inline constexpr double kDefaultLease = 10;
/// Seconds that a worker, or its fork server, may stand still, with `lease` seconds of lease: a longer one than the
/// default is for the worker alone.
constexpr double patience_with(double lease) { return 1.5 * (lease < kDefaultLease ? lease : kDefaultLease); }

struct WorkerOptions {
  std::string socket;        ///< path where the controller listens
  std::string launch;        ///< names this start of a worker
  std::string token;         ///< proves that it is the worker that was started
  std::string host_program;  ///< tune-host
  TrainableRef trainable;
  SlotPlan plan;
  std::string experiment;
  std::string attempts_dir;      ///< an attempt's own directory is <this>/<trial name>/a<attempt>
  double lease = kDefaultLease;  ///< seconds without a controller before the first Welcome says otherwise
  /// Not told by arguments. Set: the fork server is a copy of this process that calls it, and no program.
  HostEntry host_entry = nullptr;

  friend bool operator==(const WorkerOptions&, const WorkerOptions&);
};

/// Runs until the controller says goodbye or stays away. 0, or 1 after a message on stderr.
int run_worker(const WorkerOptions& options);

/// The options in two parts: arguments, which every user of the machine may read, and what is for the worker alone,
/// its token and its trainable. That lies in a memory file whose descriptor is `secrets`.
std::vector<std::string> worker_arguments(const WorkerOptions& options, int secrets);
std::string worker_secrets(const WorkerOptions& options);
/// Back from both; closes the descriptor. kBadInput, kIo.
Result<WorkerOptions> parse_worker_arguments(const std::vector<std::string>& arguments);

/// Signals as a fresh program has them: none blocked, ignored or handled. For copies of a process that were not begun
/// by exec.
void forget_signal_handlers();

/// `tune __worker ARGUMENTS...`: argv holds the arguments alone.
int worker_main(int argc, char** argv);

}  // namespace tune

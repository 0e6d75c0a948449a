#pragma once

// This program as one that runs trials: what it has registered, and how copies of it are made to be workers and fork
// servers. The roles that tune::init takes are here too.

#include <memory>
#include <string>

#include "core/runtime/zygote.h"
#include "experiments/spec.h"
#include "trainables/run/loader.h"

namespace tune {

/// Path of the running program.
const std::string& program_path();
/// Whether this program has registered a trainable of that name.
bool is_registered(const std::string& name);
/// What runs in this program: what comes with tune, what it has registered, and `own` (or null), given to a Tuner.
CompiledIn program_trainables(const tune_trainable* own);

/// How the processes of a run are made.
struct ProcessPlan {
  bool threads = false;  ///< there are none: trials run in threads of this program
  std::vector<std::string> worker_command;
  std::string host_program;
  std::unique_ptr<Zygote> zygote;
};

/// Decides it, and forks the zygote where one is needed. kUnsupported where only a copy of this program could run the
/// trainable, and the program has more than one thread. `own` as above.
Result<ProcessPlan> plan_processes(const ExperimentSpec& spec, const tune_trainable* own);

}  // namespace tune

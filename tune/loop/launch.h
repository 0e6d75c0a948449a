#pragma once

// What stands around a run: who we are, what code runs, what an earlier run left behind.

#include <cstdint>

#include "experiments/spec.h"
#include "experiments/store/store.h"
#include "tune/loop/order.h"

namespace tune {

/// Host, pid, start time and version of this process.
RunRow this_run();

/// XXH3 (hex) over what a trial runs: this program, and the trainable's library or the command's own file. Empty if
/// unreadable.
std::string code_hash(const TrainableRef& trainable);

/// The same trainable for a run whose log must not depend on chance: a program is told so (CommandSpec::exact).
TrainableRef as_exact(TrainableRef trainable);

/// Whether trials run as threads of this process: asked for, or declared by a built-in where no limit must kill.
bool runs_in_threads(const ExperimentSpec& spec);

/// Folds the log, and tells the number of the new run (1 for a new experiment). Nothing is asked of any rule.
Result<std::int64_t> recover(Store& store, Controller& controller, EventOrder& order);

}  // namespace tune

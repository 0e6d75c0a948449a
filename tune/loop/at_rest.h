#pragma once

// Commands on an experiment that nobody runs: its lock is taken, its log folded, and one turn is run without workers.
// The same turn comes before a run when something was asked for meanwhile.

#include <vector>

#include "experiments/store/store.h"
#include "tune/controller/controller.h"
#include "tune/loop/order.h"

namespace tune {

/// Workers that live on without a controller (core/runtime/leftovers.h), with what they run.
struct LeftRunning {
  std::string workers_json;  ///< as the run that started them has stored it
  std::string code_hash;     ///< ... of what they run
};

/// Records controller start `run`, without slots, and what happens then: trials that were running are lost, unless
/// their worker is left to a later run, and each of `events` is decided upon. One transaction. Requires: the log is
/// folded into `controller` and `order`, and nothing was committed since.
Result<void> act_at_rest(Store& store, Controller& controller, EventOrder& order, std::uint64_t seed, std::int64_t run,
                         std::vector<Arrived> events, const LeftRunning* left = nullptr);

}  // namespace tune

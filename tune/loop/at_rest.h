#pragma once

// Commands on an experiment that nobody runs: its lock is taken, its log folded, and one turn is run without workers.
// The same turn comes before a run when something was asked for meanwhile.

#include <vector>

#include "experiments/store/store.h"
#include "tune/controller/controller.h"
#include "tune/loop/order.h"

namespace tune {

/// Records controller start `run`, without slots, and what happens then: trials that were running are lost, and each of
/// `events` is decided upon. One transaction. Requires: the log is folded into `controller` and `order`, and nothing was
/// committed since.
Result<void> act_at_rest(Store& store, Controller& controller, EventOrder& order, std::uint64_t seed, std::int64_t run,
                         std::vector<Arrived> events);

}  // namespace tune

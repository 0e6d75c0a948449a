#pragma once

// What may be changed of an experiment that has begun, as events: a row for each key, with its old and its new value.
// Everything else decides which trials there are and what becomes of them, and is refused (differences() of
// experiments/spec.h).

#include <functional>
#include <string>
#include <vector>

#include "core/log.h"
#include "experiments/spec.h"
#include "experiments/store/store.h"
#include "tune/loop/order.h"

namespace tune {

/// budget.trials, time, failures, concurrency, plateau; retries; limits; checkpoint.keep; where the trainable lies
/// (trainable.plugin, trainable.working_dir).
std::vector<Edited> edits_between(const ExperimentSpec& before, const ExperimentSpec& now);

/// The specification with changes (`budget.trials=200`), read and checked again. kBadInput: all that is wrong.
using Reread =
    std::function<Result<ExperimentSpec>(const ExperimentSpec& now, const std::vector<std::string>& changes)>;

/// The events of a row of the command table. `spec` is taken on to what an edit makes of it; `slots` tells how many
/// trials at a time an edited specification comes to (0: nothing runs). What cannot be understood becomes a refused
/// command, so that each row is done once whoever wrote it.
std::vector<Arrived> to_events(const CommandRow& row, ExperimentSpec& spec, const Reread& reread,
                               const std::function<std::int64_t(const ExperimentSpec&)>& slots);

/// Events of an edit from `before` to `now`; the document goes with the last.
std::vector<Arrived> to_events(const ExperimentSpec& before, const ExperimentSpec& now, std::int64_t command,
                               std::int64_t slots);

}  // namespace tune

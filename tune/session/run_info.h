#pragma once

// What a view must know of a run before its first event.

#include <string>

#include "experiments/spec.h"
#include "experiments/store/store.h"
#include "tune/view/view.h"

namespace tune {

/// Of the experiment alone; slots, and how it was begun, are for the caller to add.
RunInfo run_info(const ExperimentSpec& spec, const ExperimentRow& row, const std::string& database);

}  // namespace tune

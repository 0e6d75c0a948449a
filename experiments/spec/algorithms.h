#pragma once

// `search` and `scheduler`: a name or a map, its options by the algorithm's own table (core/options.h).

#include <vector>

#include "experiments/spec.h"
#include "experiments/spec/fields.h"
#include "experiments/spec/parameters.h"

namespace tune {

struct SearchReading {
  SearchSpec spec;
  const AlgorithmInfo* info = nullptr;  ///< null: unknown, or not built
};

/// `section` may be null: random search. Also checks that the algorithm can take the space.
SearchReading read_search(const Member* section, const SpaceReading& space, const Reading& reading);

/// `section` may be null: fifo.
SchedulerSpec read_scheduler(const Member* section, const std::vector<Objective>& objectives, const Reading& reading);

/// Options of `algorithm` from fields read by its table, complete.
Options complete_options(const AlgorithmInfo& algorithm, const Fields& fields);

/// What the search algorithm cannot take of the space, at each parameter concerned.
void check_capabilities(const AlgorithmInfo& algorithm, const SpaceReading& space, const Reading& reading);

}  // namespace tune

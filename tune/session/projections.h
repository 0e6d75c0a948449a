#pragma once

// Do the tables of trials and experiments say what follows from the log? The log is held by its hash chain; its
// projections are plain rows that anybody with an SQL shell can change, and `tune doctor` finds where somebody did.

#include <vector>

#include "experiments/spec/reader.h"
#include "experiments/store/doctor.h"
#include "experiments/store/store.h"

namespace tune {

/// Folds the whole log and compares each trial's row and the experiment's summary with what was committed then. While
/// somebody runs the experiment only trials that have ended are compared. Where another version of the program has
/// written, differences are good to know and no damage. Errors as examine_log.
Result<std::vector<Finding>> check_projections(const Reader& reader, const ExperimentRow& row,
                                               const ReaderContext& context);

}  // namespace tune

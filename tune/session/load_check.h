#pragma once

// What a run finds out before its first trial, without a run: whether the trainable loads, and whether the file fits
// it.

#include <vector>

#include "experiments/spec/reader.h"

namespace tune {

/// Loads the trainable of `spec` in a process of its own, as a run does, and holds the file against what it says of
/// itself: parameters, metrics, capabilities. Starts no trial and stores nothing. kIo, kInterrupted: it could not be
/// tried.
Result<std::vector<Diagnostic>> check_loaded(const ExperimentSpec& spec, const ReaderContext& context);

/// The second half of it: what follows for the file from a trainable that is loaded, or cannot be.
Result<std::vector<Diagnostic>> judge_loaded(const ExperimentSpec& spec, const Result<TrainableInfo>& info,
                                             const ReaderContext& context);

}  // namespace tune

#pragma once

// A trial's recorded training as an experiment of its own: one trial, which begins with the first ancestor's
// configuration and takes each later one at its iteration, with the random draws of the trials that trained the stages
// (schedulers/pbt_replay.h). A trainable that draws all its chance from its seed comes to the recorded numbers.

#include <string>
#include <vector>

#include "experiments/export/lineage.h"
#include "experiments/spec/reader.h"
#include "experiments/store/store.h"

namespace tune {

/// What `tune retrain EXP/N` runs: the document of the stored experiment, named EXP-retrain-N (or `name`), with the
/// trial's schedule, its end at the trial's last report, and without what ends experiments. kNotFound: no such trial;
/// kBadInput: it has reported nothing.
Result<ExperimentSpec> retrain_spec(const Reader& reader, const ExperimentRow& row, TrialId trial,
                                    const std::string& name, const ReaderContext& context);

/// Reports of a trial's stages against those of another trial, in order.
struct RetrainComparison {
  std::int64_t reports = 0;      ///< that were recorded
  std::int64_t equal = 0;        ///< from the first on, in the first objective, to the last bit
  std::string first_difference;  ///< in a sentence; empty: there is none
};
Result<RetrainComparison> compare_retrained(const Reader& reader, const ExperimentRow& recorded, TrialId trial,
                                            const ExperimentRow& again);

}  // namespace tune

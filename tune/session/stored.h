#pragma once

// What the database holds under an experiment's name, and what a new run of that name therefore does: begin, go on, or
// nothing.

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "experiments/spec.h"
#include "experiments/spec/reader.h"
#include "experiments/store/store.h"

namespace tune {

/// The stored experiment of that name, if there is one.
std::optional<ExperimentRow> find_experiment(const std::string& database, const std::string& name);

/// Finished or failed: a run would have nothing left to do.
bool is_over(const ExperimentRow& row);

/// What of an experiment's row follows from its specification.
ExperimentRow row_of(const ExperimentSpec& spec);

/// Whether a document of that row (`resolved`, `began_as`) is one at all. kDamaged.
Result<void> check_document(const ExperimentRow& row, const std::string& document);

/// The specification as it was stored. kDamaged; kBadInput where this program reads it differently; what it found is
/// put into `diagnostics`.
Result<ExperimentSpec> stored_spec(const ExperimentRow& row, const ReaderContext& context,
                                   std::vector<Diagnostic>& diagnostics);

/// Whether `spec` may go on with the experiment in `row`: what a file may change is fine, the rest is kBadInput, each
/// difference by name.
Result<void> check_continues(const ExperimentSpec& spec, const ExperimentRow& row, const std::string& database,
                             const ReaderContext& context, std::vector<Diagnostic>& diagnostics);

}  // namespace tune

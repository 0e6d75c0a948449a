#pragma once

// The document that is stored: the whole experiment as JSON, with overrides applied, defaults filled in and paths
// absolute, so that it means the same wherever and whenever it is read again.

#include <string>

#include "experiments/spec.h"
#include "experiments/spec/document.h"

namespace tune {

/// `search_space` and `constraints` (may be null) as they stand in the document; all else from the spec.
std::string resolve(const ExperimentSpec& spec, const Node& search_space, const Node* constraints);

/// JSON has no infinities and no NaN: they are stored as texts. Turns such texts below `node` into the reals they were.
/// So `"NaN"` means the same in a file that a person writes.
void restore_special_reals(Node& node);

}  // namespace tune

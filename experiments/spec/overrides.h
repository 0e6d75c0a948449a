#pragma once

// `--set scheduler.max_t=20`: values from the command line, put into the document before anything is checked.

#include <string>
#include <utility>
#include <vector>

#include "experiments/spec/document.h"

namespace tune {

/// Puts each (path, YAML value) into `root`, a map. Maps on the way are made; a scheduler, search or trainable given by
/// its bare name becomes the map that names it; list items are named by their number, from 0.
void apply_overrides(Node& root, const std::vector<std::pair<std::string, std::string>>& overrides, Faults& faults);

}  // namespace tune

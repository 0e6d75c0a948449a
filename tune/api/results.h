#pragma once

// What a ResultGrid holds, for the files of this folder.

#include <string>
#include <vector>

#include "experiments/store/store.h"
#include "tune/api/include/tune/results.h"

namespace tune {

struct ResultGrid::Data {
  std::string database;
  ExperimentRow row;
  std::vector<TrialResult> trials;  // in the order of their numbers, withdrawn ones left out
};

TrialResult to_trial_result(const std::string& experiment, const TrialRow& row);

}  // namespace tune

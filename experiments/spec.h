#pragma once

// What an experiment is, after its file has been read and checked: a plain aggregate. The YAML reader
// (experiments/spec/reader.h) is one way to make it; the C++ API will be another.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/messages.h"
#include "core/options.h"
#include "core/rules.h"
#include "searchspaces/space.h"

namespace tune {

struct SearchSpec {
  std::string algorithm = "random";
  std::optional<std::uint64_t> seed;  ///< none: drawn once at the start and stored
  std::vector<Config> points_to_evaluate;
  Options options;  ///< complete for the algorithm (constant_grid_search, scramble, ...)
};

struct SchedulerSpec {
  std::string type = "fifo";  ///< canonical name
  std::string metric;         ///< empty: the first objective
  Options options;            ///< complete
};

/// How the processes of a run live. What trials find does not depend on it.
struct Runtime {
  double lease = 10;  ///< seconds that running trials outlive a controller that was killed
  friend bool operator==(const Runtime&, const Runtime&) = default;
};

struct ExperimentSpec {
  std::int64_t version = 1;
  std::string name;
  std::string description;
  TrainableRef trainable;
  std::vector<Objective> objectives;
  Space space;
  SearchSpec search;
  SchedulerSpec scheduler;
  StopRules stop;
  Budget budget;
  Resources resources;
  Retries retries;
  Limits limits;
  CheckpointPolicy checkpoint;
  Runtime runtime;

  std::string file;       ///< as messages name it
  std::string source;     ///< text of the file, as it was; empty for a stored experiment
  std::string directory;  ///< absolute directory that relative paths were resolved against
  std::string
      resolved_json;  ///< the whole document with overrides and defaults: what is stored, and read again at resume
};

/// Sets the seed, in `resolved_json` too: for one that was drawn because the file has none. Requires: seed < 2^63.
void set_seed(ExperimentSpec& spec, std::uint64_t seed);

/// What of two specs must not differ for one to resume the other (all but budget, retention, retries, limits and
/// description): each difference in a sentence, `search_space: 'lr' is loguniform 1e-04 to 0.1, was ...`.
std::vector<std::string> differences(const ExperimentSpec& now, const ExperimentSpec& before);

}  // namespace tune

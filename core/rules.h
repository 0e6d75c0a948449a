#pragma once

// The rules of an experiment that are neither space, sampler nor scheduler: what is optimised, when a trial and the
// experiment end, what a trial may use. Plain aggregates; names and defaults are those of the experiment file
// (docs/formats/experiment-file.md). Times in seconds, sizes in bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/trial.h"

namespace tune {

enum class Mode { kMin, kMax };

struct Objective {
  std::string metric;
  Mode mode = Mode::kMin;
  std::optional<double> target;  ///< the experiment ends when it is reached

  friend bool operator==(const Objective&, const Objective&) = default;
};

struct MetricStop {
  std::string metric;
  bool above = false;  ///< true: ends when value >= bound; false: when value <= bound
  double bound = 0;

  friend bool operator==(const MetricStop&, const MetricStop&) = default;
};

/// Ray's TrialPlateauStopper: the population standard deviation of the last `num_results` is below `std`.
struct TrialPlateau {
  std::string metric;
  double std = 0.01;
  std::int64_t num_results = 4;
  std::int64_t grace_period = 4;
  std::optional<double> metric_threshold;
  Mode mode = Mode::kMin;  ///< direction of metric_threshold

  friend bool operator==(const TrialPlateau&, const TrialPlateau&) = default;
};

/// When one trial ends. Any rule ends it.
struct StopRules {
  std::optional<Step> training_iteration;
  std::optional<double> time;  ///< running time of the trial
  std::vector<MetricStop> metrics;
  std::string condition;  ///< expression over reported metrics, or empty
  std::optional<TrialPlateau> plateau;

  friend bool operator==(const StopRules&, const StopRules&) = default;
};

/// Ray's ExperimentPlateauStopper over one best value per trial.
struct ExperimentPlateau {
  std::string metric;
  double std = 0.001;
  std::int64_t top = 10;
  std::int64_t patience = 0;

  friend bool operator==(const ExperimentPlateau&, const ExperimentPlateau&) = default;
};

/// When the experiment ends.
struct Budget {
  std::optional<std::int64_t> trials;
  std::optional<double> time;
  std::optional<std::int64_t> failures;     ///< one more failed trial ends the experiment
  std::optional<std::int64_t> concurrency;  ///< none: auto, as many as the resources hold
  std::optional<ExperimentPlateau> plateau;

  friend bool operator==(const Budget&, const Budget&) = default;
};

/// Who gets the slots that no trial needs.
enum class Elastic {
  kNone,    ///< nobody
  kShares,  ///< all running trials, in equal shares
  kTop,     ///< the best of them
};

/// `none shares top`
std::string_view elastic_name(Elastic elastic);

struct Resources {
  double cpu = 1;
  double gpu = 0;
  std::uint64_t memory = 0;  ///< 0: no limit
  Elastic elastic = Elastic::kNone;

  friend bool operator==(const Resources&, const Resources&) = default;
};

/// New starts of a failed trial, by cause.
struct Retries {
  std::int64_t exception = 0, exit = 0, signal = 0, memory = 0, time = 0, hang = 0;

  std::int64_t for_cause(Cause cause) const;  ///< 0 for causes that are not failures of the trial itself
  friend bool operator==(const Retries&, const Retries&) = default;
};

/// A trial beyond one of them is killed and *failed* with that cause.
struct Limits {
  std::optional<double> time;           ///< running time of one attempt's trial, without pauses
  std::optional<double> silence;        ///< longest time without a report
  std::optional<std::uint64_t> output;  ///< bytes on stdout and stderr

  friend bool operator==(const Limits&, const Limits&) = default;
};

struct CheckpointPolicy {
  std::int64_t every = 0;  ///< reports between checkpoints; 0: only when a scheduler or a signal asks
  std::int64_t keep = 1;   ///< latest kept per trial; 0: all
  bool at_end = false;

  friend bool operator==(const CheckpointPolicy&, const CheckpointPolicy&) = default;
};

}  // namespace tune

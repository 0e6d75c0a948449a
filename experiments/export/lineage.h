#pragma once

// Where each trial's training comes from. A trial of PBT or PB2 may take over another's checkpoint, and a configuration
// (an exploit): what trained the weights that it ends with is a chain of stages, from the first ancestor, in whose time
// others held them, to itself.
//
// Thread rule: immutable once read.

#include <map>
#include <vector>

#include "core/log.h"
#include "experiments/store/store.h"

namespace tune {

/// Training of one trial under one configuration.
struct LineageStage {
  TrialId trial;
  std::int64_t generation = 0;  ///< how often the trial had exploited by then
  Step from = 0;                ///< trained the iterations after this one
  Step to = 0;                  ///< up to this one; of the last stage: the trial's last report
  Config config;
  TrialId donor{-1};  ///< whose checkpoint of iteration `from` it began with; -1: from scratch
  EventNumber since;  ///< of the log
};

class Lineage {
 public:
  /// One pass over the trials, and one over the log if any trial has exploited.
  static Result<Lineage> read(const Reader& reader, const ExperimentRow& experiment);

  /// Whether any trial has exploited.
  bool any() const { return !sources_.empty(); }
  /// The stages that the trial's training consists of, the first ancestor's first. Empty: no such trial.
  std::vector<LineageStage> of(TrialId trial) const;
  /// The trial's own stages, whatever became of what they trained.
  const std::vector<LineageStage>& own(TrialId trial) const;
  /// The own stage that an event of the log falls in; null: no such trial.
  const LineageStage* at(TrialId trial, EventNumber event) const;
  /// Stages that began with a checkpoint of this trial, in the order of the log.
  std::vector<LineageStage> copies_of(TrialId trial) const;

 private:
  LineageStage& first_of(TrialId trial);
  void exploited(EventNumber event, const ExploitTrial& exploit);

  std::map<TrialId, std::vector<LineageStage>> stages_;
  std::map<std::pair<TrialId, std::int64_t>, CheckpointId> sources_;  // of each stage, by generation
  std::map<CheckpointId, Step> checkpoints_;                          // while the log is read
  std::map<TrialId, Step> ends_;
};

/// The paths of its parameters, in the file's order.
std::vector<std::string> parameter_paths(const ExperimentRow& experiment);

struct ConfigSince {
  EventNumber event;  ///< the one upon which the trial got it: later reports are of it
  Config config;
};
/// The configurations that the trial has had, in order: never none, and one alone unless it has copied others.
Result<std::vector<ConfigSince>> configs_of(const Reader& reader, const ExperimentRow& experiment,
                                            const TrialRow& trial);
/// The one of a report, by the report's event.
const Config& config_at(const std::vector<ConfigSince>& configs, EventNumber report);

/// The configuration that gave the trial's best report: not its last one, if it has copied another trial since.
Result<Config> config_of_best(const Reader& reader, const ExperimentRow& experiment, const TrialRow& trial);

}  // namespace tune

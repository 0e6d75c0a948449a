#include "experiments/export/lineage.h"

#include <algorithm>

#include "core/json.h"
#include "core/metrics.h"

namespace tune {

std::vector<std::string> parameter_paths(const ExperimentRow& experiment) {
  std::vector<std::string> paths;
  if (auto list = parse_json(experiment.columns_json); list && list->is_list()) {
    for (const Value& path : list->list()) paths.push_back(path.text());
  }
  return paths;
}

Result<Lineage> Lineage::read(const Reader& reader, const ExperimentRow& experiment) {
  const std::vector<std::string> paths = parameter_paths(experiment);
  Lineage lineage;
  bool any = false;
  auto read = reader.trials(experiment.id, [&](const TrialRow& row) {
    LineageStage stage;
    stage.trial = TrialId{row.number};
    if (auto nested = parse_json(row.config_json)) stage.config = from_nested(*nested, paths);
    lineage.stages_[stage.trial].push_back(std::move(stage));
    lineage.ends_[TrialId{row.number}] = row.training_iteration;
    any = any || row.generation > 0;
  });
  if (!read) return pass_on(std::move(read));
  if (!any) return lineage;
  read = reader.log(experiment.id, [&](const LogEntry& entry) -> Result<void> {
    const EventNumber n = entry.event.n;
    if (const auto* report = std::get_if<Reported>(&entry.event.body); report != nullptr && report->checkpoint) {
      lineage.checkpoints_[n] = report->step;
    } else if (const auto* saved = std::get_if<Saved>(&entry.event.body)) {
      lineage.checkpoints_[n] = saved->step;
    }
    for (const Decision& decision : entry.decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
        lineage.first_of(start->trial).config = start->config;
      } else if (const auto* exploit = std::get_if<ExploitTrial>(&decision.body)) {
        lineage.exploited(n, *exploit);
      }
    }
    return {};
  });
  if (!read) return pass_on(std::move(read));
  lineage.checkpoints_.clear();
  return lineage;
}

/// The log may name trials that have no row (any more), in a database that somebody has changed.
LineageStage& Lineage::first_of(TrialId trial) {
  std::vector<LineageStage>& stages = stages_[trial];
  if (stages.empty()) stages.emplace_back().trial = trial;
  return stages.front();
}

void Lineage::exploited(EventNumber event, const ExploitTrial& exploit) {
  first_of(exploit.trial);
  std::vector<LineageStage>& stages = stages_[exploit.trial];
  LineageStage stage;
  stage.trial = exploit.trial;
  stage.generation = static_cast<std::int64_t>(stages.size());
  stage.from = checkpoints_[exploit.checkpoint];
  stage.config = exploit.config;
  stage.donor = exploit.donor;
  stage.since = event;
  sources_[{exploit.trial, stage.generation}] = exploit.checkpoint;
  stages.push_back(std::move(stage));
}

const std::vector<LineageStage>& Lineage::own(TrialId trial) const {
  static const std::vector<LineageStage> kNone;
  const auto found = stages_.find(trial);
  return found != stages_.end() ? found->second : kNone;
}

const LineageStage* Lineage::at(TrialId trial, EventNumber event) const {
  const std::vector<LineageStage>& stages = own(trial);
  const LineageStage* found = stages.empty() ? nullptr : &stages.front();
  for (const LineageStage& stage : stages) {
    if (stage.generation > 0 && stage.since < event) found = &stage;
  }
  return found;
}

std::vector<LineageStage> Lineage::of(TrialId trial) const {
  std::vector<LineageStage> chain;  // the last stage first
  const std::vector<LineageStage>& stages = own(trial);
  if (stages.empty()) return chain;
  LineageStage stage = stages.back();
  if (const auto end = ends_.find(trial); end != ends_.end()) stage.to = end->second;
  for (;;) {
    chain.push_back(stage);
    if (stage.generation == 0) break;
    const CheckpointId source = sources_.at({stage.trial, stage.generation});
    const LineageStage* const donor = at(stage.donor, source);
    if (donor == nullptr || source >= stage.since) break;  // no log that tune wrote says so
    const Step to = stage.from;
    stage = *donor;
    stage.to = to;
  }
  std::ranges::reverse(chain);
  return chain;
}

std::vector<LineageStage> Lineage::copies_of(TrialId trial) const {
  std::vector<LineageStage> copies;
  for (const auto& [other, stages] : stages_) {
    for (const LineageStage& stage : stages) {
      if (stage.generation > 0 && stage.donor == trial && other != trial) copies.push_back(stage);
    }
  }
  std::ranges::stable_sort(copies, {}, &LineageStage::since);
  return copies;
}

Result<std::vector<ConfigSince>> configs_of(const Reader& reader, const ExperimentRow& experiment,
                                            const TrialRow& trial) {
  std::vector<ConfigSince> configs(1);
  if (auto nested = parse_json(trial.config_json)) {
    configs[0].config = from_nested(*nested, parameter_paths(experiment));
  }
  if (trial.generation == 0) return configs;
  auto story = reader.story(experiment.id, TrialId{trial.number});
  if (!story) return pass_on(std::move(story));
  for (const LogEntry& entry : *story) {
    for (const Decision& decision : entry.decisions) {
      const auto* start = std::get_if<StartTrial>(&decision.body);
      const auto* exploit = std::get_if<ExploitTrial>(&decision.body);
      if (start != nullptr && start->trial.value == trial.number) configs[0].config = start->config;
      if (exploit != nullptr && exploit->trial.value == trial.number) {
        configs.push_back({entry.event.n, exploit->config});
      }
    }
  }
  return configs;
}

const Config& config_at(const std::vector<ConfigSince>& configs, EventNumber report) {
  const auto later = std::ranges::find_if(configs.begin() + 1, configs.end(),
                                          [&](const ConfigSince& since) { return since.event >= report; });
  return std::prev(later)->config;
}

Result<Config> config_of_best(const Reader& reader, const ExperimentRow& experiment, const TrialRow& trial) {
  auto configs = configs_of(reader, experiment, trial);
  if (!configs) return pass_on(std::move(configs));
  if (configs->size() == 1) return std::move(configs->front().config);
  std::optional<EventNumber> best;  // the first such report: later ones are no better
  auto read = reader.reports(experiment.id, TrialId{trial.number}, [&](const Reader::ReportRow& report) {
    if (best || report.step != trial.best_iteration) return;
    const auto metrics = metrics_from_json(report.metrics_json);
    if (metrics && find_metric(*metrics, experiment.metric) == trial.best) best = EventNumber{report.n};
  });
  if (!read) return pass_on(std::move(read));
  return best ? config_at(*configs, *best) : configs->back().config;
}

}  // namespace tune

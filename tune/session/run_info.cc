#include "tune/session/run_info.h"

namespace tune {

RunInfo run_info(const ExperimentSpec& spec, const ExperimentRow& row, const std::string& database) {
  RunInfo info;
  info.experiment = row.name;
  info.database = database;
  info.algorithm = spec.search.algorithm;
  info.scheduler = spec.scheduler.type;
  info.objectives = spec.objectives;
  info.budget = spec.budget;
  info.parameters = spec.space.paths();
  info.seed = row.seed;
  info.lockstep = row.lockstep;
  if (const Value* max_t = spec.scheduler.options.find("max_t"); max_t != nullptr && max_t->number()) {
    info.time_attr_max = *max_t->number();
  }
  if (spec.stop.training_iteration) info.time_attr_max = static_cast<double>(*spec.stop.training_iteration);
  return info;
}

}  // namespace tune

#include "experiments/spec/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

/// Seconds. A worker that hears nothing for as long is alone; on a busy machine an answer may take a fifth of this.
constexpr double kShortestLease = 0.5;

Mode mode_of(const std::string& word) { return word == "max" ? Mode::kMax : Mode::kMin; }

/// The section's fields, or nothing (with a fault, or because it is absent).
std::optional<Fields> section_fields(const Member* section, const Section& keys, Faults& faults) {
  if (section == nullptr || !is_filled_map(*section, faults)) return std::nullopt;
  return read_fields(section->value, keys, faults);
}

std::optional<Objective> read_objective(const Node& map, Faults& faults) {
  if (!map.is_map()) {
    faults.error(map.place, code::kWrongType, fmt::format("objective takes a map; {}", describe_node(map)),
                 map.is_text() ? fmt::format("write {{metric: {}, mode: min}}, or max", map.text) : "");
    return std::nullopt;
  }
  const Fields fields = read_fields(map, objective_section(), faults);
  const auto metric = fields.text("metric"), mode = fields.text("mode");
  Objective objective;
  if (metric) objective.metric = *metric;
  if (mode) objective.mode = mode_of(*mode);
  objective.target = fields.real("target");
  return objective;  // without metric or mode there is a fault; others may still refer to what is there
}

std::string first_metric(const std::vector<Objective>& objectives) {
  return objectives.empty() ? "" : objectives[0].metric;
}

ExperimentPlateau read_experiment_plateau(const Node& map, const std::vector<Objective>& objectives, Faults& faults) {
  const Fields fields = read_fields(map, budget_plateau_section(), faults);
  ExperimentPlateau plateau;
  plateau.metric = fields.text("metric").value_or(first_metric(objectives));
  const std::vector<std::string> names = metrics_of(objectives);
  if (!names.empty() && std::ranges::find(names, plateau.metric) == names.end()) {
    faults.error(fields.member("metric")->value.place, code::kUnknownName,
                 fmt::format("budget.plateau.metric '{}' is no objective", plateau.metric),
                 "objectives: " + join(names));
  }
  plateau.std = fields.real("std").value_or(plateau.std);
  plateau.top = fields.integer("top").value_or(plateau.top);
  plateau.patience = fields.integer("patience").value_or(plateau.patience);
  return plateau;
}

}  // namespace

std::vector<std::string> metrics_of(const std::vector<Objective>& objectives) {
  std::vector<std::string> metrics;
  metrics.reserve(objectives.size());
  for (const Objective& objective : objectives) metrics.push_back(objective.metric);
  return metrics;
}

std::vector<Objective> read_objectives(const Member* section, const Reading& reading) {
  std::vector<Objective> objectives;
  if (section == nullptr) return objectives;
  const Node& value = section->value;
  if (!value.is_list()) {
    if (auto objective = read_objective(value, reading.faults)) objectives.push_back(*std::move(objective));
    return objectives;
  }
  if (value.items.empty()) reading.faults.error(section->key.place, code::kMissingKey, "objective is empty");
  for (const Node& item : value.items) {
    auto objective = read_objective(item, reading.faults);
    if (!objective) continue;
    const bool twice = std::any_of(objectives.begin(), objectives.end(), [&](const Objective& other) {
      return !other.metric.empty() && other.metric == objective->metric;
    });
    if (twice) {
      reading.faults.error(item.find("metric")->value.place, code::kConflict,
                           fmt::format("'{}' is an objective twice", objective->metric));
    }
    objectives.push_back(*std::move(objective));
  }
  return objectives;
}

BudgetReading read_budget(const Member* section, const std::vector<Objective>& objectives, const Reading& reading) {
  BudgetReading out;
  const auto fields = section_fields(section, budget_section(), reading.faults);
  if (!fields) {
    out.ends = section != nullptr && !section->value.is_map();
    return out;
  }
  out.ends = fields->member("trials") != nullptr || fields->member("time") != nullptr;
  out.budget.trials = fields->integer("trials");
  out.budget.time = fields->real("time");
  out.budget.failures = fields->integer("failures");
  out.budget.concurrency = fields->integer("concurrency");
  const Member* plateau = fields->member("plateau");
  if (plateau != nullptr && !plateau->value.is_null() && is_map(*plateau, reading.faults)) {
    out.budget.plateau = read_experiment_plateau(plateau->value, objectives, reading.faults);
  }
  if (out.budget.trials && out.budget.concurrency && *out.budget.concurrency > *out.budget.trials) {
    reading.faults.warning(
        fields->member("concurrency")->value.place, code::kOutOfRange,
        fmt::format("concurrency {} is above trials {}", *out.budget.concurrency, *out.budget.trials));
  }
  return out;
}

Resources read_resources(const Member* section, const Reading& reading) {
  Resources resources;
  const auto fields = section_fields(section, resources_section(), reading.faults);
  if (!fields) return resources;
  resources.cpu = fields->real("cpu").value_or(resources.cpu);
  resources.gpu = fields->real("gpu").value_or(resources.gpu);
  resources.memory = static_cast<std::uint64_t>(fields->integer("memory").value_or(0));
  const std::string elastic = fields->text("elastic").value_or("none");
  for (const Elastic kind : {Elastic::kShares, Elastic::kTop}) {
    if (elastic_name(kind) == elastic) resources.elastic = kind;
  }
  if (reading.context.machine && !reading.stored) {
    const auto check = [&](const char* key, const Resources& need) {
      const auto fits = plan_slots(need, std::nullopt, *reading.context.machine);
      const Member* member = fields->member(key);
      if (fits) return;
      reading.faults.error(member == nullptr ? section->key.place : member->value.place, code::kResources,
                           fits.error().message, fits.error().hint);
    };
    check("cpu", {.cpu = resources.cpu, .gpu = 0});
    check("gpu", {.cpu = 0, .gpu = resources.gpu});
  }
  return resources;
}

Retries read_retries(const Member* section, const Reading& reading) {
  Retries retries;
  if (section == nullptr) return retries;
  if (section->value.is_map()) {
    if (!is_filled_map(*section, reading.faults)) return retries;
    const Fields fields = read_fields(section->value, retries_section(), reading.faults);
    retries.exception = fields.integer("exception").value_or(0);
    retries.exit = fields.integer("exit").value_or(0);
    retries.signal = fields.integer("signal").value_or(0);
    retries.memory = fields.integer("memory").value_or(0);
    retries.time = fields.integer("time").value_or(0);
    retries.hang = fields.integer("hang").value_or(0);
    return retries;
  }
  Key key;
  key.key = "retries";
  key.type = OptionType::kInteger;
  key.min = 0;
  if (const auto count = read_key(*section, key, reading.faults)) {
    const std::int64_t n = count->integer();
    retries = Retries{n, n, n, n, n, n};
  }
  return retries;
}

Limits read_limits(const Member* section, const Reading& reading) {
  Limits limits;
  const auto fields = section_fields(section, limits_section(), reading.faults);
  if (!fields) return limits;
  limits.time = fields->real("time");
  limits.silence = fields->real("silence");
  if (const auto output = fields->integer("output")) limits.output = static_cast<std::uint64_t>(*output);
  return limits;
}

Runtime read_runtime(const Member* section, const Reading& reading) {
  Runtime runtime;
  const auto fields = section_fields(section, runtime_section(), reading.faults);
  if (!fields) return runtime;
  runtime.lease = fields->real("lease").value_or(runtime.lease);
  // What is stored goes on as it began.
  if (runtime.lease < kShortestLease && !reading.stored) {
    reading.faults.error(fields->member("lease")->value.place, code::kOutOfRange,
                         fmt::format("lease must be at least {}, got {}", format_duration(kShortestLease),
                                     fields->member("lease")->value.text),
                         "a worker that hears nothing of tune for so long ends its trials");
  }
  return runtime;
}

CheckpointPolicy read_checkpoint(const Member* section, const Reading& reading) {
  CheckpointPolicy policy;
  const auto fields = section_fields(section, checkpoint_section(), reading.faults);
  if (!fields) return policy;
  policy.every = fields->integer("every").value_or(policy.every);
  policy.at_end = fields->flag("at_end");
  const auto word = fields->text("keep");
  policy.keep = word ? 0 : fields->integer("keep").value_or(policy.keep);
  return policy;
}

}  // namespace tune

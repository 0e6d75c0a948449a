#include "experiments/spec/resolved.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "core/json.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

/// `600s`: digits and a point, never an exponent, and every bit of it.
std::string duration_text(double seconds) {
  char buffer[512];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, seconds, std::chars_format::fixed);
  return std::string(buffer, result.ptr) + "s";
}

std::string size_text(std::uint64_t bytes) { return fmt::format("{}B", bytes); }

std::string_view mode_name(Mode mode) { return mode == Mode::kMax ? "max" : "min"; }

template <class T, class Show>
void add_if(Map& map, const char* key, const std::optional<T>& value, Show show) {
  if (value) map.emplace_back(key, show(*value));
}

const auto as_value = [](const auto& v) { return Value(v); };

void add_options(Map& map, const Options& options) {
  for (const auto& [key, value] : options.values()) {
    if (!value.is_null()) map.emplace_back(key, value);
  }
}

Value objectives_document(const std::vector<Objective>& objectives) {
  List list;
  for (const Objective& objective : objectives) {
    Map map{{"metric", objective.metric}, {"mode", mode_name(objective.mode)}};
    add_if(map, "target", objective.target, as_value);
    list.emplace_back(std::move(map));
  }
  return Value(std::move(list));
}

Value search_document(const SearchSpec& search) {
  Map map{{"algorithm", search.algorithm}};
  if (search.seed) map.emplace_back("seed", static_cast<std::int64_t>(*search.seed));
  if (!search.points_to_evaluate.empty()) {
    List points;
    for (const Config& config : search.points_to_evaluate) {
      Map point;
      for (const auto& [path, value] : config.entries) point.emplace_back(path, value);
      points.emplace_back(std::move(point));
    }
    map.emplace_back("points_to_evaluate", std::move(points));
  }
  add_options(map, search.options);
  return Value(std::move(map));
}

Value scheduler_document(const SchedulerSpec& scheduler) {
  Map map{{"type", scheduler.type}};
  if (!scheduler.metric.empty()) map.emplace_back("metric", scheduler.metric);
  add_options(map, scheduler.options);
  return Value(std::move(map));
}

Value stop_document(const StopRules& stop) {
  Map map;
  add_if(map, "training_iteration", stop.training_iteration, as_value);
  add_if(map, "time", stop.time, duration_text);
  for (const MetricStop& rule : stop.metrics) {
    map.emplace_back(rule.metric, Map{{rule.above ? "above" : "below", rule.bound}});
  }
  if (!stop.condition.empty()) map.emplace_back("if", stop.condition);
  if (stop.plateau) {
    Map plateau{{"metric", stop.plateau->metric},
                {"std", stop.plateau->std},
                {"num_results", stop.plateau->num_results},
                {"grace_period", stop.plateau->grace_period}};
    if (stop.plateau->metric_threshold) {
      plateau.emplace_back("metric_threshold", *stop.plateau->metric_threshold);
      plateau.emplace_back("mode", mode_name(stop.plateau->mode));
    }
    map.emplace_back("plateau", std::move(plateau));
  }
  return Value(std::move(map));
}

Value budget_document(const Budget& budget) {
  Map map;
  add_if(map, "trials", budget.trials, as_value);
  add_if(map, "time", budget.time, duration_text);
  add_if(map, "failures", budget.failures, as_value);
  map.emplace_back("concurrency", budget.concurrency ? Value(*budget.concurrency) : Value("auto"));
  if (budget.plateau) {
    map.emplace_back("plateau", Map{{"metric", budget.plateau->metric},
                                    {"std", budget.plateau->std},
                                    {"top", budget.plateau->top},
                                    {"patience", budget.plateau->patience}});
  }
  return Value(std::move(map));
}

Value resources_document(const Resources& resources) {
  Map map{{"cpu", resources.cpu}, {"gpu", resources.gpu}};
  if (resources.memory > 0) map.emplace_back("memory", size_text(resources.memory));
  if (resources.elastic != Elastic::kNone) map.emplace_back("elastic", elastic_name(resources.elastic));
  return Value(std::move(map));
}

Value retries_document(const Retries& r) {
  return Value(Map{{"exception", r.exception},
                   {"exit", r.exit},
                   {"signal", r.signal},
                   {"memory", r.memory},
                   {"time", r.time},
                   {"hang", r.hang}});
}

Value limits_document(const Limits& limits) {
  Map map;
  add_if(map, "time", limits.time, duration_text);
  add_if(map, "silence", limits.silence, duration_text);
  add_if(map, "output", limits.output, size_text);
  return Value(std::move(map));
}

Value checkpoint_document(const CheckpointPolicy& policy) {
  return Value(Map{{"every", policy.every},
                   {"keep", policy.keep == 0 ? Value("all") : Value(policy.keep)},
                   {"at_end", policy.at_end}});
}

void add_filled(Map& document, const char* key, Value section) {
  if (!section.map().empty()) document.emplace_back(key, std::move(section));
}

}  // namespace

std::string resolve(const ExperimentSpec& spec, const Node& search_space, const Node* constraints) {
  Map document{{"version", spec.version}, {"name", spec.name}};
  if (!spec.description.empty()) document.emplace_back("description", spec.description);
  document.emplace_back("trainable", trainable_document(spec.trainable));
  document.emplace_back("objective", objectives_document(spec.objectives));
  document.emplace_back("search_space", value_of_node(search_space));
  if (constraints != nullptr) document.emplace_back("constraints", value_of_node(*constraints));
  document.emplace_back("search", search_document(spec.search));
  document.emplace_back("scheduler", scheduler_document(spec.scheduler));
  add_filled(document, "stop", stop_document(spec.stop));
  add_filled(document, "budget", budget_document(spec.budget));
  document.emplace_back("resources", resources_document(spec.resources));
  document.emplace_back("retries", retries_document(spec.retries));
  add_filled(document, "limits", limits_document(spec.limits));
  document.emplace_back("checkpoint", checkpoint_document(spec.checkpoint));
  if (spec.runtime != Runtime()) document.emplace_back("runtime", Map{{"lease", duration_text(spec.runtime.lease)}});
  return to_json(Value(std::move(document)));
}

void restore_special_reals(Node& node) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (node.is_text()) {
    if (node.text == "NaN")
      node = node_of_value(Value(std::numeric_limits<double>::quiet_NaN()));
    else if (node.text == "Infinity")
      node = node_of_value(Value(kInfinity));
    else if (node.text == "-Infinity")
      node = node_of_value(Value(-kInfinity));
  }
  for (Node& item : node.items) restore_special_reals(item);
  for (Member& member : node.members) restore_special_reals(member.value);
}

void set_seed(ExperimentSpec& spec, std::uint64_t seed) {
  spec.search.seed = seed;
  Result<Value> document = parse_json(spec.resolved_json);
  if (!document || !document->is_map()) return;
  for (auto& [key, section] : document->map()) {
    if (key != "search" || !section.is_map()) continue;
    Map search{{"algorithm", spec.search.algorithm}, {"seed", static_cast<std::int64_t>(seed)}};
    for (auto& [name, value] : section.map()) {
      if (name != "algorithm" && name != "seed") search.emplace_back(name, std::move(value));
    }
    section = Value(std::move(search));
  }
  spec.resolved_json = to_json(*document);
}

}  // namespace tune

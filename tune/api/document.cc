#include "tune/api/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "core/json.h"

namespace tune {
namespace {

/// `600s`: digits and a point, never an exponent.
std::string duration_text(Seconds seconds) {
  char buffer[512];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, seconds.count(), std::chars_format::fixed);
  return std::string(buffer, end.ptr) + "s";
}

std::string size_text(std::uint64_t bytes) { return std::to_string(bytes) + "B"; }

template <class T>
void add(Map& map, const char* key, const std::optional<T>& value) {
  if (value) map.emplace_back(key, Value(*value));
}
void add(Map& map, const char* key, const std::optional<Seconds>& value) {
  if (value) map.emplace_back(key, duration_text(*value));
}
void add_size(Map& map, const char* key, const std::optional<std::uint64_t>& value) {
  if (value) map.emplace_back(key, size_text(*value));
}
void add(Map& map, const char* key, const std::string& text) {
  if (!text.empty()) map.emplace_back(key, text);
}
void add_options(Map& map, const Settings& options) {
  for (const auto& [key, value] : options) map.emplace_back(key, to_value(value));
}
void add_section(Map& document, const char* key, Map section) {
  if (!section.empty()) document.emplace_back(key, std::move(section));
}

Map objective_map(const options::Objective& objective) {
  Map map;
  add(map, "metric", objective.metric);
  add(map, "mode", objective.mode);
  add(map, "target", objective.target);
  return map;
}

Map search_map(const options::Search& search) {
  Map map;
  add(map, "algorithm", search.algorithm);
  // One beyond 63 bits is no integer to any reader of the file, and is refused in its own digits.
  if (search.seed) {
    const bool fits = *search.seed <= static_cast<std::uint64_t>(INT64_MAX);
    map.emplace_back("seed",
                     fits ? Value(static_cast<std::int64_t>(*search.seed)) : Value(std::to_string(*search.seed)));
  }
  if (!search.points_to_evaluate.empty()) {
    List points;
    for (const Settings& point : search.points_to_evaluate) points.push_back(to_value(point));
    map.emplace_back("points_to_evaluate", std::move(points));
  }
  add_options(map, search.options);
  return map;
}

Map scheduler_map(const options::Scheduler& scheduler) {
  Map map;
  add(map, "type", scheduler.type);
  add_options(map, scheduler.options);
  return map;
}

Map stop_map(const options::Stop& stop) {
  Map map;
  add(map, "training_iteration", stop.training_iteration);
  add(map, "time", stop.time);
  for (const auto& [metric, bound] : stop.metrics) {
    Map bounds;
    add(bounds, "above", bound.above);
    add(bounds, "below", bound.below);
    map.emplace_back(metric, std::move(bounds));
  }
  add(map, "if", stop.condition);
  if (stop.plateau) {
    Map plateau;
    add(plateau, "metric", stop.plateau->metric);
    add(plateau, "std", stop.plateau->std);
    add(plateau, "num_results", stop.plateau->num_results);
    add(plateau, "grace_period", stop.plateau->grace_period);
    add(plateau, "metric_threshold", stop.plateau->metric_threshold);
    add(plateau, "mode", stop.plateau->mode);
    map.emplace_back("plateau", std::move(plateau));
  }
  return map;
}

Map budget_map(const options::Budget& budget) {
  Map map;
  add(map, "trials", budget.trials);
  add(map, "time", budget.time);
  add(map, "failures", budget.failures);
  add(map, "concurrency", budget.concurrency);
  if (budget.plateau) {
    Map plateau;
    add(plateau, "metric", budget.plateau->metric);
    add(plateau, "std", budget.plateau->std);
    add(plateau, "top", budget.plateau->top);
    add(plateau, "patience", budget.plateau->patience);
    map.emplace_back("plateau", std::move(plateau));
  }
  return map;
}

Map resources_map(const options::Resources& resources) {
  Map map;
  add(map, "cpu", resources.cpu);
  add(map, "gpu", resources.gpu);
  add_size(map, "memory", resources.memory);
  add(map, "elastic", resources.elastic);
  return map;
}

/// A number where all causes have the same, as a person writes it, so that its fault is one and not six.
Value retries_value(const options::Retries& retries) {
  Map map;
  const std::pair<const char*, std::optional<std::int64_t>> causes[] = {
      {"exception", retries.exception}, {"exit", retries.exit}, {"signal", retries.signal},
      {"memory", retries.memory},       {"time", retries.time}, {"hang", retries.hang}};
  if (retries.all && std::ranges::none_of(causes, [](const auto& cause) { return cause.second.has_value(); })) {
    return *retries.all;
  }
  for (const auto& [cause, count] : causes) add(map, cause, count ? count : retries.all);
  return map;
}

Map limits_map(const options::Limits& limits) {
  Map map;
  add(map, "time", limits.time);
  add(map, "silence", limits.silence);
  add_size(map, "output", limits.output);
  return map;
}

Map checkpoint_map(const options::Checkpoint& checkpoint) {
  Map map;
  add(map, "every", checkpoint.every);
  if (checkpoint.keep) map.emplace_back("keep", *checkpoint.keep == 0 ? Value("all") : Value(*checkpoint.keep));
  add(map, "at_end", checkpoint.at_end);
  return map;
}

/// Text that needs no quotes: a word that no reader takes for anything else.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 60) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (!letter(text[0])) return false;
  for (const char c : text) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '/' && c != '.') return false;
  }
  for (const std::string_view word : {"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return false;
  }
  // Not numbers here, but to readers of YAML 1.1.
  for (const std::string_view word : {"yes", "no", "on", "off", "y", "n", "Yes", "No", "On", "Off", "Y", "N"}) {
    if (text == word) return false;
  }
  return true;
}

std::string scalar_text(const Value& value) {
  if (value.is_text()) return is_plain(value.text()) ? value.text() : to_json(value);
  if (!value.is_real()) return to_json(value);
  if (std::isnan(value.real())) return ".nan";
  if (std::isinf(value.real())) return value.real() > 0 ? ".inf" : "-.inf";
  return to_json(value);
}

}  // namespace

Value to_value(const Setting& setting) {
  if (const auto* list = setting.list()) {
    List values;
    for (const Setting& item : *list) values.push_back(to_value(item));
    return values;
  }
  if (const auto* map = setting.map()) {
    Map values;
    for (const auto& [key, item] : *map) values.emplace_back(key, to_value(item));
    return values;
  }
  switch (setting.kind()) {
    case Setting::Kind::kFlag: return *setting.flag();
    case Setting::Kind::kInteger: return *setting.integer();
    case Setting::Kind::kReal: return *setting.real();
    case Setting::Kind::kText: return *setting.text();
    default: return {};
  }
}

Setting to_setting(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool: return value.boolean();
    case Value::Kind::kInteger: return value.integer();
    case Value::Kind::kReal: return value.real();
    case Value::Kind::kText: return value.text();
    case Value::Kind::kList: {
      std::vector<Setting> list;
      for (const Value& item : value.list()) list.push_back(to_setting(item));
      return list;
    }
    case Value::Kind::kMap: {
      Settings map;
      for (const auto& [key, item] : value.map()) map.emplace_back(key, to_setting(item));
      return map;
    }
    case Value::Kind::kNull: break;
  }
  return {};
}

Value document_of(const Experiment& experiment, Value trainable) {
  Map document{{"version", 1}};
  add(document, "name", experiment.name);
  add(document, "description", experiment.description);
  if (!trainable.is_null()) document.emplace_back("trainable", std::move(trainable));
  Map objective = objective_map(experiment.objective);
  if (!experiment.more_objectives.empty()) {
    List objectives{Value(std::move(objective))};
    for (const auto& further : experiment.more_objectives) objectives.emplace_back(objective_map(further));
    document.emplace_back("objective", std::move(objectives));
  } else {
    add_section(document, "objective", std::move(objective));
  }
  Map space;
  add_options(space, experiment.search_space);
  document.emplace_back("search_space", std::move(space));
  if (!experiment.constraints.empty()) {
    document.emplace_back("constraints", List(experiment.constraints.begin(), experiment.constraints.end()));
  }
  add_section(document, "search", search_map(experiment.search));
  add_section(document, "scheduler", scheduler_map(experiment.scheduler));
  add_section(document, "stop", stop_map(experiment.stop));
  add_section(document, "budget", budget_map(experiment.budget));
  add_section(document, "resources", resources_map(experiment.resources));
  if (Value retries = retries_value(experiment.retries); !retries.is_map() || !retries.map().empty()) {
    document.emplace_back("retries", std::move(retries));
  }
  add_section(document, "limits", limits_map(experiment.limits));
  add_section(document, "checkpoint", checkpoint_map(experiment.checkpoint));
  return document;
}

DocumentText::DocumentText(const Value& document) {
  for (const auto& [key, value] : document.map()) {
    mark(key);
    if (key == "search_space" && value.is_map() && !value.map().empty()) {
      put(scalar_text(key) + ":\n");
      write_members(value.map(), key, "  ");
      continue;
    }
    put(scalar_text(key) + ": ");
    write(value, key);
    put("\n");
  }
}

void DocumentText::write_members(const Map& map, const std::string& path, const std::string& indent) {
  for (const auto& [key, value] : map) {
    put(indent);
    const std::string inner = fmt::format("{}.{}", path, key);
    mark(inner);
    put(scalar_text(key) + ": ");
    write(value, inner);
    put("\n");
  }
}

void DocumentText::write(const Value& value, const std::string& path) {
  mark(path);
  if (value.is_list()) {
    put("[");
    for (std::size_t i = 0; i < value.list().size(); ++i) {
      if (i > 0) put(", ");
      write(value.list()[i], fmt::format("{}.{}", path, i));
    }
    put("]");
  } else if (value.is_map()) {
    put("{");
    for (std::size_t i = 0; i < value.map().size(); ++i) {
      const auto& [key, item] = value.map()[i];
      if (i > 0) put(", ");
      const std::string inner = fmt::format("{}.{}", path, key);
      mark(inner);
      put(scalar_text(key) + ": ");
      write(item, inner);
    }
    put("}");
  } else {
    put(scalar_text(value));
  }
}

void DocumentText::put(const std::string& text) {
  text_ += text;
  for (const char c : text) {
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column_;
    }
  }
}

std::string DocumentText::path_at(int line, int column) const {
  std::string path;
  for (const Mark& mark : marks_) {
    if (mark.line > line || (mark.line == line && mark.column > column)) break;
    path = mark.path;
  }
  return line > 0 ? path : std::string();
}

}  // namespace tune

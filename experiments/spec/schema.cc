// The JSON Schema of the experiment file, for editors: made from the tables that the reader uses. The reader is the
// authority; it checks what no schema can say.

#include <fmt/format.h>

#include "core/json.h"
#include "experiments/spec/distributions.h"
#include "experiments/spec/keys.h"
#include "experiments/spec/reader.h"
#include "searchspaces/sampler.h"

namespace tune {

namespace {

constexpr const char* kParameterName = "^[A-Za-z_][A-Za-z0-9_-]*$";

Value ref(const std::string& name) { return Value(Map{{"$ref", "#/definitions/" + name}}); }
Value type(const char* name) { return Value(Map{{"type", name}}); }

Value words(const std::vector<std::string>& list) {
  List out;
  for (const std::string& word : list) out.emplace_back(word);
  return Value(std::move(out));
}

Value array_of(Value items, int min, int max = 0) {
  Map map{{"type", "array"}, {"items", std::move(items)}, {"minItems", min}};
  if (max > 0) map.emplace_back("maxItems", max);
  return Value(std::move(map));
}

void add_range(Map& map, const Key& key) {
  if (key.min) map.emplace_back(key.above_min ? "exclusiveMinimum" : "minimum", *key.min);
  if (key.max) map.emplace_back("maximum", *key.max);
}

Map bare_key_schema(const Key& key) {
  if (key.form == Key::Form::kDuration) return {{"allOf", List{ref("duration")}}};
  if (key.form == Key::Form::kSize) return {{"allOf", List{ref("size")}}};
  Map map;
  switch (key.type) {
    case OptionType::kBool: map = {{"type", "boolean"}}; break;
    case OptionType::kInteger: map = {{"type", "integer"}}; break;
    case OptionType::kReal: map = {{"type", "number"}}; break;
    case OptionType::kText:
      map = {{"type", "string"}};
      if (!key.may_be_empty) map.emplace_back("minLength", 1);
      break;
    case OptionType::kChoice: map = {{"enum", words(key.choices)}}; break;
    case OptionType::kRealList: map = {{"type", "array"}, {"items", type("number")}}; break;
    case OptionType::kAny: break;
  }
  add_range(map, key);
  return map;
}

Value key_schema(const Key& key) {
  Map map = bare_key_schema(key);
  if (!key.extra_words.empty()) {
    map = {{"oneOf", List{Value(Map{{"enum", words(key.extra_words)}}), Value(std::move(map))}}};
  }
  if (!key.default_value.is_null()) map.emplace_back("default", key.default_value);
  if (!key.help.empty()) map.emplace_back("description", key.help);
  return Value(std::move(map));
}

/// The schema of a section; `special` replaces keys that are more than their table entry says.
Map section_schema(const Section& section, const Map& special = {}) {
  Map properties;
  List required;
  for (const Key& key : section.keys) {
    Value schema = key_schema(key);
    for (const auto& [name, replacement] : special) {
      if (name != key.key) continue;
      Map merged = replacement.map();
      if (!key.default_value.is_null()) merged.emplace_back("default", key.default_value);
      merged.emplace_back("description", key.help);
      schema = Value(std::move(merged));
    }
    properties.emplace_back(key.key, std::move(schema));
    if (key.required) required.emplace_back(key.key);
  }
  Map map{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) map.emplace_back("required", std::move(required));
  return map;
}

Value filled(Map schema) {
  schema.emplace_back("minProperties", 1);
  return Value(std::move(schema));
}

void set(Map& map, const std::string& key, Value value) {
  for (auto& [name, old] : map) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  map.emplace_back(key, std::move(value));
}

Value trainable_schema() {
  const Value text(Map{{"type", "string"}, {"minLength", 1}, {"description", "A built-in name, or ./lib.so:Name."}});
  const Value command(
      Map{{"oneOf", List{array_of(type("string"), 1), Value(Map{{"type", "string"}, {"minLength", 1}})}}});
  const Value env(Map{{"type", "object"},
                      {"additionalProperties", type("string")},
                      {"propertyNames", Map{{"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}}}});
  return Value(
      Map{{"oneOf", List{text, Value(section_schema(builtin_section())), Value(section_schema(plugin_section())),
                         Value(section_schema(command_section(), {{"command", command}, {"env", env}}))}}});
}

/// A bare name, or one map for each algorithm that is built.
Value algorithm_schema(const Catalogue& catalogue, const Section& common, const std::string& name_key,
                       const std::string& otherwise, const Map& special) {
  std::vector<std::string> all;
  List forms;
  for (const AlgorithmInfo& info : catalogue) {
    if (!info.capabilities.built) continue;
    std::vector<std::string> names = {info.name};
    names.insert(names.end(), info.aliases.begin(), info.aliases.end());
    all.insert(all.end(), names.begin(), names.end());
    Section section = common;
    add_options(section, info, name_key);
    for (Key& key : section.keys) {
      if (key.key == name_key) key.required = info.name != otherwise;
    }
    Map with_name = special;
    with_name.emplace_back(name_key, Map{{"enum", words(names)}});
    Map form = section_schema(section, with_name);
    form.emplace_back("title", info.name);
    form.emplace_back("description", info.help);
    forms.emplace_back(std::move(form));
  }
  forms.insert(forms.begin(), Value(Map{{"enum", words(all)}}));
  return Value(Map{{"oneOf", std::move(forms)}});
}

Value stop_schema() {
  Map plateau = section_schema(stop_plateau_section());
  plateau.emplace_back("dependencies", Map{{"mode", List{"metric_threshold"}}, {"metric_threshold", List{"mode"}}});
  const Value metric(
      Map{{"type", "object"},
          {"properties",
           Map{{"above", Map{{"type", "number"}, {"description", "Ends a trial whose metric is at least this."}}},
               {"below", Map{{"type", "number"}, {"description", "Ends a trial whose metric is at most this."}}}}},
          {"additionalProperties", false},
          {"minProperties", 1},
          {"maxProperties", 1}});
  const Value steps(Map{{"oneOf", List{Value(Map{{"type", "number"}, {"exclusiveMinimum", 0}}), metric}}});
  Map schema = section_schema(stop_section(), {{"plateau", filled(std::move(plateau))}, {"timesteps_total", steps}});
  set(schema, "additionalProperties", metric);
  return filled(std::move(schema));
}

Value retries_schema() {
  return Value(
      Map{{"oneOf", List{Value(Map{{"type", "integer"}, {"minimum", 0}}), filled(section_schema(retries_section()))}}});
}

Value distribution_schema() {
  Map properties;
  List alternatives;
  for (const Distribution& d : distributions()) {
    Map map;
    switch (d.arguments) {
      case Distribution::Arguments::kReals:
      case Distribution::Arguments::kIntegers: {
        const int n = static_cast<int>(d.parts.size());
        map = array_of(type(d.arguments == Distribution::Arguments::kReals ? "number" : "integer"), n, n).map();
        break;
      }
      case Distribution::Arguments::kValues:
        map = {{"type", "array"}, {"minItems", 1}};
        if (d.name == "choice") map.emplace_back("uniqueItems", true);
        break;
      case Distribution::Arguments::kExpression: map = {{"type", List{"string", "number"}}}; break;
    }
    map.emplace_back("description", d.help);
    properties.emplace_back(std::string(d.name), std::move(map));
    alternatives.emplace_back(Map{{"required", List{d.name}}});
  }
  properties.emplace_back(
      "as", Map{{"enum", List{"float", "int"}}, {"default", "float"}, {"description", "Type of a sample_from value."}});
  properties.emplace_back("weights", Map{{"type", "array"},
                                         {"items", Map{{"type", "number"}, {"minimum", 0}}},
                                         {"minItems", 1},
                                         {"description", "Relative weights of the values of a choice."}});
  properties.emplace_back(
      "ordered", Map{{"type", "boolean"}, {"default", false}, {"description", "The values of a choice are in order."}});
  properties.emplace_back("when", ref("when"));
  properties.emplace_back("description", type("string"));
  return Value(Map{
      {"type", "object"},
      {"title", "distribution"},
      {"description", "A searched parameter: exactly one distribution, optionally with when and description."},
      {"properties", std::move(properties)},
      {"additionalProperties", false},
      {"oneOf", std::move(alternatives)},
      {"dependencies", Map{{"as", List{"sample_from"}}, {"weights", List{"choice"}}, {"ordered", List{"choice"}}}}});
}

std::vector<std::string> with_distributions(std::vector<std::string> more) {
  std::vector<std::string> names = distribution_names();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

Value not_named(const std::vector<std::string>& names) {
  return Value(
      Map{{"allOf", List{Value(Map{{"pattern", kParameterName}}), Value(Map{{"not", Map{{"enum", words(names)}}}})}}});
}

Value group_schema() {
  const std::vector<std::string> foreign = {"log_uniform", "q_uniform",   "log_uniform_values", "int_uniform", "normal",
                                            "qnormal",     "categorical", "distribution",       "grid",        "_type",
                                            "_value"};
  const std::vector<std::string> constants = {"min",   "max",    "low", "high", "lower", "upper",
                                              "value", "values", "log", "step", "bounds"};
  return Value(Map{{"type", "object"},
                   {"title", "group"},
                   {"description", "A nested group; columns become config/group/name."},
                   {"minProperties", 1},
                   {"properties", Map{{"when", ref("when")}, {"description", type("string")}}},
                   {"propertyNames", not_named(with_distributions(foreign))},
                   {"additionalProperties", ref("parameter")},
                   {"not", Map{{"propertyNames", Map{{"enum", words(constants)}}},
                               {"additionalProperties", Map{{"not", type("object")}}}}}});
}

Value definitions() {
  const List scalar = {"string", "number", "boolean", "null"};
  const Value when(Map{{"type", "object"},
                       {"minProperties", 1},
                       {"description", "Active only if every named parameter has the value (or one of the values)."},
                       {"additionalProperties", Map{{"anyOf", List{Value(Map{{"type", scalar}}),
                                                                   array_of(Value(Map{{"type", scalar}}), 1)}}}}});
  const Value parameter(
      Map{{"anyOf", List{ref("distribution"), ref("group"), Value(Map{{"type", scalar}, {"title", "constant"}}),
                         Value(Map{{"type", "array"}, {"title", "constant list"}})}}});
  return Value(Map{
      {"duration", Map{{"type", "string"},
                       {"pattern", "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$"},
                       {"description", "Duration such as 90s, 10m, 1h30m."}}},
      {"size", Map{{"type", "string"},
                   {"pattern", "^[0-9]+(\\.[0-9]+)? ?(B|kB|KB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|PiB)$"},
                   {"description", "Size such as 512MiB or 2GiB."}}},
      {"objective", Value(section_schema(objective_section()))},
      {"when", when},
      {"distribution", distribution_schema()},
      {"group", group_schema()},
      {"parameter", parameter},
  });
}

}  // namespace

std::string experiment_schema(const ReaderContext& context) {
  static const Catalogue kNone;
  const Catalogue& samplers = context.samplers == nullptr ? sampler_catalogue() : *context.samplers;
  const Catalogue& schedulers = context.schedulers == nullptr ? kNone : *context.schedulers;

  const Value search_space(Map{{"type", "object"},
                               {"minProperties", 1},
                               {"propertyNames", not_named(with_distributions({"when"}))},
                               {"additionalProperties", ref("parameter")}});
  const Value objective(Map{{"oneOf", List{ref("objective"), array_of(ref("objective"), 1)}}});
  const Value points = array_of(type("object"), 0);
  Map special{
      {"version", Map{{"const", 1}}},
      {"name", Map{{"type", "string"}, {"pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}}},
      {"trainable", trainable_schema()},
      {"objective", objective},
      {"search_space", search_space},
      {"constraints", array_of(Value(Map{{"type", "string"}, {"minLength", 1}}), 0)},
      {"search", algorithm_schema(samplers, search_section(), "algorithm", "random", {{"points_to_evaluate", points}})},
      {"scheduler", algorithm_schema(schedulers, scheduler_section(), "type", "", {})},
      {"stop", stop_schema()},
      {"budget",
       filled(section_schema(budget_section(), {{"plateau", filled(section_schema(budget_plateau_section()))}}))},
      {"resources", filled(section_schema(resources_section()))},
      {"retries", retries_schema()},
      {"limits", filled(section_schema(limits_section()))},
      {"runtime", filled(section_schema(runtime_section()))},
      {"checkpoint", filled(section_schema(checkpoint_section()))},
  };
  Map schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
             {"title", "tune experiment"},
             {"description", "Experiment file of tune, format version 1. Serves editors; the program checks more."}};
  for (auto& entry : section_schema(experiment_section(), special)) schema.push_back(std::move(entry));
  schema.emplace_back("patternProperties", Map{{"^x-", Map{}}});
  schema.emplace_back("definitions", definitions());
  return to_json(Value(std::move(schema))) + "\n";
}

}  // namespace tune

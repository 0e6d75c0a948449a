// What may not differ when a run goes on: everything that decides which trials there are and what becomes of them.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/json.h"
#include "core/text.h"
#include "experiments/spec.h"
#include "experiments/spec/scalars.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

using Sentences = std::vector<std::string>;

/// Numbers are equal as numbers here: 1 and 1.0 mean the same to every option.
bool same(const Value& a, const Value& b) {
  return a == b || (a.is_number() && b.is_number() && *a.number() == *b.number());
}

std::string show(const Value& value) {
  if (value.is_null()) return "not set";
  return value.is_list() || value.is_map() ? to_json(value) : show_value(value);
}

void compare(Sentences& out, const std::string& what, const Value& now, const Value& before) {
  if (!same(now, before)) out.push_back(fmt::format("{} is {}, was {}", what, show(now), show(before)));
}

void compare_options(Sentences& out, const std::string& section, const Options& now, const Options& before) {
  const auto path_of = [&](const std::string& key) { return fmt::format("{}.{}", section, key); };
  for (const auto& [key, value] : now.values()) {
    const Value* old = before.find(key);
    compare(out, path_of(key), value, old == nullptr ? Value() : *old);
  }
  for (const auto& [key, value] : before.values()) {
    if (now.find(key) == nullptr) compare(out, path_of(key), Value(), value);
  }
}

/// Everything of a domain, so that two can be compared; the words of describe() leave some of it out.
struct DomainParts {
  Value operator()(const Constant& d) const { return Value(List{"constant", d.value}); }
  Value operator()(const Uniform& d) const { return Value(List{"uniform", d.lower, d.upper}); }
  Value operator()(const QUniform& d) const { return Value(List{"quniform", d.lower, d.upper, d.q}); }
  Value operator()(const LogUniform& d) const { return Value(List{"loguniform", d.lower, d.upper}); }
  Value operator()(const QLogUniform& d) const { return Value(List{"qloguniform", d.lower, d.upper, d.q}); }
  Value operator()(const Normal& d) const { return Value(List{"randn", d.mean, d.sd}); }
  Value operator()(const QNormal& d) const { return Value(List{"qrandn", d.mean, d.sd, d.q}); }
  Value operator()(const RandInt& d) const { return Value(List{"randint", d.lower, d.upper}); }
  Value operator()(const QRandInt& d) const { return Value(List{"qrandint", d.lower, d.upper, d.q}); }
  Value operator()(const LogRandInt& d) const { return Value(List{"lograndint", d.lower, d.upper}); }
  Value operator()(const QLogRandInt& d) const { return Value(List{"qlograndint", d.lower, d.upper, d.q}); }
  Value operator()(const Choice& d) const {
    List weights;
    for (const double weight : d.weights) weights.emplace_back(weight);
    return Value(List{"choice", d.values, std::move(weights), d.ordered});
  }
  Value operator()(const GridSearch& d) const { return Value(List{"grid_search", d.values}); }
  Value operator()(const Derived& d) const { return Value(List{"sample_from", d.expression, d.as_int}); }
};

Value conditions_of(const Parameter& parameter) {
  List list;
  for (const Condition& condition : parameter.conditions) list.emplace_back(Map{{condition.path, condition.values}});
  return Value(std::move(list));
}

/// As a whole if its words do not tell the two apart.
std::string show_domain(const Domain& domain, const Domain& other) {
  std::string words = describe(domain);
  return words == describe(other) ? to_json(std::visit(DomainParts{}, domain)) : words;
}

void compare_spaces(Sentences& out, const Space& now, const Space& before) {
  for (const Parameter& parameter : now.parameters()) {
    const Parameter* old = before.find(parameter.path);
    if (old == nullptr) {
      out.push_back(fmt::format("search_space: '{}' is new", parameter.path));
      continue;
    }
    if (std::visit(DomainParts{}, parameter.domain) != std::visit(DomainParts{}, old->domain)) {
      out.push_back(fmt::format("search_space: '{}' is {}, was {}", parameter.path,
                                show_domain(parameter.domain, old->domain),
                                show_domain(old->domain, parameter.domain)));
    }
    const Value conditions = conditions_of(parameter), old_conditions = conditions_of(*old);
    if (conditions != old_conditions) {
      out.push_back(fmt::format("search_space: 'when' of '{}' is {}, was {}", parameter.path, to_json(conditions),
                                to_json(old_conditions)));
    }
  }
  for (const Parameter& parameter : before.parameters()) {
    if (now.find(parameter.path) == nullptr) out.push_back(fmt::format("search_space: '{}' is gone", parameter.path));
  }
  if (out.empty() && now.paths() != before.paths()) out.push_back("search_space: the order of the parameters differs");
  for (const std::string& constraint : now.constraints()) {
    const auto& old = before.constraints();
    if (std::find(old.begin(), old.end(), constraint) == old.end())
      out.push_back("constraints: '" + constraint + "' is new");
  }
  for (const std::string& constraint : before.constraints()) {
    const auto& here = now.constraints();
    if (std::find(here.begin(), here.end(), constraint) == here.end()) {
      out.push_back("constraints: '" + constraint + "' is gone");
    }
  }
}

/// A program or library that was built anew or moved is the same one, so the folder that it lies in does not count.
TrainableRef without_place(TrainableRef ref) {
  ref.library = std::filesystem::path(ref.library).filename().string();
  if (ref.kind != TrainableRef::Kind::kCommand) return ref;
  Value command = trainable_document(ref);
  std::erase_if(command.map(), [](const auto& member) { return member.first == "working_dir"; });
  ref.command_json = to_json(command);
  return ref;
}

std::string show_trainable(const TrainableRef& ref) {
  switch (ref.kind) {
    case TrainableRef::Kind::kBuiltin: return ref.name;
    case TrainableRef::Kind::kLibrary: return ref.name.empty() ? ref.library : ref.library + ":" + ref.name;
    case TrainableRef::Kind::kCommand: return to_json(trainable_document(ref));
  }
  return {};
}

void compare_objectives(Sentences& out, const ExperimentSpec& now, const ExperimentSpec& before) {
  const auto show_all = [](const std::vector<Objective>& objectives) {
    std::vector<std::string> words;
    for (const Objective& o : objectives) {
      words.push_back(fmt::format("{} {}", o.mode == Mode::kMax ? "max" : "min", o.metric));
      if (o.target) words.back() += fmt::format(" target {}", format_real(*o.target));
    }
    return join(words);
  };
  if (now.objectives != before.objectives) {
    out.push_back(fmt::format("objective is {}, was {}", show_all(now.objectives), show_all(before.objectives)));
  }
}

void compare_search(Sentences& out, const SearchSpec& now, const SearchSpec& before) {
  compare(out, "search.algorithm", now.algorithm, before.algorithm);
  if (now.algorithm == before.algorithm) compare_options(out, "search", now.options, before.options);
  // A file without a seed goes on with the one that was drawn.
  if (now.seed && now.seed != before.seed) {
    out.push_back(
        fmt::format("search.seed is {}, was {}", *now.seed, before.seed ? std::to_string(*before.seed) : "not set"));
  }
  if (now.points_to_evaluate != before.points_to_evaluate) out.push_back("search.points_to_evaluate differ");
}

Value optional_number(const auto& value) { return value ? Value(*value) : Value(); }

Value text_or_nothing(const std::string& text) { return text.empty() ? Value() : Value(text); }

void compare_stop(Sentences& out, const StopRules& now, const StopRules& before) {
  compare(out, "stop.training_iteration", optional_number(now.training_iteration),
          optional_number(before.training_iteration));
  compare(out, "stop.time", optional_number(now.time), optional_number(before.time));
  compare(out, "stop.if", text_or_nothing(now.condition), text_or_nothing(before.condition));
  const auto bounds = [](const StopRules& rules) {
    Map map;
    for (const MetricStop& rule : rules.metrics)
      map.emplace_back(rule.metric, Map{{rule.above ? "above" : "below", rule.bound}});
    return Value(std::move(map));
  };
  if (now.metrics != before.metrics) compare(out, "stop", bounds(now), bounds(before));
  if (now.plateau != before.plateau) out.push_back("stop.plateau differs");
}

void compare_resources(Sentences& out, const Resources& now, const Resources& before) {
  compare(out, "resources.cpu", now.cpu, before.cpu);
  compare(out, "resources.gpu", now.gpu, before.gpu);
  compare(out, "resources.elastic", elastic_name(now.elastic), elastic_name(before.elastic));
  compare(out, "resources.memory", static_cast<std::int64_t>(now.memory), static_cast<std::int64_t>(before.memory));
}

}  // namespace

std::vector<std::string> differences(const ExperimentSpec& now, const ExperimentSpec& before) {
  Sentences out;
  compare_spaces(out, now.space, before.space);
  if (show_trainable(without_place(now.trainable)) != show_trainable(without_place(before.trainable))) {
    out.push_back(
        fmt::format("trainable is {}, was {}", show_trainable(now.trainable), show_trainable(before.trainable)));
  }
  compare(out, "trainable.isolation", isolation_name(now.trainable.isolation),
          isolation_name(before.trainable.isolation));
  compare_objectives(out, now, before);
  compare_search(out, now.search, before.search);
  compare(out, "scheduler", now.scheduler.type, before.scheduler.type);
  if (now.scheduler.type == before.scheduler.type) {
    compare_options(out, "scheduler", now.scheduler.options, before.scheduler.options);
  }
  compare(out, "scheduler.metric", text_or_nothing(now.scheduler.metric), text_or_nothing(before.scheduler.metric));
  compare_stop(out, now.stop, before.stop);
  compare_resources(out, now.resources, before.resources);
  compare(out, "checkpoint.every", now.checkpoint.every, before.checkpoint.every);
  compare(out, "checkpoint.at_end", now.checkpoint.at_end, before.checkpoint.at_end);
  return out;
}

}  // namespace tune

#include "tune/loop/edits.h"

#include <fmt/format.h>

#include "core/json.h"
#include "core/text.h"

namespace tune {
namespace {

template <class T>
Value value_or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

Value plateau_value(const std::optional<ExperimentPlateau>& rule) {
  if (!rule) return {};
  return Map{{"metric", rule->metric}, {"std", rule->std}, {"top", rule->top}, {"patience", rule->patience}};
}

Value retries_value(const Retries& r) {
  return Map{{"exception", r.exception}, {"exit", r.exit}, {"signal", r.signal},
             {"memory", r.memory},       {"time", r.time}, {"hang", r.hang}};
}

Value limits_value(const Limits& limits) {
  Map map;
  if (limits.time) map.emplace_back("time", *limits.time);
  if (limits.silence) map.emplace_back("silence", *limits.silence);
  if (limits.output) map.emplace_back("output", static_cast<std::int64_t>(*limits.output));
  return map;
}

/// Where a library, program or command lies: it may move.
std::pair<const char*, Value> place_of(const TrainableRef& trainable) {
  if (trainable.kind == TrainableRef::Kind::kLibrary) return {"trainable.plugin", trainable.library};
  if (trainable.kind != TrainableRef::Kind::kCommand) return {"trainable", {}};
  const auto command = parse_json(trainable.command_json);
  const Value* directory = command && command->is_map() ? command->find("working_dir") : nullptr;
  return {"trainable.working_dir", directory == nullptr ? Value() : *directory};
}

Arrived refused(const CommandRow& row, std::string why) {
  Commanded command{row.kind, row.trial, row.id};
  command.refusal = std::move(why);
  return {.body = std::move(command)};
}

std::vector<Arrived> set_events(const CommandRow& row, ExperimentSpec& spec, const Reread& reread,
                                const std::function<std::int64_t(const ExperimentSpec&)>& slots) {
  const auto args = parse_json(row.args_json);
  std::vector<std::string> changes;
  if (args && args->is_list()) {
    for (const Value& change : args->list()) {
      if (change.is_text()) changes.push_back(change.text());
    }
  }
  std::vector<Arrived> events;
  if (changes.empty()) {
    events.push_back(refused(row, "it names nothing to set"));
    return events;
  }
  auto now = reread(spec, changes);
  if (!now) {
    events.push_back(refused(row, now.error().message));
    return events;
  }
  if (const auto other = differences(*now, spec); !other.empty()) {
    events.push_back(refused(row, "it is fixed once an experiment has begun: " + join(other, "; ")));
    return events;
  }
  events = to_events(spec, *now, row.id, slots(*now));
  if (events.empty()) events.push_back(refused(row, fmt::format("{} is so already", join(changes))));
  spec = *std::move(now);
  return events;
}

std::vector<Arrived> enqueue_events(const CommandRow& row, const ExperimentSpec& spec) {
  std::vector<Arrived> events;
  const auto args = parse_json(row.args_json.empty() ? "{}" : row.args_json);
  if (!args || !args->is_map()) {
    events.push_back(refused(row, "its configuration is no JSON object"));
    return events;
  }
  Commanded command{row.kind, std::nullopt, row.id};
  for (const auto& [path, value] : args->map()) {
    const Parameter* parameter = spec.space.find(path);
    if (parameter == nullptr || std::holds_alternative<Derived>(parameter->domain) ||
        !contains(parameter->domain, value)) {
      events.push_back(refused(row, fmt::format("{} = {} is not in the search space", path, to_json(value))));
      return events;
    }
    command.config.set(path, value);
  }
  events.push_back({.body = std::move(command)});
  return events;
}

}  // namespace

std::vector<Edited> edits_between(const ExperimentSpec& before, const ExperimentSpec& now) {
  std::vector<Edited> edits;
  const auto compare = [&](const char* key, Value was, Value is) {
    if (!(was == is)) edits.push_back({key, std::move(was), std::move(is)});
  };
  compare("budget.trials", value_or_null(before.budget.trials), value_or_null(now.budget.trials));
  compare("budget.time", value_or_null(before.budget.time), value_or_null(now.budget.time));
  compare("budget.failures", value_or_null(before.budget.failures), value_or_null(now.budget.failures));
  compare("budget.concurrency", value_or_null(before.budget.concurrency), value_or_null(now.budget.concurrency));
  compare("budget.plateau", plateau_value(before.budget.plateau), plateau_value(now.budget.plateau));
  compare("retries", retries_value(before.retries), retries_value(now.retries));
  compare("limits", limits_value(before.limits), limits_value(now.limits));
  const auto [place, is] = place_of(now.trainable);
  compare(place, place_of(before.trainable).second, is);
  compare("checkpoint.keep", before.checkpoint.keep, now.checkpoint.keep);
  return edits;
}

std::vector<Arrived> to_events(const ExperimentSpec& before, const ExperimentSpec& now, std::int64_t command,
                               std::int64_t slots) {
  std::vector<Arrived> events;
  for (Edited& edit : edits_between(before, now)) {
    edit.command = command;
    if (edit.key == "budget.concurrency") edit.slots = slots;
    events.push_back({.body = std::move(edit)});
  }
  if (!events.empty()) events.back().document = now.resolved_json;
  return events;
}

std::vector<Arrived> to_events(const CommandRow& row, ExperimentSpec& spec, const Reread& reread,
                               const std::function<std::int64_t(const ExperimentSpec&)>& slots) {
  if (row.kind == CommandKind::kSet) return set_events(row, spec, reread, slots);
  if (row.kind == CommandKind::kEnqueue) return enqueue_events(row, spec);
  std::vector<Arrived> events;
  events.push_back({.body = Commanded{row.kind, row.trial, row.id}});
  return events;
}

}  // namespace tune

// `${...}` in `command` and `env`: only names that will have a value.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>

#include "core/json.h"
#include "core/placeholders.h"
#include "core/text.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

constexpr std::array<std::string_view, 7> kPlaceholders = {"args",      "params_json",    "params_file", "trial_id",
                                                           "trial_dir", "checkpoint_dir", "seed"};

bool is_placeholder(std::string_view name) {
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), name) != kPlaceholders.end();
}

/// Empty if `name` is legal between ${ and }, and in a file that is to be run now (not `stored`) has a value.
std::string fault_of(const std::string& name, const SpaceReading& space, bool stored) {
  if (name.starts_with(kEnvironmentPrefix)) {
    const std::string variable = name.substr(kEnvironmentPrefix.size());
    if (variable.empty()) return "'${env:}' names no variable";
    const bool is_set = stored || std::getenv(variable.c_str()) != nullptr;
    return is_set ? "" : fmt::format("the environment has no variable '{}'", variable);
  }
  if (is_placeholder(name) || space.nodes.contains(name)) return {};
  if (std::find(space.groups.begin(), space.groups.end(), name) != space.groups.end()) {
    return fmt::format("'{}' is a group, not a parameter", name);
  }
  if (space.may_mean_unread(name)) return {};
  return fmt::format("unknown placeholder '${{{}}}'", name);
}

std::string advice_for(const std::string& name, const SpaceReading& space) {
  if (name.starts_with(kEnvironmentPrefix) && name.size() > kEnvironmentPrefix.size()) {
    return fmt::format("set it where tune is started: export {}=...", name.substr(kEnvironmentPrefix.size()));
  }
  std::vector<std::string> legal = space.paths();
  for (const std::string& path : legal) {
    if (path.starts_with(name + ".")) return fmt::format("write ${{{}}}", path);
  }
  for (const std::string& path : legal) {
    if (path.ends_with("." + name)) return fmt::format("write ${{{}}}", path);
  }
  legal.insert(legal.end(), kPlaceholders.begin(), kPlaceholders.end());
  if (std::string near = did_you_mean_hint(name, legal); !near.empty()) return near;
  const bool capitals = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (capitals) return fmt::format("write ${{env:{}}}", name);
  return "write $${...} for the text ${...}";
}

}  // namespace

void check_placeholders(const Node& text, const SpaceReading& space, const Reading& reading) {
  const PlaceholderText read = read_placeholders(text.text);
  for (const PlaceholderPiece& piece : read.pieces) {
    if (!piece.is_placeholder) continue;
    const std::string fault = fault_of(piece.text, space, reading.stored);
    if (fault.empty()) continue;
    reading.faults.error(place_within(reading.source, text, piece.begin, piece.end - piece.begin), code::kPlaceholder,
                         fault, advice_for(piece.text, space));
  }
  if (!read.unclosed) return;
  reading.faults.error(place_within(reading.source, text, *read.unclosed, 2), code::kPlaceholder, "'${' is not closed",
                       "write $${ for the text ${");
}

Result<void> check_environment(const TrainableRef& trainable) {
  if (trainable.kind != TrainableRef::Kind::kCommand) return {};
  std::vector<std::string> missing;
  const std::function<void(const Value&)> look = [&](const Value& value) {
    if (value.is_list()) std::ranges::for_each(value.list(), look);
    if (value.is_map()) {
      for (const auto& [name, member] : value.map()) look(member);
    }
    if (!value.is_text()) return;
    for (const std::string& variable : environment_names(value.text())) {
      if (std::getenv(variable.c_str()) == nullptr && std::ranges::find(missing, variable) == missing.end()) {
        missing.push_back(variable);
      }
    }
  };
  const auto command = parse_json(trainable.command_json);
  if (!command || !command->is_map()) return {};
  for (const char* key : {"command", "env"}) {
    if (const Value* member = command->find(key)) look(*member);
  }
  if (missing.empty()) return {};
  return fail(
      ErrorCode::kBadInput,
      fmt::format("the environment has no variable '{}', which the experiment's command needs", join(missing, "', '")),
      fmt::format("set it where tune is started: export {}=...", missing.front()));
}

void check_placeholder_names(const SpaceReading& space, const Reading& reading) {
  for (const Parameter& parameter : space.parameters) {
    if (!is_placeholder(parameter.path)) continue;
    reading.faults.error(space.nodes.at(parameter.path).key->place, code::kPlaceholder,
                         fmt::format("parameter '{0}' is named like the placeholder ${{{0}}}", parameter.path),
                         "rename it");
  }
}

}  // namespace tune

// `${...}` in `command` and `env`: only names that will have a value.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

constexpr std::array<std::string_view, 7> kPlaceholders = {"args",      "params_json",    "params_file", "trial_id",
                                                           "trial_dir", "checkpoint_dir", "seed"};

bool is_placeholder(std::string_view name) {
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), name) != kPlaceholders.end();
}

/// Empty if `name` is legal between ${ and }.
std::string fault_of(const std::string& name, const SpaceReading& space) {
  if (name.starts_with("env:")) return name.size() > 4 ? "" : "'${env:}' names no variable";
  if (is_placeholder(name) || space.nodes.contains(name)) return {};
  if (std::find(space.groups.begin(), space.groups.end(), name) != space.groups.end()) {
    return fmt::format("'{}' is a group, not a parameter", name);
  }
  if (!space.complete) return {};
  return fmt::format("unknown placeholder '${{{}}}'", name);
}

std::string advice_for(const std::string& name, const SpaceReading& space) {
  std::vector<std::string> legal = space.paths();
  for (const std::string& path : legal) {
    if (path.starts_with(name + ".")) return fmt::format("write ${{{}}}", path);
  }
  for (const std::string& path : legal) {
    if (path.ends_with("." + name)) return fmt::format("write ${{{}}}", path);
  }
  legal.insert(legal.end(), kPlaceholders.begin(), kPlaceholders.end());
  if (const std::string near = did_you_mean_hint(name, legal); !near.empty()) return near;
  const bool capitals = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (capitals) return fmt::format("write ${{env:{}}}", name);
  return "write $${...} for the text ${...}";
}

}  // namespace

void check_placeholders(const Node& text, const SpaceReading& space, const Reading& reading) {
  const std::string& s = text.text;
  for (std::size_t at = s.find('$'); at != std::string::npos && at + 1 < s.size(); at = s.find('$', at)) {
    if (s[at + 1] == '$') {
      at += 2;
      continue;
    }
    if (s[at + 1] != '{') {
      ++at;
      continue;
    }
    const std::size_t close = s.find('}', at);
    if (close == std::string::npos) {
      reading.faults.error(place_within(reading.source, text, at, 2), code::kPlaceholder, "'${' is not closed",
                           "write $${ for the text ${");
      return;
    }
    const std::string name = s.substr(at + 2, close - at - 2);
    if (const std::string fault = fault_of(name, space); !fault.empty()) {
      reading.faults.error(place_within(reading.source, text, at, close + 1 - at), code::kPlaceholder, fault,
                           advice_for(name, space));
    }
    at = close + 1;
  }
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

#pragma once

// A configuration: the values of one trial, by path, in the order of the experiment file. An inactive parameter is
// absent. Paths join groups with '.', columns with '/'.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/value.h"

namespace tune {

struct Config {
  std::vector<std::pair<std::string, Value>> entries;  ///< (path, value); a path occurs once

  const Value* find(std::string_view path) const;
  void set(std::string_view path, Value value);  ///< replaces in place, or appends

  friend bool operator==(const Config&, const Config&) = default;
};

/// {"model.hidden": 16} <-> {"model": {"hidden": 16}}: the nested form is what trainables, databases and exports show.
Value to_nested(const Config& config);
/// `paths`: all parameters of the space in file order; a map-valued choice is a leaf, so paths are needed to flatten.
Config from_nested(const Value& nested, std::span<const std::string> paths);

/// The flat form as one JSON object with dotted keys: what the log stores.
std::string to_flat_json(const Config& config);
Result<Config> from_flat_json(std::string_view json);

}  // namespace tune

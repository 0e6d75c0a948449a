#pragma once

// `search_space` and `constraints`: constants, distributions and groups become parameters, then a checked Space whose
// faults are put where they stand in the file.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/spec/fields.h"
#include "searchspaces/space.h"

namespace tune {

/// Where a parameter and its conditions stand in the file.
struct ParameterNodes {
  const Node* key = nullptr;
  const Node* value = nullptr;
  const Node* arguments = nullptr;        ///< of the distribution; the value of a constant
  std::vector<const Member*> conditions;  ///< entries of `when`, those of its groups included
};

struct SpaceReading {
  std::vector<Parameter> parameters;  ///< faulty ones too, with a domain that stands for them
  std::map<std::string, ParameterNodes> nodes;
  std::map<std::string, std::size_t> index;  ///< of `parameters`, by path
  std::set<std::string> faulty;
  std::vector<std::string> groups;  ///< paths
  std::vector<const Node*> constraints;
  std::vector<std::string> unread;  ///< paths of entries that could not be told to be parameters or groups; "": all
  std::optional<Space> space;       ///< nothing if there is a fault in it

  std::vector<std::string> paths() const;
  const Parameter* find(const std::string& path) const;
  /// Whether a name that is not there may mean an entry that could not be read, and so is no fault of its own.
  bool may_mean_unread(const std::string& name) const;
  /// Whether nothing but constants, grids and derived values is in it, so far as can be told.
  bool is_pure_grid() const;
};

/// Reads both; either may be null. The nodes outlive the result.
SpaceReading read_space(const Member* search_space, const Member* constraints, const Reading& reading);

/// A value of `points_to_evaluate`: nested or dotted names; unknown ones are errors, values outside a domain warnings.
std::vector<Config> read_points(const Node& list, const SpaceReading& space, const Reading& reading);

// --- parts of read_space ---

/// A map of search_space that is no parameter of ours but of another tool, or a misspelt distribution: reports it and
/// returns true.
bool report_foreign_parameter(const std::string& name, const Node& map, Faults& faults);
/// A value or a key that begins with text such as `loguniform(1e-4, 1e-1)`, split at its commas or not: reports it, and
/// returns where the text ends in the source (npos: not in the source). Nothing if it is none.
std::optional<std::size_t> report_call_syntax(const Node& text, const Source& source, Faults& faults);
/// The same in quotes, which is good text; but few mean it.
void warn_of_quoted_call(const Node& text, Faults& faults);
/// Builds `reading.space` from what was read.
void build_space(SpaceReading& space, const Reading& reading);

}  // namespace tune

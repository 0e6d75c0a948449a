#pragma once

// The checks and the order of a space's parameters: what Space::build is made of.

#include <optional>
#include <unordered_map>
#include <vector>

#include "searchspaces/space.h"

namespace tune {

/// Parsed expressions of a space, by index.
struct SpaceExpressions {
  std::vector<std::optional<Expression>> derived;  ///< by parameter; nothing for those that are not derived, or faulty
  std::vector<std::optional<Expression>> constraints;
};

using PathIndex = std::unordered_map<std::string_view, std::size_t>;  // looked up, never iterated

PathIndex index_paths(const std::vector<Parameter>& parameters);

void check_domains(const std::vector<Parameter>& parameters, std::vector<SpaceFault>& faults);
void check_conditions(const std::vector<Parameter>& parameters, const PathIndex& index,
                      std::vector<SpaceFault>& faults);
SpaceExpressions parse_expressions(const std::vector<Parameter>& parameters,
                                   const std::vector<std::string>& constraints, const PathIndex& index,
                                   std::vector<SpaceFault>& faults);

/// Parents before children and inputs before derived values, else in file order. Each cycle is a fault that names it
/// whole; the order then lacks its members.
std::vector<std::size_t> order_parameters(const std::vector<Parameter>& parameters, const SpaceExpressions& expressions,
                                          const PathIndex& index, std::vector<SpaceFault>& faults);

/// Warnings about parameters whose conditions exclude each other. Requires: `order` is whole.
void check_reachable(const std::vector<Parameter>& parameters, const std::vector<std::size_t>& order,
                     const PathIndex& index, std::vector<SpaceFault>& faults);

}  // namespace tune

// The checks of a whole space, with each fault put where it stands in the file.

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/distributions.h"
#include "experiments/spec/parameters.h"

namespace tune {

namespace {

constexpr std::int64_t kManyCells = 1'000'000;

const char* code_of(SpaceFault::Kind kind) {
  switch (kind) {
    case SpaceFault::Kind::kUnknownName: return code::kUnknownName;
    case SpaceFault::Kind::kUnknownChoice: return code::kUnknownChoice;
    case SpaceFault::Kind::kContinuousParent: return code::kBadValue;
    case SpaceFault::Kind::kCycle: return code::kCycle;
    case SpaceFault::Kind::kExpression: return code::kExpression;
    case SpaceFault::Kind::kDomain: return code::kBadValue;
    case SpaceFault::Kind::kNeverActive: return code::kConflict;
  }
  return code::kBadValue;
}

class FaultPlacer {
 public:
  FaultPlacer(const SpaceReading& space, const Reading& reading) : space_(space), reading_(reading) {}

  void report(const SpaceFault& fault) const {
    if (follows_from_another(fault)) return;
    std::string message = fault.message, hint = fault.hint;
    if (message.empty() && fault.expression) message = fault.expression->message;
    if (hint.empty() && fault.expression) hint = fault.expression->hint;
    const Place place = place_of(fault);
    if (fault.warning) {
      reading_.faults.warning(place, code_of(fault.kind), message, hint);
    } else {
      reading_.faults.error(place, code_of(fault.kind), message, hint);
    }
  }

 private:
  /// Faults about a parameter that is itself faulty, or about names that could not all be read.
  bool follows_from_another(const SpaceFault& fault) const {
    if (fault.kind == SpaceFault::Kind::kUnknownName && space_.may_mean_unread(unknown_name(fault))) return true;
    if (fault.kind == SpaceFault::Kind::kUnknownName || fault.kind == SpaceFault::Kind::kCycle) return false;
    return space_.faulty.contains(fault.condition_path) ||
           (fault.condition_path.empty() && space_.faulty.contains(fault.path));
  }

  std::string unknown_name(const SpaceFault& fault) const {
    if (!fault.expression) return fault.condition_path;
    std::string_view text;
    if (fault.constraint >= 0) {
      text = space_.constraints[static_cast<std::size_t>(fault.constraint)]->text;
    } else if (const Parameter* parameter = space_.find(fault.path); parameter != nullptr) {
      if (const auto* derived = std::get_if<Derived>(&parameter->domain)) text = derived->expression;
    }
    return std::string(text.substr(std::min(fault.expression->position, text.size()), fault.expression->length));
  }

  Place place_of(const SpaceFault& fault) const {
    if (fault.constraint >= 0 && static_cast<std::size_t>(fault.constraint) < space_.constraints.size()) {
      return place_in(*space_.constraints[static_cast<std::size_t>(fault.constraint)], fault);
    }
    const auto found = space_.nodes.find(fault.path);
    if (found == space_.nodes.end()) return {};
    const ParameterNodes& nodes = found->second;
    if (!fault.condition_path.empty()) {
      for (const Member* entry : nodes.conditions) {
        if (entry->name() == fault.condition_path) return place_of_condition(*entry, fault);
      }
    }
    if (fault.expression && nodes.arguments != nullptr) return place_in(*nodes.arguments, fault);
    return nodes.key->place;
  }

  Place place_of_condition(const Member& entry, const SpaceFault& fault) const {
    if (fault.kind != SpaceFault::Kind::kUnknownChoice) return entry.key.place;
    if (!entry.value.is_list()) return entry.value.place;
    for (const Node& item : entry.value.items) {
      if (fault.message.find(show_node(item)) != std::string::npos) return item.place;
    }
    return entry.value.place;
  }

  Place place_in(const Node& node, const SpaceFault& fault) const {
    if (!fault.expression) return node.place;
    return place_within(reading_.source, node, fault.expression->position, fault.expression->length);
  }

  const SpaceReading& space_;
  const Reading& reading_;
};

}  // namespace

void build_space(SpaceReading& space, const Reading& reading) {
  std::vector<Parameter> parameters = space.parameters;
  for (Parameter& parameter : parameters) {
    for (Condition& condition : parameter.conditions) {
      const Parameter* parent = space.find(condition.path);
      if (parent == nullptr) continue;
      for (Value& value : condition.values) value = fit_to_domain(parent->domain, std::move(value));
    }
  }
  std::vector<std::string> constraints;
  constraints.reserve(space.constraints.size());
  for (const Node* constraint : space.constraints) constraints.push_back(constraint->text);

  std::vector<SpaceFault> faults;
  std::optional<Space> built = Space::build(std::move(parameters), std::move(constraints), faults);
  const FaultPlacer placer(space, reading);
  for (const SpaceFault& fault : faults) placer.report(fault);
  if (built && built->grid_cells() > kManyCells && !space.nodes.empty()) {
    const auto grid = std::find_if(space.parameters.begin(), space.parameters.end(),
                                   [](const Parameter& p) { return std::holds_alternative<GridSearch>(p.domain); });
    const Place place = grid == space.parameters.end() ? Place{} : space.nodes.at(grid->path).key->place;
    reading.faults.warning(place, code::kOutOfRange, fmt::format("the grid has {} cells", built->grid_cells()));
  }
  space.space = std::move(built);
}

}  // namespace tune

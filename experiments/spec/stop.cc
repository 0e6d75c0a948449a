// `stop`: when one trial ends. Keys beyond the table's are metrics.

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/rules.h"
#include "searchspaces/expression.h"

namespace tune {

namespace {

class StopReader {
 public:
  StopReader(const std::vector<Objective>& objectives, const Reading& reading)
      : objectives_(objectives), reading_(reading) {}

  StopRules read(const Node& map) {
    Section section = stop_section();
    // A metric like any other, but for its bare number: read in its turn, so that the order of the rules is the file's.
    std::erase_if(section.keys, [](const Key& key) { return key.key == "timesteps_total"; });
    const Fields fields =
        read_fields(map, section, reading_.faults, [&](const Member& member) { return read_metric(member); });
    rules_.training_iteration = fields.integer("training_iteration");
    rules_.time = fields.real("time");
    if (const auto condition = fields.text("if")) check_condition(*condition, fields.member("if")->value);
    const Member* plateau = fields.member("plateau");
    if (plateau != nullptr && !plateau->value.is_null() && is_map(*plateau, reading_.faults)) {
      read_plateau(plateau->value);
    }
    return std::move(rules_);
  }

 private:
  /// False if the key is more likely a misspelt one of the table.
  bool read_metric(const Member& member) {
    const Node& value = member.value;
    if (is_misspelt(member)) return false;
    if (!has_value(member, reading_.faults)) return true;
    if (member.name() == "timesteps_total" && !value.is_map()) {
      const auto steps = read_key(member, *stop_section().find(member.name()), reading_.faults);
      if (steps) rules_.metrics.push_back({member.name(), true, *steps->number()});
    } else if (value.is_scalar() && value.scalar.is_number()) {
      reading_.faults.error(value.place, code::kBadValue,
                            fmt::format("{}: {} says no direction", member.name(), value.text),
                            advise_direction(member));
    } else if (!value.is_map()) {
      reading_.faults.error(
          value.place, code::kWrongType,
          fmt::format("{} takes {{above: x}} or {{below: x}}; {}", member.name(), describe_node(value)));
    } else {
      read_bound(member);
    }
    return true;
  }

  /// `trainig_iteration: 5`, `plateu: {std: 0.1}`: near a key of the table, and not written as a metric is.
  bool is_misspelt(const Member& member) const {
    const Node& value = member.value;
    if (value.is_map() && (value.find("above") != nullptr || value.find("below") != nullptr)) return false;
    const bool is_objective = std::any_of(objectives_.begin(), objectives_.end(),
                                          [&](const Objective& o) { return o.metric == member.name(); });
    return !is_objective && member.name() != "timesteps_total" &&
           !did_you_mean(member.name(), stop_section().names()).empty();
  }

  std::string advise_direction(const Member& member) const {
    if (member.name() == "time_total_s") return fmt::format("write time: {}s", member.value.text);
    for (const Objective& objective : objectives_) {
      if (objective.metric != member.name()) continue;
      return fmt::format("write {{{}: {}}}", objective.mode == Mode::kMax ? "above" : "below", member.value.text);
    }
    return fmt::format("write {{above: {0}}} or {{below: {0}}}", member.value.text);
  }

  void read_bound(const Member& member) {
    Section section;
    section.name = member.name();
    section.where = fmt::format(" in stop.{}", member.name());
    for (const char* name : {"above", "below"}) {
      Key key;
      key.key = name;
      key.type = OptionType::kReal;
      section.keys.push_back(key);
    }
    if (member.value.members.empty()) {
      reading_.faults.error(member.key.place, code::kMissingKey,
                            fmt::format("{} takes {{above: x}} or {{below: x}}", member.name()));
      return;
    }
    const Fields fields = read_fields(member.value, section, reading_.faults);
    if (fields.member("above") != nullptr && fields.member("below") != nullptr) {
      reading_.faults.error(member.value.members[1].key.place, code::kConflict,
                            fmt::format("'{}' has both 'above' and 'below'", member.name()),
                            "keep one, or write if: with ||");
      return;
    }
    for (const bool above : {true, false}) {
      const auto bound = fields.real(above ? "above" : "below");
      if (bound) rules_.metrics.push_back({member.name(), above, *bound});
    }
  }

  void check_condition(const std::string& text, const Node& node) {
    const auto parsed = Expression::parse(text, nullptr);
    if (parsed) {
      rules_.condition = text;
      return;
    }
    const ExpressionError& fault = parsed.error();
    reading_.faults.error(place_within(reading_.source, node, fault.position, fault.length), code::kExpression,
                          fault.message, fault.hint);
  }

  void read_plateau(const Node& map) {
    const Fields fields = read_fields(map, stop_plateau_section(), reading_.faults);
    TrialPlateau plateau;
    plateau.metric = fields.text("metric").value_or(objectives_.empty() ? "" : objectives_[0].metric);
    plateau.std = fields.real("std").value_or(plateau.std);
    plateau.num_results = fields.integer("num_results").value_or(plateau.num_results);
    plateau.grace_period = fields.integer("grace_period").value_or(plateau.grace_period);
    plateau.metric_threshold = fields.real("metric_threshold");
    const Member* threshold = fields.member("metric_threshold");
    const Member* mode = fields.member("mode");
    if ((threshold == nullptr) != (mode == nullptr)) {
      reading_.faults.error((threshold != nullptr ? threshold : mode)->key.place, code::kConflict,
                            threshold != nullptr ? "metric_threshold needs mode" : "mode needs metric_threshold");
    }
    if (fields.text("mode") == "max") plateau.mode = Mode::kMax;
    rules_.plateau = plateau;
  }

  const std::vector<Objective>& objectives_;
  const Reading& reading_;
  StopRules rules_;
};

}  // namespace

StopRules read_stop(const Member* section, const std::vector<Objective>& objectives, const Reading& reading) {
  if (section == nullptr || !is_filled_map(*section, reading.faults, "write training_iteration, time, or a metric"))
    return {};
  return StopReader(objectives, reading).read(section->value);
}

}  // namespace tune

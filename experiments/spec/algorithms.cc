#include "experiments/spec/algorithms.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/rules.h"
#include "searchspaces/sampler.h"

namespace tune {

namespace {

std::vector<std::string> built_names(const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const AlgorithmInfo& info : catalogue) {
    if (info.capabilities.built) names.push_back(info.name);
  }
  return names;
}

std::vector<std::string> all_names(const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const AlgorithmInfo& info : catalogue) {
    names.push_back(info.name);
    names.insert(names.end(), info.aliases.begin(), info.aliases.end());
  }
  return names;
}

/// One of the two sections while it is read: they differ in words only.
struct Chosen {
  const AlgorithmInfo* info = nullptr;  ///< null: unknown
  const Node* name = nullptr;           ///< the node that names it, if one does
};

class AlgorithmReader {
 public:
  AlgorithmReader(std::string kind, std::string name_key, WordPlace words, const Catalogue& catalogue,
                  const Reading& reading)
      : kind_(std::move(kind)),
        name_key_(std::move(name_key)),
        words_(words),
        catalogue_(catalogue),
        reading_(reading) {}

  /// The algorithm that the section names; `otherwise` if it names none.
  Chosen choose(const Member* section, std::string_view otherwise) const {
    Chosen chosen;
    if (section != nullptr) {
      const Node& value = section->value;
      const Member* key = value.is_map() ? value.find(name_key_) : nullptr;
      chosen.name = value.is_map() ? (key == nullptr || key->value.is_null() ? nullptr : &key->value) : &value;
    }
    if (chosen.name == nullptr) {
      chosen.info = find_algorithm(catalogue_, otherwise);  // null for a map that must name one
    } else if (!chosen.name->is_text()) {
      reading_.faults.error(chosen.name->place, code::kWrongType,
                            fmt::format("{} takes a name; {}", name_key_, describe_node(*chosen.name)));
    } else {
      chosen.info = find_algorithm(catalogue_, chosen.name->text);
      check_known(chosen);
    }
    return chosen;
  }

  /// The fields of a map, with options of other algorithms named as such.
  Fields read(const Node& map, Section section, const AlgorithmInfo* info) const {
    if (info != nullptr) add_options(section, *info, kind_);
    // With nothing known about the algorithm, nothing can be said about its options.
    const bool no_table = info == nullptr || (!info->capabilities.built && info->options.empty());
    return read_fields(map, section, reading_.faults, [&](const Member& member) {
      if (report_mode(member)) return true;
      if (no_table) return !find_synonym(words_, member.name()).has_value();
      return report_owner(member, *info);
    });
  }

  void run_check(const AlgorithmInfo& info, const Options& options, const Fields& fields, const Place& section) const {
    if (!info.check) return;
    for (const OptionFault& fault : info.check(options)) {
      const Member* member = fault.key.empty() ? nullptr : fields.member(fault.key);
      reading_.faults.error(member == nullptr ? section : member->value.place, code::kBadValue, fault.message,
                            fault.hint);
    }
  }

 private:
  void check_known(const Chosen& chosen) const {
    const std::string built = "built: " + join(built_names(catalogue_));
    if (chosen.info == nullptr) {
      const std::vector<std::string> names = all_names(catalogue_);
      std::string hint = advise(WordPlace::kAlgorithm, chosen.name->text, names);
      reading_.faults.error(chosen.name->place, code::kUnknownName,
                            fmt::format("unknown {} '{}'", kind_, chosen.name->text), hint.empty() ? built : hint);
    } else if (!chosen.info->capabilities.built) {
      reading_.faults.error(chosen.name->place, code::kCapability,
                            fmt::format("{} '{}' is not built yet", kind_, chosen.info->name), built);
    }
  }

  bool report_mode(const Member& member) const {
    if (words_ != WordPlace::kScheduler || member.name() != "mode") return false;
    reading_.faults.error(member.key.place, code::kUnknownKey, "'mode' is no option of a scheduler",
                          "it comes from objective");
    return true;
  }

  bool report_owner(const Member& member, const AlgorithmInfo& info) const {
    std::vector<std::string> owners;
    for (const AlgorithmInfo& other : catalogue_) {
      const bool has = std::any_of(other.options.begin(), other.options.end(),
                                   [&](const OptionSpec& option) { return option.key == member.name(); });
      if (has && other.name != info.name) owners.push_back(other.name);
    }
    if (owners.empty()) return false;
    reading_.faults.error(member.key.place, code::kUnknownKey,
                          fmt::format("'{}' is an option of {}, not of {}", member.name(), join(owners), info.name));
    return true;
  }

  std::string kind_;
  std::string name_key_;
  WordPlace words_;
  const Catalogue& catalogue_;
  const Reading& reading_;
};

/// `asha` as `{type: asha}`; nothing at all as the default's name.
Node as_map(const Member* section, const std::string& name_key, const std::string& otherwise) {
  if (section != nullptr && section->value.is_map()) return section->value;
  Node map;
  map.kind = Node::Kind::kMap;
  map.members.push_back(
      Member{node_of_value(Value(name_key)), section == nullptr ? node_of_value(Value(otherwise)) : section->value});
  return map;
}

bool is_name_or_map(const Member& section, Faults& faults) {
  if (!section.value.is_list()) return true;
  faults.error(section.value.place, code::kWrongType,
               fmt::format("{} takes a name or a map; this is a list", section.name()));
  return false;
}

/// A sampler says more than its capabilities do; what it says is put at the parameter it names.
void try_sampler(const SearchReading& search, const SpaceReading& space, const Place& section, const Reading& reading) {
  SamplerContext context;
  context.space = &*space.space;
  context.seed = search.spec.seed.value_or(0);
  context.points_to_evaluate = search.spec.points_to_evaluate;
  context.options = search.spec.options;
  const auto made = make_sampler(search.spec.algorithm, std::move(context));
  if (made) return;
  Place place = section;
  for (const auto& [path, nodes] : space.nodes) {
    if (made.error().message.find("'" + path + "'") != std::string::npos) place = nodes.key->place;
  }
  reading.faults.error(place, code::kCapability, made.error().message, made.error().hint);
}

/// Time that is not counted in work: decisions then depend on the machine.
bool is_clock(std::string_view time_attr) {
  return time_attr == "time_total_s" || time_attr == "time_this_iter_s" || time_attr == "timestamp";
}

}  // namespace

Options complete_options(const AlgorithmInfo& algorithm, const Fields& fields) {
  Options given;
  for (const OptionSpec& option : algorithm.options) {
    const Value* value = fields.find(option.key);
    if (value != nullptr) given.set(option.key, *value);
  }
  Options all = with_defaults(algorithm.options, given);
  for (const OptionSpec& option : algorithm.options) {
    const Value* value = all.find(option.key);
    // One kind for a real, whether the file or the table wrote `1`.
    if (option.type == OptionType::kReal && value->is_integer()) all.set(option.key, Value(*value->number()));
  }
  return all;
}

SearchReading read_search(const Member* section, const SpaceReading& space, const Reading& reading) {
  SearchReading out;
  if (section != nullptr && !is_name_or_map(*section, reading.faults)) return out;
  const Catalogue& catalogue = reading.context.samplers == nullptr ? sampler_catalogue() : *reading.context.samplers;
  const AlgorithmReader reader("algorithm", "algorithm", WordPlace::kSearch, catalogue, reading);
  const std::size_t before = reading.faults.errors();

  const Chosen chosen = reader.choose(section, "random");
  const Node map = as_map(section, "algorithm", "random");
  const Fields fields = reader.read(map, search_section(), chosen.info);
  if (const auto seed = fields.integer("seed")) out.spec.seed = static_cast<std::uint64_t>(*seed);
  if (const Member* points = fields.member("points_to_evaluate"); points != nullptr && !points->value.is_null()) {
    out.spec.points_to_evaluate = read_points(points->value, space, reading);
  }
  if (const auto repeat = fields.integer("repeat"); repeat && *repeat > 1) {
    reading.faults.error(fields.member("repeat")->value.place, code::kCapability,
                         fmt::format("repeat {} is not built yet", *repeat), "leave it out, or 1");
  }
  if (chosen.info == nullptr || !chosen.info->capabilities.built) return out;

  out.info = chosen.info;
  out.spec.algorithm = chosen.info->name;
  out.spec.options = complete_options(*chosen.info, fields);
  const Place place = chosen.name != nullptr ? chosen.name->place : section != nullptr ? section->key.place : Place{};
  if (reading.faults.errors() == before) reader.run_check(*chosen.info, out.spec.options, fields, place);
  check_capabilities(*chosen.info, space, reading);
  if (reading.faults.errors() == before && space.space) try_sampler(out, space, place, reading);
  return out;
}

SchedulerSpec read_scheduler(const Member* section, const std::vector<Objective>& objectives, const Reading& reading) {
  SchedulerSpec spec;
  if (section != nullptr && !is_name_or_map(*section, reading.faults)) return spec;
  static const Catalogue kNone;
  const Catalogue& catalogue = reading.context.schedulers == nullptr ? kNone : *reading.context.schedulers;
  const AlgorithmReader reader("scheduler", "type", WordPlace::kScheduler, catalogue, reading);
  const std::size_t before = reading.faults.errors();

  const Chosen chosen = reader.choose(section, section == nullptr ? "fifo" : "");
  const Node map = as_map(section, "type", "fifo");
  const Fields fields = reader.read(map, scheduler_section(), chosen.info);
  if (const auto metric = fields.text("metric")) {
    spec.metric = *metric;
    const std::vector<std::string> names = metrics_of(objectives);
    if (!names.empty() && std::find(names.begin(), names.end(), *metric) == names.end()) {
      const std::string near = did_you_mean_hint(*metric, names);
      reading.faults.error(fields.member("metric")->value.place, code::kUnknownName,
                           fmt::format("scheduler.metric '{}' is no objective", *metric),
                           near.empty() ? "objectives: " + join(names) : near);
    }
  }
  if (chosen.info == nullptr || !chosen.info->capabilities.built) return spec;

  spec.type = chosen.info->name;
  spec.options = complete_options(*chosen.info, fields);
  const Place place = chosen.name != nullptr ? chosen.name->place : section != nullptr ? section->key.place : Place{};
  if (reading.faults.errors() == before) reader.run_check(*chosen.info, spec.options, fields, place);
  const Value* time_attr = spec.options.find("time_attr");
  if (time_attr != nullptr && time_attr->is_text() && is_clock(time_attr->text())) {
    const Member* member = fields.member("time_attr");
    reading.faults.note(member == nullptr ? place : member->value.place, code::kBadValue,
                        fmt::format("with time_attr {} decisions depend on the clock", time_attr->text()),
                        "training_iteration makes runs repeatable");
  }
  return spec;
}

void check_capabilities(const AlgorithmInfo& algorithm, const SpaceReading& space, const Reading& reading) {
  const Capabilities& can = algorithm.capabilities;
  for (const Parameter& parameter : space.parameters) {
    if (space.faulty.contains(parameter.path)) continue;
    const Place& place = space.nodes.at(parameter.path).key->place;
    const auto refuse = [&](std::string what, std::string hint) {
      reading.faults.error(
          place, code::kCapability,
          fmt::format("'{}' is {}, which algorithm {} cannot take", parameter.path, what, algorithm.name),
          std::move(hint));
    };
    if (!can.continuous && is_continuous(parameter.domain)) {
      refuse("continuous", "give it steps, such as quniform, or list values in a choice");
    } else if (!can.unbounded && is_unbounded(parameter.domain)) {
      refuse("unbounded", "use a range, such as uniform");
    } else if (!can.grids && std::holds_alternative<GridSearch>(parameter.domain)) {
      refuse("a grid_search", "write choice: [...]");
    } else if (!can.conditional && !parameter.conditions.empty()) {
      refuse("conditional", "leave out when");
    }
  }
  if (!can.constraints && !space.constraints.empty()) {
    reading.faults.error(space.constraints[0]->place, code::kCapability,
                         fmt::format("algorithm {} takes no constraints", algorithm.name));
  }
}

}  // namespace tune

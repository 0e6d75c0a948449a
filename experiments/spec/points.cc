// `search.points_to_evaluate`: configurations to try first.

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/distributions.h"
#include "experiments/spec/parameters.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

class PointReader {
 public:
  PointReader(const SpaceReading& space, Faults& faults) : space_(space), faults_(faults), paths_(space.paths()) {}

  Config read(const Node& map) {
    point_ = Config{};
    read_members(map, "");
    return std::move(point_);
  }

 private:
  void read_members(const Node& map, const std::string& prefix) {
    for (const Member& member : map.members) {
      const std::string path = prefix + member.name();
      const Parameter* parameter = space_.find(path);
      if (parameter != nullptr) {
        if (!space_.faulty.contains(path)) read_value(member, *parameter);
      } else if (member.value.is_map() && is_group(path)) {
        read_members(member.value, path + ".");
      } else if (!space_.may_mean_unread(path)) {
        faults_.error(member.key.place, code::kUnknownName,
                      fmt::format("points_to_evaluate names '{}', which is no parameter", path), advice(path));
      }
    }
  }

  void read_value(const Member& member, const Parameter& parameter) {
    if (member.value.is_null() && !member.value.written) {
      has_value(member, faults_);
      return;
    }
    if (std::holds_alternative<Derived>(parameter.domain)) {
      faults_.error(member.key.place, code::kConflict,
                    fmt::format("'{}' is derived; a point cannot set it", parameter.path));
      return;
    }
    if (point_.find(parameter.path) != nullptr) {
      faults_.error(member.key.place, code::kDuplicateKey, fmt::format("'{}' is set twice", parameter.path));
      return;
    }
    Value value = fit_to_domain(parameter.domain, value_of_node(member.value));
    if (!contains(parameter.domain, value)) {
      faults_.warning(member.value.place, code::kOutOfRange,
                      fmt::format("{} is outside the range of '{}': {}", show_node(member.value), parameter.path,
                                  describe(parameter.domain)));
    }
    point_.set(parameter.path, std::move(value));
  }

  bool is_group(const std::string& path) const {
    return std::find(space_.groups.begin(), space_.groups.end(), path) != space_.groups.end();
  }

  std::string advice(const std::string& path) const {
    const std::string near = did_you_mean_hint(path, paths_);
    return near.empty() ? "parameters: " + join(paths_) : near;
  }

  const SpaceReading& space_;
  Faults& faults_;
  const std::vector<std::string> paths_;
  Config point_;
};

}  // namespace

std::vector<Config> read_points(const Node& list, const SpaceReading& space, const Reading& reading) {
  std::vector<Config> points;
  if (!list.is_list()) {
    reading.faults.error(list.place, code::kWrongType,
                         fmt::format("points_to_evaluate takes a list of maps; {}", describe_node(list)),
                         list.is_map() ? "put '- ' before it" : "");
    return points;
  }
  PointReader reader(space, reading.faults);
  for (const Node& item : list.items) {
    if (item.is_map()) {
      points.push_back(reader.read(item));
    } else {
      reading.faults.error(item.place, code::kWrongType,
                           fmt::format("points_to_evaluate takes a list of maps; {}", describe_node(item)));
    }
  }
  return points;
}

}  // namespace tune

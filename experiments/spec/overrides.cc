#include "experiments/spec/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace tune {

namespace {

/// Sections that may be a bare name, and the key that the name stands for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNamed = {
    {{"search", "algorithm"}, {"scheduler", "type"}, {"trainable", "builtin"}}};

Place set_place(const std::string& path) {
  Place place;
  place.set_path = path;
  return place;
}

Node key_node(std::string_view name, const Place& place) {
  Node node = node_of_value(Value(name));
  node.place = place;
  return node;
}

Node empty_map(const Place& place) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.place = place;
  return node;
}

void name_to_map(Node& value, std::string_view section) {
  for (const auto& [name, key] : kNamed) {
    if (name != section || !value.is_text()) continue;
    const bool library = name == "trainable" && value.text.find_first_of("/:.") != std::string::npos;
    if (library) return;  // `./lib.so:Name` cannot be split here
    Node map = empty_map(value.place);
    Node type = std::move(value);
    map.members.push_back(Member{key_node(key, type.place), std::move(type)});
    value = std::move(map);
  }
}

/// Lists and maps inside each other.
std::size_t height(const Node& node) {
  std::size_t tallest = 0;
  for (const Node& item : node.items) tallest = std::max(tallest, height(item));
  for (const Member& member : node.members) tallest = std::max(tallest, height(member.value));
  return node.is_scalar() ? 0 : tallest + 1;
}

class Override {
 public:
  Override(const std::string& path, Faults& faults) : path_(path), place_(set_place(path)), faults_(faults) {}

  void apply(Node& root, Node value) const {
    const auto keys = static_cast<std::size_t>(std::count(path_.begin(), path_.end(), '.')) + 1;
    if (keys + height(value) > kMaxNesting) {
      faults_.error(place_, code::kBadValue, fmt::format("nested more than {} levels deep", kMaxNesting));
      return;
    }
    Node* at = &root;
    std::size_t start = 0;
    for (;;) {
      const std::size_t dot = std::min(path_.find('.', start), path_.size());
      const std::string part = path_.substr(start, dot - start);
      if (part.empty()) {
        faults_.error(place_, code::kBadValue, fmt::format("'{}' is no path of keys", path_),
                      "write key.key=value, such as budget.trials=20");
        return;
      }
      Node* child = step(*at, part);
      if (child == nullptr) return;
      if (dot == path_.size()) {
        *child = std::move(value);
        return;
      }
      if (at == &root) name_to_map(*child, part);
      if (child->is_null()) *child = empty_map(place_);
      at = child;
      start = dot + 1;
    }
  }

 private:
  /// The value called `part`, made if there is none; null after a fault.
  Node* step(Node& parent, const std::string& part) const {
    if (parent.is_list()) {
      const auto index = parse_integer(part);
      if (index && *index >= 0 && static_cast<std::size_t>(*index) < parent.items.size()) {
        return &parent.items[static_cast<std::size_t>(*index)];
      }
      faults_.error(place_, code::kUnknownName,
                    fmt::format("'{}' is no item of a list of {}", part, parent.items.size()), "items count from 0");
      return nullptr;
    }
    if (!parent.is_map()) {
      faults_.error(place_, code::kConflict,
                    fmt::format("'{}' cannot be set: {} is not a map", part, show_node(parent)));
      return nullptr;
    }
    Member* member = parent.find(part);
    if (member == nullptr) {
      parent.members.push_back(Member{key_node(part, place_), Node{}});
      member = &parent.members.back();
      member->value.written = false;
      member->value.place = place_;
    }
    return &member->value;
  }

  const std::string& path_;
  const Place place_;
  Faults& faults_;
};

}  // namespace

void apply_overrides(Node& root, const std::vector<std::pair<std::string, std::string>>& overrides, Faults& faults) {
  for (const auto& [path, text] : overrides) {
    auto value = parse_override(path, text, faults);
    if (value) Override(path, faults).apply(root, *std::move(value));
  }
}

}  // namespace tune

#include "experiments/spec/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "experiments/spec/scalars.h"

namespace tune {

namespace {

void mark_as_set(Node& node, const std::string& path) {
  node.place = Place{};
  node.place.set_path = path;
  node.text_offset = std::string::npos;
  for (Node& item : node.items) mark_as_set(item, path);
  for (Member& member : node.members) {
    mark_as_set(member.key, path);
    mark_as_set(member.value, path);
  }
}

}  // namespace

const Member* Node::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name() == key; });
  return found == members.end() ? nullptr : &*found;
}

Member* Node::find(std::string_view key) { return const_cast<Member*>(std::as_const(*this).find(key)); }

std::optional<Node> parse_override(const std::string& path, const std::string& text, Faults& faults) {
  const Source source(text);
  Faults own("", source);
  // At the begin of a file a % begins a directive; a value has none, so there it is text.
  std::optional<Node> node = text.starts_with('%') ? node_of_value(Value(text)) : parse_yaml(source, own);
  Place place;
  place.set_path = path;
  const std::vector<Diagnostic> found = own.take();
  for (const Diagnostic& d : found) faults.error(place, d.code, d.message, d.hint);
  if (!node && found.empty()) faults.error(place, code::kWrongType, fmt::format("'{}' has no value", path));
  if (!node || !found.empty()) return std::nullopt;
  mark_as_set(*node, path);
  return node;
}

Node node_of_value(const Value& value) {
  Node node;
  switch (value.kind()) {
    case Value::Kind::kList:
      node.kind = Node::Kind::kList;
      for (const Value& item : value.list()) node.items.push_back(node_of_value(item));
      break;
    case Value::Kind::kMap:
      node.kind = Node::Kind::kMap;
      for (const auto& [key, item] : value.map()) {
        node.members.push_back(Member{node_of_value(Value(key)), node_of_value(item)});
      }
      break;
    case Value::Kind::kText:
      node.quoted = true;
      node.text = value.text();
      node.scalar = value;
      break;
    default: node.text = show_value(value); node.scalar = value;
  }
  return node;
}

Value value_of_node(const Node& node) {
  if (node.is_list()) {
    List list;
    for (const Node& item : node.items) list.push_back(value_of_node(item));
    return Value(std::move(list));
  }
  if (node.is_map()) {
    Map map;
    for (const Member& member : node.members) map.emplace_back(member.name(), value_of_node(member.value));
    return Value(std::move(map));
  }
  return node.scalar;
}

Place place_within(const Source& source, const Node& scalar, std::size_t offset, std::size_t length) {
  if (scalar.text_offset == std::string::npos || !scalar.place.in_file()) return scalar.place;
  return source.place(scalar.text_offset + std::min(offset, scalar.text.size()), length);
}

std::string show_node(const Node& node) {
  if (node.is_list()) return "a list";
  if (node.is_map()) return "a map";
  if (!node.quoted && node.scalar.is_number()) return node.text;  // as it was written
  return show_value(node.scalar);
}

std::string describe_node(const Node& node) {
  if (!node.is_scalar()) return "this is " + show_node(node);
  if (node.is_null()) return "this is null";
  return fmt::format("{} is {}", show_node(node), kind_phrase(node.scalar));
}

}  // namespace tune

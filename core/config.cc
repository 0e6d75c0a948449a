#include "core/config.h"

#include <algorithm>

#include "core/json.h"

namespace tune {
namespace {

void put(Map& map, std::string_view path, const Value& value) {
  const std::size_t dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  auto member = std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == head; });
  if (dot == std::string_view::npos) {
    if (member == map.end()) {
      map.emplace_back(head, value);
    } else {
      member->second = value;
    }
    return;
  }
  if (member == map.end()) member = map.emplace(map.end(), head, Map{});
  if (!member->second.is_map()) member->second = Map{};
  put(member->second.map(), path.substr(dot + 1), value);
}

const Value* at(const Value& nested, std::string_view path) {
  const Value* value = &nested;
  while (value) {
    const std::size_t dot = path.find('.');
    value = value->find(path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  return value;
}

}  // namespace

const Value* Config::find(std::string_view path) const {
  for (const auto& [name, value] : entries) {
    if (name == path) return &value;
  }
  return nullptr;
}

void Config::set(std::string_view path, Value value) {
  for (auto& [name, old] : entries) {
    if (name == path) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(path, std::move(value));
}

Value to_nested(const Config& config) {
  Map root;
  for (const auto& [path, value] : config.entries) put(root, path, value);
  return root;
}

Config from_nested(const Value& nested, std::span<const std::string> paths) {
  Config config;
  for (const std::string& path : paths) {
    if (const Value* value = at(nested, path)) config.entries.emplace_back(path, *value);
  }
  return config;
}

std::string to_flat_json(const Config& config) {
  std::string out = "{";
  for (const auto& [path, value] : config.entries) {
    if (out.size() > 1) out += ',';
    append_json_text(out, path);
    out += ':';
    append_json_exact(out, value);
  }
  out += '}';
  return out;
}

Result<Config> from_flat_json(std::string_view json) {
  Result<Value> value = parse_json(json);
  if (!value) return pass_on(std::move(value));
  if (!value->is_map()) return fail(ErrorCode::kBadInput, "a configuration must be a JSON object");
  return Config{std::move(value->map())};
}

}  // namespace tune

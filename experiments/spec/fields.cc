#include "experiments/spec/fields.h"

#include <fmt/format.h>

#include "core/text.h"

namespace tune {

namespace {

constexpr std::size_t kFewKeys = 6;

std::string advise_key(const Section& section, const std::string& written) {
  if (!written.empty() && written.find_first_not_of("0123456789") == std::string::npos) {
    return "a comma begins the next key; write numbers without one";
  }
  const std::vector<std::string> names = section.names();
  std::string hint = advise(section.words, written, names);
  if (hint.empty() && names.size() <= kFewKeys) hint = "keys: " + join(names);
  return hint;
}

}  // namespace

const Value* Fields::find(std::string_view key) const {
  if (const auto given = given_.find(key); given != given_.end()) return &given->second;
  if (member(key) != nullptr) return nullptr;
  const auto found = defaults_.find(key);
  return found == defaults_.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Fields::integer(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr && value->is_integer() ? std::optional(value->integer()) : std::nullopt;
}

std::optional<double> Fields::real(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr && value->is_number() ? value->number() : std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr && value->is_text() ? std::optional(value->text()) : std::nullopt;
}

bool Fields::flag(std::string_view key) const {
  const Value* value = find(key);
  return value != nullptr && value->is_bool() && value->boolean();
}

const Member* Fields::member(std::string_view key) const { return map_ == nullptr ? nullptr : map_->find(key); }

Fields read_fields(const Node& map, const Section& section, Faults& faults,
                   const std::function<bool(const Member&)>& take_unknown) {
  Fields fields;
  fields.map_ = &map;
  for (const Key& key : section.keys) {
    if (!key.default_value.is_null()) fields.defaults_.emplace(key.key, key.default_value);
  }
  std::string advice;  // of all unknown keys: what it names is not missing, but called otherwise
  for (const Member& member : map.members) {
    const Key* key = section.find(member.name());
    if (key != nullptr) {
      if (!has_value(member, faults)) continue;
      if (auto value = read_key(member, *key, faults)) fields.given_.emplace(member.name(), *std::move(value));
    } else if (!take_unknown || !take_unknown(member)) {
      const std::string hint = advise_key(section, member.name());
      advice += hint;
      faults.error(member.key.place, code::kUnknownKey,
                   fmt::format("unknown {} '{}'{}", section.what, member.name(), section.where), hint);
    }
  }
  for (const Key& key : section.keys) {
    if (!key.required || map.find(key.key) != nullptr || advice.find("'" + key.key + "'") != std::string::npos)
      continue;
    faults.error(map.place, code::kMissingKey, fmt::format("'{}' is missing{}", key.key, section.where));
  }
  return fields;
}

bool has_value(const Member& member, Faults& faults) {
  if (!member.value.is_null()) return true;
  faults.error(member.key.place, code::kWrongType, fmt::format("'{}' has no value", member.name()));
  return false;
}

bool is_map(const Member& member, Faults& faults, std::string_view advice) {
  if (member.value.is_map()) return true;
  faults.error(member.value.place, code::kWrongType,
               fmt::format("{} takes a map; {}", member.name(), describe_node(member.value)), std::string(advice));
  return false;
}

bool is_filled_map(const Member& member, Faults& faults, std::string_view advice) {
  if (!is_map(member, faults, advice)) return false;
  if (member.value.members.empty()) {
    faults.error(member.key.place, code::kMissingKey, fmt::format("{} is empty", member.name()), std::string(advice));
    return false;
  }
  return true;
}

}  // namespace tune

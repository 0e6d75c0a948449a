#include "trainables/command/secret_mask.h"

#include <cstdlib>

#include "core/json.h"
#include "core/placeholders.h"

namespace tune {
namespace {

constexpr std::size_t kShortestSecret = 6;

Value masked_value(const SecretMask& mask, const Value& value) {
  if (value.is_text()) return mask.masked(value.text());
  if (value.is_list()) {
    List list;
    for (const Value& item : value.list()) list.push_back(masked_value(mask, item));
    return list;
  }
  if (!value.is_map()) return value;
  Map map;
  for (const auto& [name, member] : value.map()) map.emplace_back(mask.masked(name), masked_value(mask, member));
  return map;
}

}  // namespace

std::string SecretMask::take(std::string_view& text, bool ends) const {
  std::string out;
  while (!text.empty()) {
    const std::pair<std::string, std::string>* longest = nullptr;
    bool may_begin = false;
    for (const auto& secret : secrets_) {
      const std::string& value = secret.first;
      if (value.front() != text.front()) continue;
      may_begin = may_begin || (text.size() < value.size() && value.starts_with(text));
      if (text.starts_with(value) && (longest == nullptr || value.size() > longest->first.size())) longest = &secret;
    }
    if (may_begin && !ends) break;
    out += longest != nullptr ? std::string_view(longest->second) : text.substr(0, 1);
    text.remove_prefix(longest != nullptr ? longest->first.size() : 1);
  }
  return out;
}

void SecretMask::feed(std::string_view bytes, const Sink& sink) {
  if (secrets_.empty()) return sink(bytes);
  pending_ += bytes;
  std::string_view rest = pending_;
  const std::string out = take(rest, false);
  pending_.erase(0, pending_.size() - rest.size());
  if (!out.empty()) sink(out);
}

void SecretMask::finish(const Sink& sink) {
  if (!pending_.empty()) sink(masked(pending_));
  pending_.clear();
}

std::string SecretMask::masked(std::string_view text) const { return take(text, true); }

std::string SecretMask::masked_json(std::string json) const {
  if (secrets_.empty() || json.empty()) return json;
  const auto value = parse_json(json);
  return value ? to_json(masked_value(*this, *value)) : masked(json);
}

SecretMask::Secrets secrets_of(const CommandSpec& spec) {
  std::vector<std::string> texts = spec.command;
  for (const auto& [name, text] : spec.env) texts.push_back(text);
  SecretMask::Secrets secrets;
  for (const std::string& text : texts) {
    for (const std::string& name : environment_names(text)) {
      const char* const value = std::getenv(name.c_str());
      if (value == nullptr || value[0] == '/' || std::string_view(value).size() < kShortestSecret) continue;
      secrets.emplace_back(value, "${env:" + name + "}");
    }
  }
  return secrets;
}

}  // namespace tune

#include "core/options.h"

#include <algorithm>

namespace tune {

const Value* Options::find(std::string_view key) const {
  for (const auto& [name, value] : values_) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Options::set(std::string_view key, Value value) {
  for (auto& [name, old] : values_) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  values_.emplace_back(key, std::move(value));
}

bool Options::boolean(std::string_view key) const { return find(key)->boolean(); }
std::int64_t Options::integer(std::string_view key) const { return find(key)->integer(); }
double Options::real(std::string_view key) const { return find(key)->number().value(); }
const std::string& Options::text(std::string_view key) const { return find(key)->text(); }

const AlgorithmInfo* find_algorithm(const Catalogue& catalogue, std::string_view name) {
  for (const AlgorithmInfo& info : catalogue) {
    if (info.name == name) return &info;
  }
  for (const AlgorithmInfo& info : catalogue) {
    if (std::find(info.aliases.begin(), info.aliases.end(), name) != info.aliases.end()) return &info;
  }
  return nullptr;
}

Options with_defaults(const std::vector<OptionSpec>& table, const Options& given) {
  Options all;
  for (const OptionSpec& spec : table) {
    const Value* value = given.find(spec.key);
    all.set(spec.key, value ? *value : spec.default_value);
  }
  return all;
}

}  // namespace tune

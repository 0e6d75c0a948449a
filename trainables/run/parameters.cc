#include "trainables/run/parameters.h"

#include <cmath>

#include "core/json.h"

namespace tune {
namespace {

/// A key may hold dots itself, so the longest key that is there goes first.
const Value* find_path(const Value& in, std::string_view path) {
  if (const Value* whole = in.find(path)) return whole;
  for (auto dot = path.rfind('.'); dot != std::string_view::npos && dot > 0; dot = path.rfind('.', dot - 1)) {
    const Value* group = in.find(path.substr(0, dot));
    if (group == nullptr) continue;
    if (const Value* found = find_path(*group, path.substr(dot + 1))) return found;
  }
  return nullptr;
}

}  // namespace

Result<Parameters> Parameters::read(std::string_view config_json) {
  Result<Value> root = parse_json(config_json);
  if (!root) return fail(ErrorCode::kBadInput, "the configuration is not JSON: " + root.error().message);
  if (!root->is_map()) return fail(ErrorCode::kBadInput, "the configuration is no JSON object");
  return Parameters(*std::move(root));
}

std::optional<double> Parameters::real(std::string_view path) const {
  const Value* value = find_path(root_, path);
  return value != nullptr ? value->number() : std::nullopt;
}

std::optional<std::int64_t> Parameters::integer(std::string_view path) const {
  const Value* value = find_path(root_, path);
  if (value == nullptr) return std::nullopt;
  if (value->is_integer()) return value->integer();
  constexpr double kBound = 9223372036854775808.0;  // 2^63: the first that does not fit
  if (!value->is_real() || std::trunc(value->real()) != value->real()) return std::nullopt;
  if (value->real() < -kBound || value->real() >= kBound) return std::nullopt;
  return static_cast<std::int64_t>(value->real());
}

const std::string* Parameters::text(std::string_view path) const {
  const Value* value = find_path(root_, path);
  return value != nullptr && value->is_text() ? &value->text() : nullptr;
}

std::optional<bool> Parameters::boolean(std::string_view path) const {
  const Value* value = find_path(root_, path);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->boolean();
}

}  // namespace tune

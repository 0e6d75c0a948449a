#include "core/value.h"

#include <cmath>

namespace tune {

std::optional<double> Value::number() const {
  switch (kind()) {
    case Kind::kBool: return boolean() ? 1.0 : 0.0;
    case Kind::kInteger: return static_cast<double>(integer());
    case Kind::kReal: return real();
    default: return std::nullopt;
  }
}

const Value* Value::find(std::string_view key) const {
  if (!is_map()) return nullptr;
  for (const auto& [name, value] : map()) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_real() && b.is_real() && std::isnan(a.real()) && std::isnan(b.real())) return true;
  return a.data_ == b.data_;
}

}  // namespace tune

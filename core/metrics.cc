#include "core/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/json.h"

namespace tune {
namespace {

std::optional<double> to_number(const Value& value) {
  if (!value.is_text()) return value.number();
  if (value.text() == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value.text() == "Infinity") return std::numeric_limits<double>::infinity();
  if (value.text() == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

std::optional<double> find_metric(const Metrics& metrics, std::string_view name) {
  for (const auto& [metric, value] : metrics) {
    if (metric == name) return value;
  }
  return std::nullopt;
}

std::string metrics_to_json(const Metrics& metrics) {
  std::string out;
  out.reserve(2 + metrics.size() * 32);
  out += '{';
  for (const auto& [name, value] : metrics) {
    if (out.size() > 1) out += ',';
    append_json_text(out, name);
    out += ':';
    append_json_real(out, value);
  }
  out += '}';
  return out;
}

Result<Metrics> metrics_from_json(std::string_view json) {
  Result<Value> parsed = parse_json(json);
  if (!parsed) return pass_on(std::move(parsed));
  if (!parsed->is_map()) return fail(ErrorCode::kBadInput, "metrics must be a JSON object");
  Metrics metrics;
  metrics.reserve(parsed->map().size());
  for (auto& [name, value] : parsed->map()) {
    const std::optional<double> number = to_number(value);
    if (!number) return fail(ErrorCode::kBadInput, fmt::format("metric '{}' is not a number", name));
    metrics.emplace_back(std::move(name), *number);
  }
  return metrics;
}

std::string metric_names(const Metrics& metrics) {
  std::string names;
  for (const auto& [name, value] : metrics) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

}  // namespace tune

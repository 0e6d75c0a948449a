#include "core/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <unordered_set>

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

/// Whether a name was written before: a few are compared, many looked up.
class WrittenNames {
 public:
  explicit WrittenNames(std::size_t count) : many_(count > 16) {
    if (!many_) few_.reserve(count);
  }

  /// `name` as JSON, so that two names are not made equal only by writing them. Requires: it lies in `out` from
  /// `begin`.
  bool add(const std::string& out, std::size_t begin) {
    const std::string_view name = std::string_view(out).substr(begin);
    if (many_) return set_.emplace(name).second;
    for (const auto& [at, size] : few_) {
      if (std::string_view(out).substr(at, size) == name) return false;
    }
    few_.emplace_back(begin, name.size());
    return true;
  }

 private:
  bool many_;
  std::vector<std::pair<std::size_t, std::size_t>> few_;
  std::unordered_set<std::string> set_;
};

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
  WrittenNames names(metrics.size());
  for (const auto& [name, value] : metrics) {
    const std::size_t before = out.size();
    if (before > 1) out += ',';
    const std::size_t begin = out.size();
    append_json_text(out, name);
    if (!names.add(out, begin)) {
      out.resize(before);
      continue;
    }
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

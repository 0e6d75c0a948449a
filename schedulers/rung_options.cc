#include "schedulers/rung_options.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>

#include "core/text.h"

namespace tune {
namespace {

/// What is wrong with a length in units of time_attr; empty if nothing.
std::string length_fault(std::string_view key, double value, bool counts) {
  if (!std::isfinite(value) || value <= 0) return fmt::format("{} {} is not above 0", key, format_real(value));
  if (counts && value != std::floor(value)) {
    return fmt::format("{} {} is no whole number, which training_iteration always is", key, format_real(value));
  }
  constexpr double kExact = 9007199254740992;  // 2^53: up to here a real holds every integer
  if (counts && value > kExact) return fmt::format("{} {} is above {}", key, format_real(value), format_real(kExact));
  return {};
}

}  // namespace

bool has_auto_grace(const Options& options) { return options.find("grace_period")->is_text(); }

std::vector<OptionFault> check_rung_options(const Options& options) {
  std::vector<OptionFault> faults;
  const std::string& time_attr = options.text("time_attr");
  if (time_attr.empty()) faults.push_back({"time_attr", "time_attr is empty", "the default is training_iteration"});
  const bool counts = time_attr == "training_iteration";
  for (const char* key : {"max_t", "grace_period"}) {
    if (options.find(key)->is_text()) continue;
    if (auto fault = length_fault(key, options.real(key), counts); !fault.empty()) {
      faults.push_back({key, std::move(fault), {}});
    }
  }
  if (!faults.empty()) return faults;

  if (has_auto_grace(options)) return faults;
  const double max_t = options.real("max_t"), grace_period = options.real("grace_period");
  if (max_t < grace_period) {
    faults.push_back(
        {"max_t", fmt::format("max_t {} is below grace_period {}", format_real(max_t), format_real(grace_period)), {}});
  }
  return faults;
}

}  // namespace tune

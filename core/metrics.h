#pragma once

// What a trial reports: numbers by name, in the order the trainable gave them.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/value.h"

namespace tune {

using Metrics = std::vector<std::pair<std::string, double>>;

std::optional<double> find_metric(const Metrics& metrics, std::string_view name);

/// {"loss":0.25,"accuracy":"NaN"} and back. Of a name given twice the first is written, as find_metric finds it.
/// Reading takes numbers, bools and the texts NaN, Infinity, -Infinity; kBadInput otherwise.
std::string metrics_to_json(const Metrics& metrics);
Result<Metrics> metrics_from_json(std::string_view json);

/// `loss, accuracy`: for messages that list what a trial reported.
std::string metric_names(const Metrics& metrics);

}  // namespace tune

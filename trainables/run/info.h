#pragma once

// What a trainable says of itself: from its C table, and as the JSON that `tune-host --describe` prints.

#include <string>
#include <string_view>

#include "core/messages.h"
#include "core/result.h"
#include "trainables/include/tune/abi.h"

namespace tune {

TrainableInfo info_of(const tune_trainable& table);

/// One line: {"info":{...}} or {"error":{"code":...,"message":...,"hint":...}}.
std::string description_to_json(const Result<TrainableInfo>& info);
/// Back. kInternal on anything else: the two ends are of one build.
Result<TrainableInfo> description_from_json(std::string_view json);

}  // namespace tune

#pragma once

// TrainableRef as one line of JSON, for the command lines of workers and fork servers. The form is private to one
// build; it is never stored.

#include <string>
#include <string_view>

#include "core/messages.h"
#include "core/result.h"

namespace tune {

/// `{"kind":"library","name":"Mine","library":"/abs/libmine.so","command":"","isolation":"auto"}`.
std::string to_json(const TrainableRef& ref);

/// Back. kBadInput on anything to_json does not write: unknown keys, unknown words, other kinds of values.
Result<TrainableRef> parse_trainable_ref(std::string_view json);

}  // namespace tune

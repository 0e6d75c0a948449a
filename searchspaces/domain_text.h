#pragma once

// Values and domains as text: for people, and in one exact form for fingerprints.

#include <string>
#include <vector>

#include "searchspaces/domain.h"

namespace tune {

/// A value as a message shows it: 'sgd' for text, 16, 0.1, [1,2].
std::string value_text(const Value& value);

/// "16, 32, 64"; long lists are cut: "1, 2, 3, ..., 40".
std::string value_list_text(const std::vector<Value>& values);

/// Everything that the domain's draws depend on, on one line: equal texts, equal draws.
std::string exact_text(const Domain& domain);

}  // namespace tune

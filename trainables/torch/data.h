#pragma once

// The text of trainables/data, compiled in.

#include <string_view>

namespace tune::nets {

std::string_view iris_csv();
std::string_view digits_csv();

}  // namespace tune::nets

#pragma once

// Characters beyond U+FFFF as JSON writes them, and with it json.dump of Python: two escapes, "\ud83c\udf89". YAML 1.2
// holds JSON, yaml-cpp refuses them. Joining them beforehand would move all places behind them, and only the parser
// knows what stands in double quotes. So it is given a text of the same length in which such pairs are no escapes, and
// what it makes of each scalar is read back.

#include <string>
#include <string_view>

namespace tune {

/// `text` with the backslashes of each pair of surrogates, high and low, replaced by a byte that UTF-8 never holds. A
/// surrogate without its other half stays. Requires: UTF-8.
std::string hide_surrogate_pairs(std::string_view text);

/// What a scalar of such a text stands for: with `escapes` (it was in double quotes) the characters, else the text as
/// it was written.
std::string show_surrogate_pairs(std::string_view scalar, bool escapes);

}  // namespace tune

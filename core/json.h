#pragma once

// JSON in and out of Value. Own code and no library, for three reasons of the contract: reals must come back bit for
// bit (std::to_chars, std::from_chars), programs in Python write bare NaN and Infinity, and the order of keys is kept.

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value.h"

namespace tune {

/// One line of JSON. Reals are the shortest text that reads back equal, and always look like reals (`1.0`, `1e+20`), so
/// that kinds survive; NaN and infinities, which JSON lacks, become the texts "NaN", "Infinity", "-Infinity".
/// Text that is not UTF-8 has its bad bytes replaced by U+FFFD.
std::string to_json(const Value& value);
void append_json(std::string& out, const Value& value);
void append_json_text(std::string& out, std::string_view text);  ///< quoted and escaped
void append_json_real(std::string& out, double value);           ///< as in to_json

/// The same, but NaN and infinities stay bare, as parse_json reads them: for the log, where a real must come back as a
/// real and the text "NaN" as that text.
void append_json_exact(std::string& out, const Value& value);

/// Reads one JSON document, with bare `NaN`, `Infinity`, `-Infinity` allowed as Python writes them. Integers that do
/// not fit 64 bits become reals. Bad UTF-8 inside texts becomes U+FFFD. Fails with kBadInput and the byte offset on:
/// syntax, nesting over 64, a key given twice, trailing text. Never recurses deeper than 64.
Result<Value> parse_json(std::string_view text);

}  // namespace tune

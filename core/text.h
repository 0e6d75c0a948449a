#pragma once

// Small text helpers that several rooms share.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tune {

/// One of 0 to 9, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Shortest text that reads back equal: `0.1`, `1e-04`, and `1` for 1.0; `nan`, `inf`, `-inf`.
std::string format_real(double value);

/// A real from the whole of `text` (also nan, inf, -inf, Infinity, NaN in any case), or nothing.
std::optional<double> parse_real(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

/// `250ms`, `90s`, `10m`, `1h30m`, `2d` to seconds. A bare number is an error that says which unit to write.
Result<double> parse_duration(std::string_view text);
/// `512MiB`, `2GiB`, `2GB`, `100B` to bytes. A bare number is an error.
Result<std::uint64_t> parse_size(std::string_view text);

/// `3m12s`, `2.1s`, `48s`: for people.
std::string format_duration(double seconds);
/// `1.2 GiB`: for people.
std::string format_size(std::uint64_t bytes);
/// `2026-11-21T10:00:00.123Z` of seconds since 1970 (UTC).
std::string format_time(double unix_seconds);

/// Damerau-Levenshtein distance (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The at most two legal words within max(1, length/3) of `word`, nearest first.
std::vector<std::string> did_you_mean(std::string_view word, std::span<const std::string> legal);

/// "did you mean 'a'?" / "did you mean 'a' or 'b'?" / "" for what did_you_mean found.
std::string did_you_mean_hint(std::string_view word, std::span<const std::string> legal);

/// "1 trial", "2 trials": a noun whose plural ends in s.
std::string counted(std::int64_t n, std::string_view noun);

/// "a, b, c"
std::string join(std::span<const std::string> words, std::string_view separator = ", ");

}  // namespace tune

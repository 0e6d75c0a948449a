// Durations and sizes of core/text.h: `1h30m`, `512MiB`. A bare number is refused, because nobody agrees on its unit.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/text.h"

namespace tune {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 5> kDurations{{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001}}};

constexpr std::array<Unit, 12> kSizes{{{"B", 1},
                                       {"kB", 1e3},
                                       {"KB", 1e3},
                                       {"MB", 1e6},
                                       {"GB", 1e9},
                                       {"TB", 1e12},
                                       {"PB", 1e15},
                                       {"KiB", 0x1p10},
                                       {"MiB", 0x1p20},
                                       {"GiB", 0x1p30},
                                       {"TiB", 0x1p40},
                                       {"PiB", 0x1p50}}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <class Is>
std::string_view take_while(std::string_view& text, Is is) {
  std::size_t n = 0;
  while (n < text.size() && is(text[n])) ++n;
  const std::string_view front = text.substr(0, n);
  text.remove_prefix(n);
  return front;
}

std::optional<double> take_number(std::string_view& text) {
  const std::string_view number = take_while(text, [](char c) { return is_digit(c) || c == '.'; });
  return parse_real(number);
}

}  // namespace

Result<double> parse_duration(std::string_view written) {
  std::string_view rest = trim(written);
  if (rest.starts_with('-'))
    return fail(ErrorCode::kBadInput, fmt::format("'{}' is below 0; a duration is not", written));
  if (const auto bare = parse_real(rest); bare && std::isfinite(*bare)) {
    return fail(ErrorCode::kBadInput, fmt::format("{0} has no unit; write {0}s", rest));
  }
  const auto malformed = [&] {
    return fail(ErrorCode::kBadInput,
                fmt::format("'{}' is no duration; write it as 250ms, 90s, 10m, 1h30m or 2d", written));
  };
  if (rest.empty()) return malformed();
  double seconds = 0;
  std::size_t next_unit = 0;  // units must descend: `1h30m`, not `30m1h`
  while (!rest.empty()) {
    const std::optional<double> number = take_number(rest);
    const std::string_view name = take_while(rest, is_letter);
    if (!number || name.empty()) return malformed();
    while (next_unit < kDurations.size() && kDurations[next_unit].name != name) ++next_unit;
    if (next_unit == kDurations.size()) return malformed();
    // Thousandths are divided, so that 250ms is 0.25 exactly.
    seconds += name == "ms" ? *number / 1000 : *number * kDurations[next_unit].factor;
    ++next_unit;
  }
  if (!(seconds <= 1e12)) return fail(ErrorCode::kBadInput, fmt::format("'{}' is too long", written));
  return seconds;
}

Result<std::uint64_t> parse_size(std::string_view written) {
  std::string_view rest = trim(written);
  if (rest.starts_with('-')) return fail(ErrorCode::kBadInput, fmt::format("'{}' is below 0; a size is not", written));
  if (const auto bare = parse_real(rest); bare && std::isfinite(*bare)) {
    return fail(ErrorCode::kBadInput, fmt::format("{0} has no unit; write {0}MiB", rest));
  }
  const std::optional<double> number = take_number(rest);
  rest = trim(rest);
  if (number) {
    for (const Unit& unit : kSizes) {
      if (unit.name != rest) continue;
      const double bytes = std::floor(*number * unit.factor + 0.5);
      if (!(bytes < 0x1p63)) return fail(ErrorCode::kBadInput, fmt::format("'{}' is too large", written));
      return static_cast<std::uint64_t>(bytes);
    }
  }
  return fail(ErrorCode::kBadInput, fmt::format("'{}' is no size; write it as 100B, 512MiB, 2GiB or 2GB", written));
}

std::string format_duration(double seconds) {
  if (std::isnan(seconds)) return "-";
  if (seconds < 0) return "-" + format_duration(-seconds);
  if (seconds > 1e15) return "inf";
  if (seconds < 9.95) {
    const double tenths = std::floor(seconds * 10 + 0.5);
    if (tenths == 0 && seconds > 0) return fmt::format("{:.0f}ms", std::ceil(seconds * 1000));
    return fmt::format("{:.1f}s", tenths / 10);
  }
  const auto whole = static_cast<std::int64_t>(std::floor(seconds + 0.5));
  const std::int64_t s = whole % 60, m = whole / 60 % 60, h = whole / 3600 % 24, d = whole / 86400;
  if (d > 0) return fmt::format("{}d{:02}h", d, h);
  if (h > 0) return fmt::format("{}h{:02}m", h, m);
  if (m > 0) return fmt::format("{}m{:02}s", m, s);
  return fmt::format("{}s", s);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double shown = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (shown >= 1023.95 && unit + 1 < kNames.size()) {
    shown /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", shown, kNames[unit]);
}

}  // namespace tune

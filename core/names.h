#pragma once

// The stored names of an enumeration, both ways: one table beside the type, and no switch to forget a line in.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace tune {

template <class Enum, std::size_t N>
struct NameTable {
  std::array<std::pair<Enum, std::string_view>, N> rows;

  constexpr std::string_view name(Enum wanted) const {
    for (const auto& [value, name] : rows) {
      if (value == wanted) return name;
    }
    return "unknown";
  }
  constexpr std::optional<Enum> value(std::string_view wanted) const {
    for (const auto& [value, name] : rows) {
      if (name == wanted) return value;
    }
    return std::nullopt;
  }
};

template <class Enum, std::size_t N>
constexpr NameTable<Enum, N> name_table(const std::pair<Enum, std::string_view> (&rows)[N]) {
  NameTable<Enum, N> table{};
  for (std::size_t i = 0; i < N; ++i) table.rows[i] = rows[i];
  return table;
}

}  // namespace tune

#pragma once

// A value of a configuration, an option or a report: null, bool, 64-bit integer, real, text, list or map. Maps keep the
// order of the file. Integers and reals are different kinds: 1 is not 1.0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace tune {

class Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;

class Value {
 public:
  enum class Kind { kNull, kBool, kInteger, kReal, kText, kList, kMap };

  Value() = default;
  Value(bool v) : data_(v) {}
  Value(std::int64_t v) : data_(v) {}
  Value(int v) : data_(static_cast<std::int64_t>(v)) {}
  Value(double v) : data_(v) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(List v) : data_(std::move(v)) {}
  Value(Map v) : data_(std::move(v)) {}

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_integer() const { return kind() == Kind::kInteger; }
  bool is_real() const { return kind() == Kind::kReal; }
  bool is_number() const { return is_integer() || is_real(); }
  bool is_text() const { return kind() == Kind::kText; }
  bool is_list() const { return kind() == Kind::kList; }
  bool is_map() const { return kind() == Kind::kMap; }

  /// Requires: the value is of that kind.
  bool boolean() const { return std::get<bool>(data_); }
  std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  double real() const { return std::get<double>(data_); }
  const std::string& text() const { return std::get<std::string>(data_); }
  const List& list() const { return std::get<List>(data_); }
  const Map& map() const { return std::get<Map>(data_); }
  List& list() { return std::get<List>(data_); }
  Map& map() { return std::get<Map>(data_); }

  /// Integer, real or bool (as 1 and 0) as a real; nothing for other kinds.
  std::optional<double> number() const;

  /// The member of a map, or null where there is none (or where this is no map).
  const Value* find(std::string_view key) const;

  /// Same kind and same content; a NaN equals a NaN, so that stored configurations can be compared.
  friend bool operator==(const Value&, const Value&);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
};

}  // namespace tune

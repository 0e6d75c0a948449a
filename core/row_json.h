#pragma once

// JSON objects of log rows, written and read field by field. Reading collects the first fault instead of stopping at
// it, so that a decoder is one list of fields; the caller asks at the end whether all was well.

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/ids.h"
#include "core/json.h"
#include "core/names.h"
#include "core/value.h"

namespace tune {

class RowWriter {
 public:
  RowWriter& integer(std::string_view key, std::int64_t value) {
    begin(key);
    out_ += std::to_string(value);
    return *this;
  }
  RowWriter& text(std::string_view key, std::string_view value) {
    begin(key);
    append_json_text(out_, value);
    return *this;
  }
  RowWriter& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  /// Requires: `json` is one JSON value.
  RowWriter& raw(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
    return *this;
  }
  std::string take() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void begin(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  std::string out_ = "{";
};

class RowReader {
 public:
  /// Requires: `object` outlives the reader.
  explicit RowReader(const Value& object) : object_(object) {
    if (!object.is_map()) fault_ = "is no object";
  }

  bool has(std::string_view key) const { return object_.find(key) != nullptr; }
  std::int64_t integer(std::string_view key) {
    const Value* value = find(key, &Value::is_integer, "is no integer");
    return value ? value->integer() : 0;
  }
  std::uint64_t count(std::string_view key) {
    const std::int64_t value = integer(key);
    if (value < 0) wrong(key, "is below 0");
    return static_cast<std::uint64_t>(value);
  }
  std::string text(std::string_view key) {
    const Value* value = find(key, &Value::is_text, "is no text");
    return value ? value->text() : std::string();
  }
  bool boolean(std::string_view key) {
    const Value* value = find(key, &Value::is_bool, "is no bool");
    return value && value->boolean();
  }
  const List& list(std::string_view key) {
    static const List kEmpty;
    const Value* value = find(key, &Value::is_list, "is no list");
    return value ? value->list() : kEmpty;
  }
  Config config(std::string_view key) {
    const Value* value = find(key, &Value::is_map, "is no object");
    return value ? Config{value->map()} : Config{};
  }
  /// A value of any kind.
  Value any(std::string_view key) {
    const Value* value = object_.find(key);
    if (value == nullptr) wrong(key, "is missing");
    return value ? *value : Value();
  }
  /// A nested object; the fault of its fields is noted by absorb().
  const Value& object(std::string_view key) {
    static const Value kEmpty = Map{};
    const Value* value = find(key, &Value::is_map, "is no object");
    return value ? *value : kEmpty;
  }
  template <class Enum, std::size_t N>
  Enum name(std::string_view key, const NameTable<Enum, N>& names) {
    const std::optional<Enum> value = names.value(text(key));
    if (!value) wrong(key, "is no known word");
    return value.value_or(Enum{});
  }

  void wrong(std::string_view key, std::string_view what) {
    if (fault_.empty()) fault_ = "'" + std::string(key) + "' " + std::string(what);
  }
  void absorb(const RowReader& nested) {
    if (fault_.empty()) fault_ = nested.fault_;
  }
  const std::string& fault() const { return fault_; }

 private:
  const Value* find(std::string_view key, bool (Value::*is)() const, std::string_view complaint) {
    const Value* value = object_.find(key);
    if (value && (value->*is)()) return value;
    wrong(key, value ? complaint : "is missing");
    return nullptr;
  }

  const Value& object_;
  std::string fault_;
};

}  // namespace tune

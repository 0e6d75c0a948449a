#pragma once

// A map of the file read by its table of keys: unknown, missing and ill-typed ones are reported, the rest is typed.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "experiments/spec/document.h"
#include "experiments/spec/keys.h"

namespace tune {

/// What the readers of all sections share.
struct Reading {
  const ReaderContext& context;
  const Source& source;
  Faults& faults;
  std::string directory;  ///< absolute: where relative paths begin
  bool stored = false;    ///< read back from a database: nothing outside the text is looked at
};

class Fields {
 public:
  /// The value: as given, else the default, else nothing. Also nothing if what was given is faulty.
  const Value* find(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;  ///< nothing for a word such as `auto` too
  std::optional<double> real(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  bool flag(std::string_view key) const;  ///< false where there is none

  /// What stands in the file for the key, faulty or not; null if nothing does.
  const Member* member(std::string_view key) const;
  bool faulty(std::string_view key) const { return member(key) != nullptr && !given_.contains(key); }

 private:
  friend Fields read_fields(const Node&, const Section&, Faults&, const std::function<bool(const Member&)>&);
  const Node* map_ = nullptr;
  std::map<std::string, Value, std::less<>> given_, defaults_;
};

/// Reads `map`, which must outlive the result. `take_unknown` may claim keys that the table does not have.
Fields read_fields(const Node& map, const Section& section, Faults& faults,
                   const std::function<bool(const Member&)>& take_unknown = {});

/// The value of one key, by its table entry; nothing after a fault.
std::optional<Value> read_key(const Member& member, const Key& key, Faults& faults);

/// False, with a fault, if `member` has no value at all (`{a: 1, c}`).
bool has_value(const Member& member, Faults& faults);
/// False, with a fault, if the member's value is no map.
bool is_map(const Member& member, Faults& faults, std::string_view advice = {});
/// ... or one with nothing in it.
bool is_filled_map(const Member& member, Faults& faults, std::string_view advice = {});
/// A number from a scalar, finite; `who` takes numbers. Nothing after a fault.
std::optional<double> read_number(const Node& node, std::string_view who, Faults& faults);
std::optional<std::int64_t> read_integer(const Node& node, std::string_view who, Faults& faults);
/// Reals without a fraction, within 64 bits, as integers.
std::optional<std::int64_t> as_integer(const Value& value);

}  // namespace tune

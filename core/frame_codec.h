#pragma once

// Bytes of the frames of core/frames.h: one list of fields a struct serves both directions. Private to core/frames.cc.
//
// Integers are 8 bytes, little-endian; bools and enumerations one; texts and lists begin with a count of 4.

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/ids.h"

namespace tune::frame_codec {

static_assert(std::endian::native == std::endian::little, "frames are written as they lie in memory");

class Encoder {
 public:
  template <class T>
  using Ref = const T&;

  explicit Encoder(std::string& out) : out_(out) {}

  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  /// An enumeration whose last value is `last`.
  template <class Enum>
  void choice(const Enum& value, Enum) {
    put_raw(static_cast<std::uint8_t>(value));
  }

 private:
  template <class T>
  void put_raw(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put(bool value) { put_raw(static_cast<std::uint8_t>(value)); }
  void put(int value) { put_raw(static_cast<std::int64_t>(value)); }
  void put(std::int64_t value) { put_raw(value); }
  void put(std::uint64_t value) { put_raw(value); }
  void put(double value) { put_raw(value); }
  void put(const std::string& text) {
    put_raw(static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }
  template <class Tag, class Rep>
  void put(const StrongId<Tag, Rep>& id) {
    put(id.value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put_raw(static_cast<std::uint32_t>(list.size()));
    for (const T& item : list) put(item);
  }
  template <class T>
    requires std::is_aggregate_v<T>
  void put(const T& value) {
    fields(*this, value);
  }

  std::string& out_;
};

/// Never reads beyond its bytes: after the first fault every read yields zeros, and `ok` is false.
class Decoder {
 public:
  template <class T>
  using Ref = T&;

  explicit Decoder(std::string_view in) : in_(in) {}

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  template <class Enum>
  void choice(Enum& value, Enum last) {
    const auto raw = get_raw<std::uint8_t>();
    if (raw > static_cast<std::uint8_t>(last)) return fail();
    value = static_cast<Enum>(raw);
  }

 private:
  void fail() {
    ok_ = false;
    in_ = {};
  }
  template <class T>
  T get_raw() {
    T value{};
    if (in_.size() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }
  /// How many bytes or items follow; each item takes a byte at least, so a count beyond what is left is a fault.
  std::uint32_t get_count() {
    const auto count = get_raw<std::uint32_t>();
    if (count <= in_.size()) return count;
    fail();
    return 0;
  }
  void get(bool& value) {
    const auto raw = get_raw<std::uint8_t>();
    if (raw > 1) fail();
    value = raw == 1;
  }
  void get(int& value) {
    const auto raw = get_raw<std::int64_t>();
    if (raw < std::numeric_limits<int>::min() || raw > std::numeric_limits<int>::max()) return fail();
    value = static_cast<int>(raw);
  }
  void get(std::int64_t& value) { value = get_raw<std::int64_t>(); }
  void get(std::uint64_t& value) { value = get_raw<std::uint64_t>(); }
  void get(double& value) { value = get_raw<double>(); }
  void get(std::string& text) {
    const std::uint32_t size = get_count();
    text = in_.substr(0, size);
    in_.remove_prefix(size);
  }
  template <class Tag, class Rep>
  void get(StrongId<Tag, Rep>& id) {
    get(id.value);
  }
  template <class A, class B>
  void get(std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool present = false;
    get(present);
    if (present) get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& list) {
    const std::uint32_t count = get_count();
    for (std::uint32_t i = 0; i < count && ok_; ++i) get(list.emplace_back());
  }
  template <class T>
    requires std::is_aggregate_v<T>
  void get(T& value) {
    fields(*this, value);
  }

  std::string_view in_;
  bool ok_ = true;
};

}  // namespace tune::frame_codec

#pragma once

// A value of an experiment: nothing, a flag, an integer, a real, a text, a list or a map. What parameters, options and
// configurations are made of, the same kinds as in the experiment file. Integers and reals are different kinds: 1 is
// not 1.0.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tune {

class Setting;
/// A map whose keys keep their order: `{{"max_t", 50}, {"grace_period", 3}}`.
using Settings = std::vector<std::pair<std::string, Setting>>;

class Setting {
 public:
  Setting() = default;
  Setting(bool v) : data_(v) {}
  /// One beyond 63 bits, which no integer of an experiment has, is the nearest real.
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Setting(I v) {
    if (v <= I{} || static_cast<std::uint64_t>(v) <= static_cast<std::uint64_t>(INT64_MAX)) {
      data_ = static_cast<std::int64_t>(v);
    } else {
      data_ = static_cast<double>(v);
    }
  }
  template <std::floating_point F>
  Setting(F v) : data_(static_cast<double>(v)) {}
  Setting(const char* v) : data_(std::string(v)) {}
  Setting(std::string v) : data_(std::move(v)) {}
  Setting(std::string_view v) : data_(std::string(v)) {}
  Setting(std::vector<Setting> list) : data_(std::move(list)) {}
  Setting(Settings map) : data_(std::move(map)) {}

  enum class Kind { kNull, kFlag, kInteger, kReal, kText, kList, kMap };
  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  /// The value as that kind, or nothing. Integers count as reals, reals without a fraction as integers.
  std::optional<bool> flag() const { return get<bool>(); }
  std::optional<std::int64_t> integer() const {
    if (const auto* real = std::get_if<double>(&data_)) {
      const bool fits = *real >= -9007199254740992.0 && *real <= 9007199254740992.0;
      if (fits && static_cast<double>(static_cast<std::int64_t>(*real)) == *real) {
        return static_cast<std::int64_t>(*real);
      }
    }
    return get<std::int64_t>();
  }
  std::optional<double> real() const {
    if (const auto* integer = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*integer);
    return get<double>();
  }
  std::optional<std::string> text() const { return get<std::string>(); }
  /// Null for other kinds. Lives as long as this value.
  const std::vector<Setting>* list() const { return std::get_if<std::vector<Setting>>(&data_); }
  const Settings* map() const { return std::get_if<Settings>(&data_); }

  /// The value at a path of keys, such as `optimizer.lr`; null if there is none.
  const Setting* find(std::string_view path) const {
    const Settings* members = map();
    if (members == nullptr) return nullptr;
    for (const auto& [key, value] : *members) {
      if (key == path) return &value;
      if (path.size() > key.size() && path.starts_with(key) && path[key.size()] == '.') {
        if (const Setting* found = value.find(path.substr(key.size() + 1))) return found;
      }
    }
    return nullptr;
  }

  /// This map with one more key: `tune::uniform(0.0, 0.99).with("when", Settings{{"optimizer", "sgd"}})`.
  /// Requires: a map.
  Setting with(std::string key, Setting value) const {
    Setting copy = *this;
    std::get<Settings>(copy.data_).emplace_back(std::move(key), std::move(value));
    return copy;
  }

  friend bool operator==(const Setting&, const Setting&) = default;

 private:
  template <class T>
  std::optional<T> get() const {
    const T* value = std::get_if<T>(&data_);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<Setting>, Settings> data_;
};

// --- Distributions of the search space: names, arguments and limits are those of the experiment file, which are Ray
// Tune's. Whether the arguments are sound is said when the experiment is checked, with all other faults.

/// `{NAME: [arguments]}`, for any distribution.
inline Setting distribution(std::string name, std::vector<Setting> arguments) {
  return Settings{{std::move(name), std::move(arguments)}};
}

/// Real, lower <= x < upper.
inline Setting uniform(double lower, double upper) { return distribution("uniform", {lower, upper}); }
/// Multiples of q, both ends included.
inline Setting quniform(double lower, double upper, double q) { return distribution("quniform", {lower, upper, q}); }
/// Uniform in the logarithm; lower > 0.
inline Setting loguniform(double lower, double upper) { return distribution("loguniform", {lower, upper}); }
inline Setting qloguniform(double lower, double upper, double q) {
  return distribution("qloguniform", {lower, upper, q});
}
/// Normal, unbounded; sd > 0.
inline Setting randn(double mean, double sd) { return distribution("randn", {mean, sd}); }
inline Setting qrandn(double mean, double sd, double q) { return distribution("qrandn", {mean, sd, q}); }
/// Integer, upper excluded.
inline Setting randint(std::int64_t lower, std::int64_t upper) { return distribution("randint", {lower, upper}); }
/// Multiples of q, both ends included.
inline Setting qrandint(std::int64_t lower, std::int64_t upper, std::int64_t q) {
  return distribution("qrandint", {lower, upper, q});
}
/// Integer, uniform in the logarithm, upper excluded; lower > 0.
inline Setting lograndint(std::int64_t lower, std::int64_t upper) { return distribution("lograndint", {lower, upper}); }
inline Setting qlograndint(std::int64_t lower, std::int64_t upper, std::int64_t q) {
  return distribution("qlograndint", {lower, upper, q});
}
/// One of the values, of any kind: `choice({4, 8, 16})`, `choice({"sgd", "adam"})`.
inline Setting choice(std::vector<Setting> values) { return distribution("choice", std::move(values)); }
/// Every value in turn, crossed with the other grids.
inline Setting grid_search(std::vector<Setting> values) { return distribution("grid_search", std::move(values)); }
/// Derived from other parameters by an expression, such as `hidden / 2`.
inline Setting sample_from(std::string expression) { return Settings{{"sample_from", std::move(expression)}}; }
/// A group of parameters: `{"optimizer", group({{"lr", loguniform(1e-4, 1e-1)}})}` is the path `optimizer.lr`.
inline Setting group(Settings parameters) { return Setting(std::move(parameters)); }

}  // namespace tune

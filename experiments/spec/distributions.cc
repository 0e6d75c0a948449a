#include "experiments/spec/distributions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/json.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

using Arguments = Distribution::Arguments;

const std::vector<Distribution>& table() {
  static const std::vector<Distribution> kTable = {
      {"uniform", Arguments::kReals, {"lower", "upper"}, "[lower, upper): uniform."},
      {"quniform", Arguments::kReals, {"lower", "upper", "q"}, "Multiples of q, equally likely; both ends included."},
      {"loguniform",
       Arguments::kReals,
       {"lower", "upper"},
       "[lower, upper): uniform in the logarithm; lower > 0. Ends are values, not exponents."},
      {"qloguniform",
       Arguments::kReals,
       {"lower", "upper", "q"},
       "Multiples of q, uniform in the logarithm; both ends included; lower > 0."},
      {"randn", Arguments::kReals, {"mean", "sd"}, "Normal; sd > 0."},
      {"qrandn", Arguments::kReals, {"mean", "sd", "q"}, "Normal, rounded to multiples of q; sd > 0."},
      {"randint", Arguments::kIntegers, {"lower", "upper"}, "Integers; the upper end is EXCLUDED, as in Ray Tune."},
      {"qrandint", Arguments::kIntegers, {"lower", "upper", "q"}, "Multiples of q; both ends included."},
      {"lograndint",
       Arguments::kIntegers,
       {"lower", "upper"},
       "Integers, uniform in the logarithm; lower > 0; the upper end is EXCLUDED."},
      {"qlograndint",
       Arguments::kIntegers,
       {"lower", "upper", "q"},
       "Multiples of q, uniform in the logarithm; both ends included; lower > 0."},
      {"int", Arguments::kIntegers, {"low", "high"}, "Integers; BOTH ends included."},
      {"logint",
       Arguments::kIntegers,
       {"low", "high"},
       "Integers, uniform in the logarithm; BOTH ends included; low > 0."},
      {"choice", Arguments::kValues, {}, "One of the listed values."},
      {"grid_search", Arguments::kValues, {}, "Every listed value in turn, crossed with the other grids."},
      {"sample_from", Arguments::kExpression, {}, "Derived value: an expression over other parameters."},
  };
  return kTable;
}

std::string signature(const Distribution& distribution) {
  std::string out = "[";
  for (std::size_t i = 0; i < distribution.parts.size(); ++i) {
    if (i > 0) out += ", ";
    out += distribution.parts[i];
  }
  return out + "]";
}

/// The item that a fault of the numbers is about: its first words say.
const Node& blamed(const Node& list, std::string_view message) {
  const auto item = [&](std::size_t i) -> const Node& { return i < list.items.size() ? list.items[i] : list; };
  if (message.find("lower > 0") != message.npos || message.find("low > 0") != message.npos) return item(0);
  if (message.starts_with("lower ") || message.starts_with("low ")) return item(0);
  if (message.starts_with("upper ") || message.starts_with("high ")) return item(1);
  if (message.find("sd > 0") != message.npos) return item(1);
  if (message.find("q > 0") != message.npos || message.starts_with("q ")) return item(2);
  return list;
}

void range_fault(const Node& list, const std::string& message, const std::string& hint, Faults& faults) {
  const bool positive = message.find("> 0") != std::string::npos;
  faults.error(blamed(list, message).place, positive ? code::kOutOfRange : code::kBadValue, message, hint);
}

/// `{lower: 0, upper: 1}` as the list it should be; empty if its keys are no arguments.
std::string as_list(const Node& map, const Distribution& distribution) {
  static const std::vector<std::vector<std::string_view>> kSame = {{"lower", "low", "min"}, {"upper", "high", "max"}};
  std::string arguments;
  for (const std::string_view part : distribution.parts) {
    std::vector<std::string_view> names{part};
    for (const auto& same : kSame) {
      if (std::ranges::find(same, part) != same.end()) names = same;
    }
    const Member* member = nullptr;
    for (const std::string_view name : names) member = member == nullptr ? map.find(name) : member;
    if (member == nullptr || !member->value.is_scalar()) return {};
    arguments += (arguments.empty() ? "" : ", ") + member->value.text;
  }
  return fmt::format("write [{}]", arguments);
}

bool check_arity(const Node& list, const Distribution& distribution, Faults& faults) {
  const std::size_t got = list.is_list() ? list.items.size() : 1;
  if (list.is_map() || (list.is_text() && !list.quoted && !distribution.parts.empty())) {
    faults.error(list.place, code::kWrongType,
                 fmt::format("{} takes {}; {}", distribution.name, signature(distribution), describe_node(list)),
                 as_list(list, distribution));
    return false;
  }
  if (got == distribution.parts.size() && list.is_list()) return true;
  faults.error(
      list.place, code::kArity,
      fmt::format("{} takes {}; got {} value{}", distribution.name, signature(distribution), got, got == 1 ? "" : "s"));
  return false;
}

std::optional<Domain> read_reals(const Node& list, const Distribution& distribution, Faults& faults) {
  if (!check_arity(list, distribution, faults)) return std::nullopt;
  std::vector<double> v;
  for (const Node& item : list.items) {
    if (const auto number = read_number(item, distribution.name, faults)) v.push_back(*number);
  }
  if (v.size() != list.items.size()) return std::nullopt;
  if (distribution.name == "uniform") return Uniform{v[0], v[1]};
  if (distribution.name == "quniform") return QUniform{v[0], v[1], v[2]};
  if (distribution.name == "loguniform") return LogUniform{v[0], v[1]};
  if (distribution.name == "qloguniform") return QLogUniform{v[0], v[1], v[2]};
  if (distribution.name == "randn") return Normal{v[0], v[1]};
  return QNormal{v[0], v[1], v[2]};
}

/// `int` and `logint` include their upper end; everything behind the file knows half-open ranges only.
std::optional<Domain> closed_range(const Node& list, const Distribution& distribution, std::int64_t low,
                                   std::int64_t high, Faults& faults) {
  const bool log = distribution.name == "logint";
  if (log && low <= 0) {
    range_fault(list, fmt::format("logint needs low > 0, got {}", low), "start at 1, or use int", faults);
    return std::nullopt;
  }
  if (low > high) {
    range_fault(list, fmt::format("{} needs low <= high, got {} and {}", distribution.name, low, high), {}, faults);
    return std::nullopt;
  }
  if (high == INT64_MAX) {
    range_fault(list, fmt::format("high {} is too large", high), {}, faults);
    return std::nullopt;
  }
  if (log) return LogRandInt{low, high + 1};
  return RandInt{low, high + 1};
}

std::optional<Domain> read_integers(const Node& list, const Distribution& distribution, Faults& faults) {
  if (!check_arity(list, distribution, faults)) return std::nullopt;
  std::vector<std::int64_t> v;
  for (const Node& item : list.items) {
    if (const auto number = read_integer(item, distribution.name, faults)) v.push_back(*number);
  }
  if (v.size() != list.items.size()) return std::nullopt;
  if (distribution.name == "randint") return RandInt{v[0], v[1]};
  if (distribution.name == "qrandint") return QRandInt{v[0], v[1], v[2]};
  if (distribution.name == "lograndint") return LogRandInt{v[0], v[1]};
  if (distribution.name == "qlograndint") return QLogRandInt{v[0], v[1], v[2]};
  return closed_range(list, distribution, v[0], v[1], faults);
}

std::optional<std::vector<double>> read_weights(const Node& list, std::size_t values, Faults& faults) {
  if (!list.is_list()) {
    faults.error(list.place, code::kWrongType, fmt::format("weights takes a list of numbers; {}", describe_node(list)));
    return std::nullopt;
  }
  std::vector<double> weights;
  double sum = 0;
  for (const Node& item : list.items) {
    const auto weight = read_number(item, "weights", faults);
    if (!weight) return std::nullopt;
    if (*weight < 0) {
      faults.error(item.place, code::kOutOfRange, fmt::format("weights must be 0 or more, got {}", item.text));
      return std::nullopt;
    }
    weights.push_back(*weight);
    sum += *weight;
  }
  if (weights.size() != values) {
    faults.error(list.place, code::kArity, fmt::format("{} weights for {} values", weights.size(), values));
    return std::nullopt;
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    faults.error(list.place, code::kOutOfRange, "weights must have a sum above 0 that is finite");
    return std::nullopt;
  }
  return weights;
}

bool read_choice_extras(const Node& map, Choice& choice, Faults& faults) {
  if (const Member* weights = map.find("weights"); weights != nullptr) {
    auto read = read_weights(weights->value, choice.values.size(), faults);
    if (!read) return false;
    choice.weights = *std::move(read);
  }
  if (const Member* ordered = map.find("ordered"); ordered != nullptr) {
    Key key;
    key.key = "ordered";
    key.type = OptionType::kBool;
    const auto value = read_key(*ordered, key, faults);
    if (!value) return false;
    choice.ordered = value->boolean();
  }
  return true;
}

std::optional<Domain> read_values(const Node& map, const Member& word, Faults& faults) {
  const Node& list = word.value;
  if (!list.is_list()) {
    faults.error(list.place, code::kWrongType,
                 fmt::format("{} takes a list of values; {}", word.name(), describe_node(list)),
                 list.is_scalar() ? fmt::format("write [{}]", list.text) : "");
    return std::nullopt;
  }
  if (list.items.empty()) {
    faults.error(list.place, code::kArity, fmt::format("{} takes a list of values; got 0 values", word.name()));
    return std::nullopt;
  }
  std::vector<Value> values;
  std::set<std::string> seen;
  bool good = true;
  for (const Node& item : list.items) {
    if (item.is_null() && !item.written) {
      faults.error(list.place, code::kWrongType, fmt::format("{} lists an item without a value", word.name()));
      return std::nullopt;
    }
    Value value = value_of_node(item);
    // Kind and text together: 1 is not 1.0, and text that says NaN is no NaN.
    const std::string identity = std::string(kind_phrase(value)) + to_json(value);
    if (word.name() == "choice" && !seen.insert(identity).second) {
      faults.error(item.place, code::kBadValue, fmt::format("choice lists {} twice", show_node(item)), "use weights");
      good = false;
    }
    values.push_back(std::move(value));
  }
  note_lookalikes(list, faults);
  if (!good) return std::nullopt;
  if (word.name() == "grid_search") return GridSearch{std::move(values)};
  Choice choice{std::move(values), {}, false};
  if (!read_choice_extras(map, choice, faults)) return std::nullopt;
  return choice;
}

std::optional<Domain> read_derived(const Node& map, const Member& word, Faults& faults) {
  Derived derived;
  if (!word.value.is_scalar() || word.value.scalar.is_bool() || word.value.text.empty()) {
    faults.error(word.value.place, code::kWrongType,
                 fmt::format("sample_from takes an expression; {}", describe_node(word.value)));
    return std::nullopt;
  }
  derived.expression = word.value.text;
  if (const Member* as = map.find("as"); as != nullptr) {
    Key key;
    key.key = "as";
    key.type = OptionType::kChoice;
    key.choices = {"float", "int"};
    const auto value = read_key(*as, key, faults);
    if (!value) return std::nullopt;
    derived.as_int = value->text() == "int";
  }
  return derived;
}

}  // namespace

std::span<const Distribution> distributions() { return table(); }

const Distribution* find_distribution(std::string_view name) {
  const auto found =
      std::find_if(table().begin(), table().end(), [&](const Distribution& d) { return d.name == name; });
  return found == table().end() ? nullptr : &*found;
}

const std::vector<std::string>& distribution_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Distribution& d : table()) names.emplace_back(d.name);
    return names;
  }();
  return kNames;
}

std::optional<Domain> read_domain(const Node& map, const Member& word, const Distribution& distribution,
                                  Faults& faults) {
  if (!has_value(word, faults)) return std::nullopt;
  std::optional<Domain> domain;
  switch (distribution.arguments) {
    case Arguments::kReals: domain = read_reals(word.value, distribution, faults); break;
    case Arguments::kIntegers: domain = read_integers(word.value, distribution, faults); break;
    case Arguments::kValues: domain = read_values(map, word, faults); break;
    case Arguments::kExpression: return read_derived(map, word, faults);
  }
  if (!domain) return std::nullopt;
  if (const Result<void> checked = check_domain(*domain, std::string(distribution.name)); !checked) {
    range_fault(word.value, checked.error().message, checked.error().hint, faults);
    return std::nullopt;
  }
  return domain;
}

}  // namespace tune

// The value of one key, by its table entry, and the faults that all keys have in common.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "experiments/spec/fields.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

std::string quoted_choices(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += "'" + words[i] + "'";
  }
  return out;
}

std::string type_phrase(const Key& key) {
  std::string phrase;
  switch (key.type) {
    case OptionType::kBool: phrase = "true or false"; break;
    case OptionType::kInteger: phrase = "an integer"; break;
    case OptionType::kReal: phrase = "a number"; break;
    case OptionType::kText: phrase = "text"; break;
    case OptionType::kRealList: phrase = "a list of numbers"; break;
    default: phrase = "a value";
  }
  for (const std::string& word : key.extra_words) phrase += " or " + word;
  return phrase;
}

/// What makes a number of text that stands for one: `"10"`, `1_000`, `10^-4`, `2**3`; empty if it stands for none.
std::string number_advice(const Node& node) {
  if (!node.is_text()) return {};
  if (read_plain_scalar(node.text).value.is_number()) return "remove the quotes";
  std::string text = node.text;
  for (const std::string_view power : {"10**", "10^"}) {
    if (text.starts_with(power)) text = "1e" + text.substr(power.size());
  }
  std::erase(text, '_');
  return text != node.text && read_plain_scalar(text).value.is_number() ? "write " + text : std::string();
}

std::string type_advice(const Key& key, const Node& node) {
  if (!node.is_scalar()) return {};
  if (key.type == OptionType::kText) return fmt::format("quote it: \"{}\"", node.text);
  if (!node.is_text()) return {};
  const Value unquoted = read_plain_scalar(node.text).value;
  if (key.type == OptionType::kBool) {
    if (unquoted.is_bool()) return "remove the quotes";
    static const std::vector<std::string> kYes = {"yes", "on", "Yes", "On", "YES", "ON"};
    if (looks_like(node.text) != "a bool") return {};
    return std::find(kYes.begin(), kYes.end(), node.text) != kYes.end() ? "write true" : "write false";
  }
  if (std::string advice = number_advice(node); !advice.empty()) return advice;
  return did_you_mean_hint(node.text, key.extra_words);
}

void wrong_type(const Node& node, const Key& key, Faults& faults) {
  const bool fraction = key.type == OptionType::kInteger && node.is_scalar() && node.scalar.is_real();
  const bool special = key.type == OptionType::kReal && node.is_scalar() && node.scalar.is_real();
  const std::string found = fraction || special ? show_node(node) + " is not one" : describe_node(node);
  faults.error(node.place, code::kWrongType, fmt::format("{} takes {}; {}", key.key, type_phrase(key), found),
               type_advice(key, node));
}

bool in_range(double value, const Key& key) {
  if (key.min && (key.above_min ? value <= *key.min : value < *key.min)) return false;
  return !key.max || value <= *key.max;
}

std::string range_phrase(const Key& key) {
  std::string phrase;
  if (key.min && key.max) {
    phrase = fmt::format("must lie in {}..{}", format_real(*key.min), format_real(*key.max));
  } else if (key.min) {
    phrase = key.above_min ? fmt::format("must be more than {}", format_real(*key.min))
                           : fmt::format("must be {} or more", format_real(*key.min));
  } else {
    phrase = fmt::format("must be {} or less", format_real(*key.max));
  }
  for (const std::string& word : key.extra_words) phrase += ", or " + word;
  return phrase;
}

std::optional<Value> check_range(Value value, const Node& node, const Key& key, Faults& faults) {
  if (in_range(*value.number(), key)) return value;
  faults.error(node.place, code::kOutOfRange,
               fmt::format("{} {}, got {}", key.key, range_phrase(key), show_node(node)));
  return std::nullopt;
}

bool is_extra_word(const Node& node, const Key& key) {
  return node.is_text() &&
         std::find(key.extra_words.begin(), key.extra_words.end(), node.text) != key.extra_words.end();
}

std::optional<Value> read_choice(const Node& node, const Key& key, Faults& faults) {
  if (node.is_text() && std::find(key.choices.begin(), key.choices.end(), node.text) != key.choices.end()) {
    return Value(node.text);
  }
  std::string hint;
  if (node.is_text()) hint = advise(key.key == "mode" ? WordPlace::kMode : WordPlace::kOther, node.text, key.choices);
  faults.error(node.place, code::kBadValue,
               fmt::format("{} must be {}, got {}", key.key, quoted_choices(key.choices), show_node(node)), hint);
  return std::nullopt;
}

template <class T>
std::optional<Value> read_with_unit(const Node& node, const Key& key, Result<T> (*parse)(std::string_view),
                                    std::string_view example, Faults& faults) {
  if (!node.is_scalar() || node.scalar.is_bool()) {
    faults.error(node.place, code::kWrongType,
                 fmt::format("{} takes a value such as {}; {}", key.key, example, describe_node(node)));
    return std::nullopt;
  }
  const Result<T> parsed = parse(node.text);
  if (!parsed) {
    std::string message = parsed.error().message, hint = parsed.error().hint;
    if (const std::size_t advice = message.find("; write "); hint.empty() && advice != std::string::npos) {
      hint = message.substr(advice + 2);
      message.resize(advice);
    }
    faults.error(node.place, code::kBadValue, message, hint);
    return std::nullopt;
  }
  if (!(*parsed > 0)) {
    faults.error(node.place, code::kOutOfRange, fmt::format("{} must be more than 0, got {}", key.key, node.text));
    return std::nullopt;
  }
  if constexpr (std::is_same_v<T, double>) {
    return Value(*parsed);
  } else {
    return Value(static_cast<std::int64_t>(std::min<T>(*parsed, INT64_MAX)));
  }
}

std::optional<Value> read_real_list(const Node& node, const Key& key, Faults& faults) {
  if (!node.is_list()) {
    wrong_type(node, key, faults);
    return std::nullopt;
  }
  List list;
  for (const Node& item : node.items) {
    const std::optional<double> number = read_number(item, key.key, faults);
    if (!number) return std::nullopt;
    list.emplace_back(*number);
  }
  return Value(std::move(list));
}

std::optional<Value> read_option(const Node& node, const Key& key, Faults& faults) {
  if (is_extra_word(node, key)) return Value(node.text);
  switch (key.type) {
    case OptionType::kBool:
      if (node.is_scalar() && node.scalar.is_bool()) return node.scalar;
      break;
    case OptionType::kInteger:
      if (!node.is_scalar()) break;
      if (const auto value = as_integer(node.scalar)) return check_range(Value(*value), node, key, faults);
      break;
    case OptionType::kReal:
      if (node.is_scalar() && node.scalar.is_number() && std::isfinite(*node.scalar.number())) {
        return check_range(Value(*node.scalar.number()), node, key, faults);
      }
      break;
    case OptionType::kText:
      if (node.is_text()) {
        if (!node.text.empty() || key.may_be_empty) return node.scalar;
        faults.error(node.place, code::kBadValue, fmt::format("{} is empty", key.key));
        return std::nullopt;
      }
      break;
    case OptionType::kChoice: return read_choice(node, key, faults);
    case OptionType::kRealList: return read_real_list(node, key, faults);
    case OptionType::kAny: return value_of_node(node);
  }
  wrong_type(node, key, faults);
  return std::nullopt;
}

}  // namespace

std::optional<Value> read_key(const Member& member, const Key& key, Faults& faults) {
  switch (key.form) {
    case Key::Form::kDuration: return read_with_unit<double>(member.value, key, parse_duration, "90s or 1h30m", faults);
    case Key::Form::kSize: return read_with_unit<std::uint64_t>(member.value, key, parse_size, "512MiB or 2GB", faults);
    case Key::Form::kOther: return Value();
    case Key::Form::kOption: break;
  }
  return read_option(member.value, key, faults);
}

std::optional<double> read_number(const Node& node, std::string_view who, Faults& faults) {
  if (node.is_scalar() && node.scalar.is_number()) {
    const double value = *node.scalar.number();
    if (std::isfinite(value)) return value;
    faults.error(node.place, code::kOutOfRange, fmt::format("{} takes finite numbers; {} is not one", who, node.text));
    return std::nullopt;
  }
  faults.error(node.place, code::kWrongType, fmt::format("{} takes numbers; {}", who, describe_node(node)),
               number_advice(node));
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Node& node, std::string_view who, Faults& faults) {
  if (node.is_scalar()) {
    if (const auto value = as_integer(node.scalar)) return value;
    if (node.scalar.is_real()) {
      faults.error(node.place, code::kWrongType, fmt::format("{} takes integers; {} is not one", who, node.text));
      return std::nullopt;
    }
  }
  faults.error(node.place, code::kWrongType, fmt::format("{} takes integers; {}", who, describe_node(node)),
               number_advice(node));
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const Value& value) {
  if (value.is_integer()) return value.integer();
  if (!value.is_real() || std::trunc(value.real()) != value.real()) return std::nullopt;
  if (!(std::abs(value.real()) < 0x1p63)) return std::nullopt;
  return static_cast<std::int64_t>(value.real());
}

}  // namespace tune

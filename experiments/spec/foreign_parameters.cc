// Parameters as other tools write them, recognised so that a stranger is told the form of this file.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "experiments/spec/call_syntax.h"
#include "experiments/spec/distributions.h"
#include "experiments/spec/parameters.h"
#include "experiments/spec/synonyms.h"

namespace tune {

namespace {

constexpr std::array<std::string_view, 13> kConstantNames = {
    "min", "max", "low", "high", "lower", "upper", "value", "values", "choices", "options", "log", "step", "bounds"};
/// Keys that only a description of a distribution has; never a parameter's name beside constants.
constexpr std::array<std::string_view, 8> kFormNames = {"distribution", "_type",  "_value", "type",
                                                        "minval",       "maxval", "mu",     "sigma"};

/// What stands beside a distribution.
constexpr std::array<std::string_view, 5> kModifiers = {"when", "description", "weights", "ordered", "as"};

bool is_one_of(std::string_view name, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), name) != words.end();
}

std::string argument(const Node& map, std::initializer_list<std::string_view> names, std::string_view otherwise) {
  for (const std::string_view name : names) {
    const Member* member = map.find(name);
    if (member != nullptr && member->value.is_scalar() && !member->value.text.empty()) return member->value.text;
  }
  return std::string(otherwise);
}

/// The form of this file for what `map` seems to say.
std::string translation(const Node& map) {
  for (const std::string_view name : {"values", "_value", "choices", "options"}) {
    const Member* values = map.find(name);
    if (values != nullptr && values->value.is_list()) return "{choice: [...]}";
  }
  if (map.find("value") != nullptr) return argument(map, {"value"}, "VALUE");
  const Member* bounds = map.find("bounds");
  std::string lower = argument(map, {"min", "low", "lower", "minval"}, "LOWER");
  std::string upper = argument(map, {"max", "high", "upper", "maxval"}, "UPPER");
  if (bounds != nullptr && bounds->value.items.size() == 2 && bounds->value.items[0].is_scalar() &&
      bounds->value.items[1].is_scalar()) {
    lower = bounds->value.items[0].text;
    upper = bounds->value.items[1].text;
  }
  const std::string form = argument(map, {"distribution", "type", "_type"}, "");
  const Member* log = map.find("log");
  const bool is_log = form.find("log") != std::string::npos ||
                      (log != nullptr && log->value.is_scalar() && log->value.scalar == Value(true));
  const bool is_integer = form.find("int") != std::string::npos;
  return fmt::format("{{{}{}: [{}, {}]}}", is_log ? "log" : "", is_integer ? "int" : "uniform", lower, upper);
}

bool is_parameter_like(const Node& value) {
  return value.is_map() && std::any_of(value.members.begin(), value.members.end(), [](const Member& m) {
           return find_distribution(m.name()) != nullptr || is_parameter_like(m.value);
         });
}

}  // namespace

bool report_foreign_parameter(const std::string& name, const Node& map, Faults& faults) {
  std::vector<const Member*> own;
  for (const Member& member : map.members) {
    if (!is_one_of(member.name(), kModifiers)) own.push_back(&member);
  }
  if (own.empty()) return false;
  if (own.size() == 1) {
    const Member& only = *own[0];
    const auto synonym = find_synonym(WordPlace::kParameter, only.name());
    const std::string near = did_you_mean_hint(only.name(), distribution_names());
    // A group may hold one parameter whose name is near a distribution's; the arguments of a distribution are no map.
    if ((synonym || !near.empty()) && !is_parameter_like(only.value)) {
      faults.error(only.key.place, code::kUnknownKey,
                   fmt::format("unknown distribution '{}' for '{}'", only.name(), name), synonym ? *synonym : near);
      return true;
    }
  }
  const bool constants = std::none_of(own.begin(), own.end(), [](const Member* m) { return m->value.is_map(); });
  const bool named_so = std::all_of(own.begin(), own.end(), [](const Member* m) {
    return is_one_of(m->name(), kConstantNames) || is_one_of(m->name(), kFormNames) ||
           find_synonym(WordPlace::kParameter, m->name()).has_value();
  });
  const bool is_form = std::any_of(own.begin(), own.end(), [](const Member* m) {
    return m->name() == "distribution" || m->name() == "_type" || m->name() == "_value";
  });
  const bool only_form_names =
      std::all_of(own.begin(), own.end(), [](const Member* m) { return is_one_of(m->name(), kFormNames); });
  if (!constants || (!is_form && (!named_so || only_form_names))) return false;
  faults.error(own[0]->key.place, code::kBadValue, fmt::format("a parameter is written {}", translation(map)));
  return true;
}

void warn_of_quoted_call(const Node& text, Faults& faults) {
  if (!text.is_text() || !text.quoted || text.text.starts_with('(') || text.text.starts_with('[')) return;
  const auto call = find_call(text.text, 0);
  if (!call || call->length != text.text.size()) return;
  faults.warning(text.place, code::kBadValue, fmt::format("\"{}\" is this text in every trial", call->text),
                 call->advice);
}

std::optional<std::size_t> report_call_syntax(const Node& text, const Source& source, Faults& faults) {
  if (!text.is_text() || text.quoted || text.text.find_first_of("([") == std::string::npos) return std::nullopt;
  if (const auto call = find_call(text.text, 0); call && call->length == text.text.size()) {
    faults.error(text.place, code::kBadValue, fmt::format("'{}' is text", call->text), call->advice);
    return std::string::npos;
  }
  if (text.text_offset == std::string::npos) return std::nullopt;
  const auto call = find_call(source.text(), text.text_offset);
  if (!call || call->length < text.text.size()) return std::nullopt;
  faults.error(source.place(call->offset, call->length), code::kBadValue, fmt::format("'{}' is text", call->text),
               call->advice);
  return call->offset + call->length;
}

}  // namespace tune

#include "trainables/command/program_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"

namespace tune {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // before the first line of some programs

std::string_view trimmed(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Numbers, and the words for those that JSON lacks.
std::optional<double> as_number(const Value& value) {
  if (value.is_number()) return value.number();
  if (value == Value("NaN") || value == Value("Infinity") || value == Value("-Infinity"))
    return parse_real(value.text());
  return std::nullopt;
}

/// The same; null is how most languages print NaN as JSON.
std::optional<double> as_value_of_objective(const Value& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : as_number(value);
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<std::int64_t> as_step(const Value& value) {
  const auto number = as_number(value);
  if (number && *number >= 1 && *number < 9e18 && *number == std::floor(*number)) {
    return value.is_integer() ? value.integer() : static_cast<std::int64_t>(*number);
  }
  return fail(ErrorCode::kTrial,
              "the program reported training_iteration " + to_json(value) + "; it must be a whole number from 1");
}

Result<std::optional<ProgramReport>> from_map(const Map& map, const std::vector<std::string>& objective) {
  const bool holds = std::any_of(map.begin(), map.end(), [&](const auto& member) {
    if (objective.empty()) return as_number(member.second).has_value();
    return is_one_of(objective, member.first) && as_value_of_objective(member.second);
  });
  if (!holds) return std::nullopt;
  ProgramReport report;
  Map extra;
  for (const auto& [key, value] : map) {
    if (key == "training_iteration") {
      auto step = as_step(value);
      if (!step) return pass_on(std::move(step));
      report.step = *step;
    } else if (key == "checkpoint" && (value.is_bool() || value.is_text())) {
      if (value != Value(false)) report.checkpoint = value.is_text() ? value.text() : "";
    } else if (const auto number = is_one_of(objective, key) ? as_value_of_objective(value) : as_number(value)) {
      report.metrics.emplace_back(key, *number);
    } else {
      extra.emplace_back(key, value);
    }
  }
  if (!extra.empty()) report.extra = to_json(Value(std::move(extra)));
  return report;
}

Value pair_value(std::string_view text) {
  if (text == "true" || text == "false") return Value(text == "true");
  if (const auto integer = parse_integer(text)) return Value(*integer);
  if (const auto real = parse_real(text)) return Value(*real);
  return Value(mended(text));  // a report that is held back as JSON reads back equal
}

std::optional<Map> json_members(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || line.front() != '{') return std::nullopt;
  const auto value = parse_json(line);
  if (!value || !value->is_map()) return std::nullopt;
  return value->map();
}

std::optional<Map> pair_members(std::string_view line) {
  Map map;
  line = trimmed(line);
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t,"), line.size());
    const std::string_view item = line.substr(0, end);
    const std::size_t equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    const std::string name = mended(item.substr(0, equals));
    const auto earlier = std::find_if(map.begin(), map.end(), [&](const auto& member) { return member.first == name; });
    if (earlier != map.end()) map.erase(earlier);  // the last one counts
    map.emplace_back(name, pair_value(item.substr(equals + 1)));
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t,"), line.size()));
  }
  return map;
}

}  // namespace

Result<std::optional<ProgramReport>> read_json_report(std::string_view line,
                                                      const std::vector<std::string>& objective) {
  const auto map = json_members(line);
  return map ? from_map(*map, objective) : std::nullopt;
}

Result<std::optional<ProgramReport>> read_pairs_report(std::string_view line,
                                                       const std::vector<std::string>& objective) {
  const auto map = pair_members(line);
  return map ? from_map(*map, objective) : std::nullopt;
}

std::string why_unreadable(std::string_view line, bool is_pairs, const std::vector<std::string>& objective) {
  constexpr std::size_t kMostShown = 60;
  const auto shown = [](const std::string& text) {
    return text.size() > kMostShown ? mended(text.substr(0, kMostShown)) + "..." : mended(text);
  };
  const auto map = is_pairs ? pair_members(line) : json_members(line);
  if (map) {
    for (const auto& [name, value] : *map) {
      if (as_value_of_objective(value) || !is_one_of(objective, name)) continue;
      return shown(to_json(value)) + " for '" + name + "' is no number";
    }
    return {};
  }
  line = trimmed(line);
  const bool names_one = std::any_of(objective.begin(), objective.end(), [&](const std::string& name) {
    return line.find(name) != std::string_view::npos;
  });
  if (is_pairs || !names_one || line.front() != '{') return {};
  const auto value = parse_json(line);
  return value ? "" : "'" + shown(std::string(line)) + "' cannot be read: " + value.error().message;
}

std::string program_report_to_json(const ProgramReport& report) {
  Map map;
  if (report.step) map.emplace_back("training_iteration", *report.step);
  for (const auto& [name, value] : report.metrics) map.emplace_back(name, value);
  if (report.checkpoint && !report.checkpoint->empty()) map.emplace_back("checkpoint", *report.checkpoint);
  if (const auto extra = parse_json(report.extra); extra && extra->is_map()) {
    map.insert(map.end(), extra->map().begin(), extra->map().end());
  }
  return to_json(Value(std::move(map)));
}

}  // namespace tune

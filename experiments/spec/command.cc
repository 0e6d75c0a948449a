// The `command` form of a trainable: any program.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "core/json.h"
#include "experiments/spec/scalars.h"
#include "experiments/spec/trainable.h"

namespace tune {

namespace {

namespace fs = std::filesystem;

/// Arguments and environment are text: a number would have to be printed in one of several ways.
bool is_plain_text(const Node& node, const std::string& who, Faults& faults) {
  if (node.is_text()) return true;
  faults.error(node.place, code::kWrongType, fmt::format("{} takes text; {}", who, describe_node(node)),
               node.is_scalar() && !node.text.empty() ? fmt::format("quote it: \"{}\"", node.text) : "");
  return false;
}

class CommandReader {
 public:
  CommandReader(const SpaceReading& space, const Reading& reading) : space_(space), reading_(reading) {}

  TrainableRef read(const Node& map, const std::vector<Objective>& objectives) {
    const Section section = command_section();
    const Fields fields = read_fields(map, section, reading_.faults, [&](const Member& member) {
      if (member.name() != "isolation") return false;
      reading_.faults.error(member.key.place, code::kUnknownKey, "'isolation' goes with builtin and plugin",
                            "a program always has a process of its own");
      return true;
    });
    const std::string directory = read_directory(fields);
    const Value env = read_env(fields.member("env"));
    for (const auto& [name, value] : env.map()) variables_.insert(name);
    const Value command = read_command_value(*map.find("command"), directory);
    if (space_.unread.empty()) check_placeholder_names(space_, reading_);

    List metrics;
    for (const Objective& objective : objectives) metrics.emplace_back(objective.metric);
    TrainableRef ref;
    ref.kind = TrainableRef::Kind::kCommand;
    ref.command_json = to_json(Value(Map{{"command", command},
                                         {"report", fields.text("report").value_or("stdout")},
                                         {"working_dir", directory},
                                         {"env", env},
                                         {"objective", std::move(metrics)}}));
    return ref;
  }

 private:
  std::string read_directory(const Fields& fields) {
    const std::string written = fields.text("working_dir").value_or(".");
    std::string directory = (fs::path(reading_.directory) / written).lexically_normal().string();
    while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
    std::error_code ignored;
    if (!reading_.stored && fields.member("working_dir") != nullptr && !fs::is_directory(directory, ignored)) {
      reading_.faults.error(fields.member("working_dir")->value.place, code::kBadValue,
                            fmt::format("working_dir '{}' is no directory", written),
                            fmt::format("looked at {}", directory));
    }
    return directory;
  }

  Value read_env(const Member* section) {
    if (section == nullptr || section->value.is_null()) return Value(Map{});
    if (!section->value.is_map()) {
      reading_.faults.error(section->value.place, code::kWrongType,
                            fmt::format("env takes a map; {}", describe_node(section->value)));
      return Value(Map{});
    }
    Map env;
    for (const Member& member : section->value.members) {
      if (!is_variable_name(member.name())) {
        reading_.faults.error(member.key.place, code::kBadValue,
                              fmt::format("'{}' is no name of an environment variable", member.name()));
      } else if (member.value.is_null() && !member.value.written) {
        reading_.faults.error(member.key.place, code::kWrongType, fmt::format("'{}' has no value", member.name()),
                              "write \"\" for an empty one");
      } else if (is_plain_text(member.value, member.name(), reading_.faults)) {
        check_placeholders(member.value, space_, reading_);
        env.emplace_back(member.name(), member.value.text);
      }
    }
    return Value(std::move(env));
  }

  static bool is_variable_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (name.empty() || !letter(name[0])) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  }

  Value read_command_value(const Member& member, const std::string& directory) {
    const Node& value = member.value;
    if (value.is_null()) return Value(List{});  // reported as having no value
    if (value.is_scalar()) {
      if (!is_plain_text(value, "command", reading_.faults)) return Value(List{});
      if (value.text.find_first_not_of(" \t\n") == std::string::npos) {
        reading_.faults.error(member.key.place, code::kBadValue, "command is empty");
      }
      check_placeholders(value, space_, reading_);
      note_bare_names(value);
      const std::size_t blank = std::min(value.text.find(' '), value.text.size());
      const std::size_t end = std::min(value.text.find_first_of(" ;&|<>", blank + 1), value.text.size());
      if (blank < end)
        check_script(value.text.substr(0, blank), value.text.substr(blank + 1, end - blank - 1), value, directory);
      return Value(value.text);
    }
    if (!value.is_list()) {
      reading_.faults.error(value.place, code::kWrongType,
                            fmt::format("command takes a list or text; {}", describe_node(value)));
      return Value(List{});
    }
    return read_arguments(member, directory);
  }

  Value read_arguments(const Member& member, const std::string& directory) {
    List arguments;
    for (const Node& item : member.value.items) {
      if (!is_plain_text(item, "command", reading_.faults)) continue;
      check_placeholders(item, space_, reading_);
      note_bare_names(item);
      arguments.emplace_back(item.text);
    }
    if (member.value.items.empty()) {
      reading_.faults.error(member.key.place, code::kBadValue, "command is empty");
    } else if (member.value.items[0].is_text()) {
      check_program(member.value.items[0], directory);
      if (arguments.size() > 1 && arguments.size() == member.value.items.size()) {
        check_script(arguments[0].text(), arguments[1].text(), member.value.items[1], directory);
      }
    }
    return Value(std::move(arguments));
  }

  /// Whether the program can be started, as far as can be told now.
  void check_program(const Node& program, const std::string& directory) {
    const std::string& name = program.text;
    if (reading_.stored || name.find('$') != std::string::npos) return;
    if (name.empty()) {
      reading_.faults.error(program.place, code::kBadValue, "the program's name is empty");
      return;
    }
    if (name.find('/') != std::string::npos) {
      const std::string path = (fs::path(directory) / name).lexically_normal().string();
      report_program(program, path, is_executable(path));
      return;
    }
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      if (is_executable((fs::path(directory) / rest.substr(0, end) / name).string())) return;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    report_program(program, "PATH", false);
  }

  /// An interpreter without its script fails every trial. Only what is surely a script is looked at.
  void check_script(const std::string& program, const std::string& script, const Node& node,
                    const std::string& directory) {
    static constexpr std::array<std::string_view, 9> kInterpreters = {"bash", "dash",    "julia", "node", "perl",
                                                                      "ruby", "Rscript", "sh",    "zsh"};
    const std::string name = fs::path(program).filename().string();
    const bool interprets = name.starts_with("python") || std::ranges::find(kInterpreters, name) != kInterpreters.end();
    if (reading_.stored || !interprets || script.empty() || script.find_first_of("-$\"'`*?~(") != std::string::npos)
      return;
    std::error_code ignored;
    const std::string path = (fs::path(directory) / script).lexically_normal().string();
    if (fs::exists(path, ignored)) return;
    reading_.faults.error(node.place, code::kPluginLoad, fmt::format("{} has no file {} to run", name, script),
                          fmt::format("looked at {}", path));
  }

  /// `$lr` or `{lr}` where `lr` is a parameter: text, as it stands.
  void note_bare_names(const Node& item) {
    if (reading_.stored) return;
    const std::string& s = item.text;
    const auto is_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t at = s.find_first_of("${"); at != std::string::npos; at = s.find_first_of("${", at + 1)) {
      if (at > 0 && s[at - 1] == '$') continue;
      std::size_t end = at + 1;
      while (end < s.size() && is_word(s[end])) ++end;
      const std::string name = s.substr(at + 1, end - at - 1);
      if (s[at] == '{' && (end == s.size() || s[end++] != '}')) continue;
      if (!space_.nodes.contains(name) || variables_.contains(name)) continue;
      reading_.faults.warning(place_within(reading_.source, item, at, end - at), code::kPlaceholder,
                              fmt::format("'{}' is text here, not the parameter", s.substr(at, end - at)),
                              fmt::format("write ${{{}}}", name));
    }
  }

  static bool is_executable(const std::string& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
  }

  void report_program(const Node& program, const std::string& where, bool good) {
    if (good) return;
    std::error_code ignored;
    const bool exists = where != "PATH" && fs::exists(where, ignored);
    if (exists && !fs::is_regular_file(where, ignored)) {
      reading_.faults.error(program.place, code::kPluginLoad,
                            fmt::format("cannot run {}: it is {}", program.text,
                                        fs::is_directory(where, ignored) ? "a folder" : "no regular file"),
                            "name a program, and its arguments after it");
      return;
    }
    reading_.faults.error(program.place, code::kPluginLoad,
                          exists ? fmt::format("cannot run {}: it is not executable", program.text)
                                 : fmt::format("cannot run {}: no such program", program.text),
                          where == "PATH" ? "looked in PATH"
                          : exists        ? fmt::format("chmod +x {}", where)
                                          : fmt::format("looked at {}", where));
  }

  const SpaceReading& space_;
  const Reading& reading_;
  std::set<std::string> variables_;  // of env
};

}  // namespace

TrainableRef read_command(const Node& map, const SpaceReading& space, const std::vector<Objective>& objectives,
                          const Reading& reading) {
  return CommandReader(space, reading).read(map, objectives);
}

}  // namespace tune

#include "experiments/spec/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/distributions.h"

namespace tune {

namespace {

constexpr const char* kNameAdvice = "letters, digits, '_' and '-'; first a letter or '_'";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_parameter_name(std::string_view name) {
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  });
}

/// What of a name is left when a person has to write it in another way: `learning rate` as `learning_rate`, or `rate`.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (is_letter(c) && c != '_') letters += static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') letters += c;
  }
  return letters;
}

bool is_modifier(std::string_view key) { return key == "when" || key == "description"; }

/// Entries of `when` that hold for what is being read, outermost group first.
using Conditions = std::vector<std::pair<Condition, const Member*>>;

class SpaceReader {
 public:
  SpaceReader(SpaceReading& out, const Reading& reading)
      : out_(out), source_(reading.source), faults_(reading.faults), stored_(reading.stored) {}

  void read_members(const Node& map, const std::string& prefix, const Conditions& outer) {
    for (const Member& member : map.members) {
      if (!prefix.empty() && is_modifier(member.name())) continue;
      if (is_rest_of_call(member.key)) continue;
      if (check_name(member, prefix)) read_entry(member, prefix + member.name(), outer);
    }
  }

 private:
  /// `1)` of `{x: uniform(0, 1)}`, where YAML sees a key of its own.
  bool is_rest_of_call(const Node& key) const {
    return key.text_offset != std::string::npos && key.text_offset >= call_begin_ && key.text_offset < call_end_;
  }

  bool is_call(const Node& text) {
    const auto end = report_call_syntax(text, source_, faults_);
    if (!end) return false;
    call_begin_ = text.text_offset;
    call_end_ = *end == std::string::npos ? call_begin_ : *end;
    return true;
  }

  /// False, with a fault, if the entry cannot be read under its name.
  bool check_name(const Member& member, const std::string& prefix) {
    const std::string& name = member.name();
    if (is_parameter_name(name) && name != "when" && find_distribution(name) == nullptr) {
      if (!member.value.is_null() || member.value.written) return true;
      has_value(member, faults_);
      add_faulty(member, prefix + name, {});
      return false;
    }
    out_.unread.push_back(prefix + name);
    std::string hint = kNameAdvice;
    std::string message = fmt::format("'{}' is no parameter name", name);
    if (name == "when") {
      hint = "it belongs to a parameter or a group";
    } else if (find_distribution(name) != nullptr) {
      message = fmt::format("'{}' is a distribution, not a parameter name", name);
      hint = fmt::format("write NAME: {{{}: [...]}}", name);
    } else if (const std::size_t dot = name.find('.');
               dot != std::string::npos && is_parameter_name(name.substr(0, dot))) {
      hint = fmt::format("write a group: {}: {{{}: ...}}", name.substr(0, dot), name.substr(dot + 1));
    }
    faults_.error(member.key.place, code::kBadValue, message, hint);
    return false;
  }

  void read_entry(const Member& member, const std::string& path, const Conditions& outer) {
    const Node& value = member.value;
    if (!value.is_map()) {
      if (is_call(value)) {
        add_faulty(member, path, outer);
        return;
      }
      note_lookalikes(value, faults_);
      if (!stored_) warn_of_quoted_call(value, faults_);
      if (value.is_list()) note_constant_list(member);
      add(member, path, Constant{value_of_node(value)}, "", "", outer, &value);
      return;
    }
    if (!value.members.empty() && is_call(value.members[0].key)) {  // {uniform(0, 1)}
      add_faulty(member, path, outer);
      return;
    }
    std::vector<const Member*> words;
    for (const Member& m : value.members) {
      if (find_distribution(m.name()) != nullptr) words.push_back(&m);
    }
    if (words.size() > 1) {
      faults_.error(words[1]->key.place, code::kConflict,
                    fmt::format("'{}' has both '{}' and '{}'", member.name(), words[0]->name(), words[1]->name()),
                    "keep one");
      add_faulty(member, path, outer);
    } else if (words.size() == 1) {
      read_distribution(member, path, *words[0], outer);
    } else if (report_foreign_parameter(member.name(), value, faults_)) {
      add_faulty(member, path, outer);
    } else {
      read_group(member, path, outer);
    }
  }

  /// A list is a good constant, but often a range or alternatives were meant.
  void note_constant_list(const Member& member) {
    const std::vector<Node>& items = member.value.items;
    const bool range = items.size() == 2 && std::ranges::all_of(items, [](const Node& item) {
                         return item.is_scalar() && item.scalar.is_number();
                       });
    faults_.note(member.value.place, code::kBadValue, fmt::format("'{}' is this list in every trial", member.name()),
                 range ? fmt::format("for a range write {{uniform: [{}, {}]}}", items[0].text, items[1].text)
                       : "for one of its items write {choice: [...]}");
  }

  /// `{loguniform: 1e-4, 1e-1}`: brackets forgotten. Reports it and returns true.
  bool report_lost_brackets(const Node& map, const Member& word, const Distribution& distribution) {
    if (distribution.parts.empty() || !word.value.is_scalar() || word.value.text.empty()) return false;
    std::string arguments = word.value.text;
    for (const Member& m : map.members) {
      if (&m == &word) continue;
      if (m.value.written || m.key.quoted || !parse_real(m.name())) return false;
      arguments += ", " + m.name();
    }
    if (map.members.size() == 1) return false;
    faults_.error(word.value.place, code::kArity, fmt::format("{} takes a list", word.name()),
                  fmt::format("write {}: [{}]", word.name(), arguments));
    return true;
  }

  void read_distribution(const Member& member, const std::string& path, const Member& word, const Conditions& outer) {
    const Distribution& distribution = *find_distribution(word.name());
    if (report_lost_brackets(member.value, word, distribution)) {
      add_faulty(member, path, outer);
      return;
    }
    const std::size_t before = faults_.errors();
    std::vector<std::string> legal = {"when", "description"};
    if (distribution.name == "choice") legal.insert(legal.end(), {"weights", "ordered"});
    if (distribution.name == "sample_from") legal.push_back("as");
    for (const Member& m : member.value.members) {
      if (&m == &word || std::find(legal.begin(), legal.end(), m.name()) != legal.end()) continue;
      const bool of_other = m.name() == "weights" || m.name() == "ordered" || m.name() == "as";
      const std::string owner = m.name() == "as" ? "sample_from" : "choice";
      faults_.error(m.key.place, code::kUnknownKey, fmt::format("unknown key '{}' beside '{}'", m.name(), word.name()),
                    of_other ? fmt::format("it goes with {}", owner) : did_you_mean_hint(m.name(), legal));
    }
    Conditions conditions = outer;
    std::string description;
    read_modifiers(member.value, conditions, description);
    const auto domain = read_domain(member.value, word, distribution, faults_);
    if (!domain || faults_.errors() != before) {
      add_faulty(member, path, conditions);
      return;
    }
    add(member, path, *domain, word.name(), description, conditions, &word.value);
  }

  void read_group(const Member& member, const std::string& path, const Conditions& outer) {
    Conditions conditions = outer;
    std::string description;
    read_modifiers(member.value, conditions, description);
    const bool has_members = std::any_of(member.value.members.begin(), member.value.members.end(),
                                         [](const Member& m) { return !is_modifier(m.name()); });
    if (!has_members) {
      faults_.error(member.key.place, code::kMissingKey, fmt::format("group '{}' has no parameters", member.name()));
      out_.unread.push_back(path);
      return;
    }
    out_.groups.push_back(path);
    read_members(member.value, path + ".", conditions);
  }

  void read_modifiers(const Node& map, Conditions& conditions, std::string& description) {
    if (const Member* text = map.find("description"); text != nullptr) {
      Key key;
      key.key = "description";
      key.type = OptionType::kText;
      key.may_be_empty = true;
      if (has_value(*text, faults_)) {
        if (const auto value = read_key(*text, key, faults_)) description = value->text();
      }
    }
    const Member* when = map.find("when");
    if (when == nullptr || !is_filled_map(*when, faults_, "write when: {parameter: value}")) return;
    for (const Member& entry : when->value.members) {
      if (auto condition = read_condition(entry)) conditions.emplace_back(*std::move(condition), &entry);
    }
  }

  std::optional<Condition> read_condition(const Member& entry) {
    if (entry.value.is_null() && !entry.value.written) {
      has_value(entry, faults_);
      return std::nullopt;
    }
    Condition condition;
    condition.path = entry.name();
    if (entry.value.is_list()) {
      for (const Node& item : entry.value.items) condition.values.push_back(value_of_node(item));
    } else if (entry.value.is_scalar()) {
      condition.values.push_back(entry.value.scalar);
    }
    if (!condition.values.empty()) return condition;
    faults_.error(entry.value.place, code::kWrongType,
                  fmt::format("'{}' in when takes a value or a list of values; {}", entry.name(),
                              entry.value.is_list() ? "the list is empty" : describe_node(entry.value)));
    return std::nullopt;
  }

  void add(const Member& member, const std::string& path, Domain domain, std::string written_as,
           std::string description, const Conditions& conditions, const Node* arguments) {
    Parameter parameter;
    parameter.path = path;
    parameter.domain = std::move(domain);
    parameter.written_as = std::move(written_as);
    parameter.description = std::move(description);
    ParameterNodes nodes{&member.key, &member.value, arguments, {}};
    for (const auto& [condition, entry] : conditions) {
      parameter.conditions.push_back(condition);
      nodes.conditions.push_back(entry);
    }
    out_.index.emplace(path, out_.parameters.size());
    out_.parameters.push_back(std::move(parameter));
    out_.nodes[path] = std::move(nodes);
  }

  /// A parameter that could not be read stays known by name, so that others may refer to it. Its domain makes no faults
  /// of its own: numbers, several of them.
  void add_faulty(const Member& member, const std::string& path, const Conditions& conditions) {
    add(member, path, RandInt{0, 2}, "int", {}, conditions, nullptr);
    out_.faulty.insert(path);
  }

  SpaceReading& out_;
  const Source& source_;
  Faults& faults_;
  bool stored_;
  std::size_t call_begin_ = 0, call_end_ = 0;  // of the last call that was reported, in the source
};

void read_constraints(const Member& member, SpaceReading& out, Faults& faults) {
  const Node& list = member.value;
  if (!list.is_list()) {
    faults.error(list.place, code::kWrongType, fmt::format("constraints takes a list; {}", describe_node(list)),
                 list.is_text() ? "put '- ' before it" : "");
    return;
  }
  for (const Node& item : list.items) {
    if (item.is_text() && !item.text.empty()) {
      out.constraints.push_back(&item);
    } else {
      faults.error(item.place, code::kWrongType, fmt::format("constraints takes expressions; {}", describe_node(item)));
    }
  }
}

}  // namespace

std::vector<std::string> SpaceReading::paths() const {
  std::vector<std::string> paths;
  paths.reserve(parameters.size());
  for (const Parameter& parameter : parameters) paths.push_back(parameter.path);
  return paths;
}

const Parameter* SpaceReading::find(const std::string& path) const {
  const auto found = index.find(path);
  return found == index.end() ? nullptr : &parameters[found->second];
}

bool SpaceReading::may_mean_unread(const std::string& name) const {
  const std::string wanted = letters_of(name);
  return std::ranges::any_of(unread, [&](const std::string& path) {
    if (path.empty() || name.starts_with(path + ".")) return true;
    const std::string there = letters_of(path);
    return there.find(wanted) != std::string::npos || (!there.empty() && wanted.find(there) != std::string::npos);
  });
}

bool SpaceReading::is_pure_grid() const {
  return std::all_of(parameters.begin(), parameters.end(), [&](const Parameter& p) {
    return faulty.contains(p.path) || std::holds_alternative<Constant>(p.domain) ||
           std::holds_alternative<GridSearch>(p.domain) || std::holds_alternative<Derived>(p.domain);
  });
}

SpaceReading read_space(const Member* search_space, const Member* constraints, const Reading& reading) {
  SpaceReading out;
  const std::size_t before = reading.faults.errors();
  const bool items =
      search_space != nullptr && !search_space->value.items.empty() && search_space->value.items[0].is_map();
  if (search_space != nullptr &&
      is_filled_map(*search_space, reading.faults,
                    items ? "write the names without '- ' before them" : "write NAME: {uniform: [lower, upper]}")) {
    SpaceReader(out, reading).read_members(search_space->value, "", {});
  } else {
    out.unread.emplace_back();
  }
  if (constraints != nullptr) read_constraints(*constraints, out, reading.faults);
  build_space(out, reading);
  if (reading.faults.errors() != before) out.space.reset();
  return out;
}

}  // namespace tune

#include "experiments/spec/trainable.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/json.h"
#include "core/text.h"

namespace tune {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCommandAdvice = "a program is written {command: [PROGRAM, ARGUMENT, ...]}";

std::string absolute_path(const std::string& path, const std::string& directory) {
  return (fs::path(directory) / path).lexically_normal().string();
}

bool ends_like_library(std::string_view path) {
  if (path.ends_with(".so")) return true;
  const std::size_t so = path.rfind(".so.");  // libmine.so.1.2
  return so != std::string_view::npos && path.find_first_not_of("0123456789.", so + 4) == std::string_view::npos;
}

struct LibraryName {
  std::string path, name;
};

/// `./libmine.so:MyNet`; nothing for a plain name.
std::optional<LibraryName> parse_library(const std::string& text) {
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.rfind(':');
  LibraryName library{text, ""};
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) {
    library = {text.substr(0, colon), text.substr(colon + 1)};
  }
  if (slash == std::string::npos && !ends_like_library(library.path)) return std::nullopt;
  return library;
}

bool is_script(std::string_view path) {
  return path.ends_with(".py") || path.ends_with(".sh") || path.ends_with(".jl") || path.ends_with(".R");
}

/// Why a file cannot be read; empty if it can.
std::string unreadable(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::strerror(errno);
  if (S_ISDIR(info.st_mode)) return "Is a directory";
  if (::access(path.c_str(), R_OK) != 0) return std::strerror(errno);
  return {};
}

TrainableRef read_builtin(const Node& name, const Reading& reading) {
  TrainableRef ref;
  ref.kind = TrainableRef::Kind::kBuiltin;
  ref.name = name.text;
  const auto& known = reading.context.builtins;
  if (reading.stored || std::find(known.begin(), known.end(), name.text) != known.end()) return ref;
  std::string hint = did_you_mean_hint(name.text, known);
  if (is_script(name.text)) {
    hint =
        fmt::format("write {{command: [{}, ...]}}", name.text.ends_with(".py") ? "python3, " + name.text : name.text);
  } else if (hint.empty() && name.text.find(' ') != std::string::npos) {
    hint = kCommandAdvice;
  } else if (hint.empty() && name.text.find(':') != std::string::npos) {
    hint = "a library is written ./libmine.so:MyNet";
  } else if (hint.empty()) {
    hint = known.empty() ? "" : "built in: " + join(known);
  }
  reading.faults.error(name.place, code::kUnknownName, fmt::format("no built-in trainable '{}'", name.text), hint);
  return ref;
}

TrainableRef read_library(const LibraryName& library, const Node& node, const Reading& reading) {
  TrainableRef ref;
  ref.kind = TrainableRef::Kind::kLibrary;
  ref.name = library.name;
  ref.library = absolute_path(library.path, reading.directory);
  if (reading.stored) return ref;
  if (const std::string why = unreadable(ref.library); !why.empty()) {
    std::string hint = fmt::format("looked at {}", ref.library);
    if (is_script(library.path)) hint = fmt::format("write {{command: [{}]}}", library.path);
    if (library.path.find(' ') != std::string::npos) hint = kCommandAdvice;
    reading.faults.error(node.place, code::kPluginLoad, fmt::format("cannot load {}: {}", library.path, why), hint);
  } else if (is_script(library.path)) {
    reading.faults.error(node.place, code::kPluginLoad,
                         fmt::format("cannot load {}: it is no shared library", library.path),
                         fmt::format("write {{command: [{}]}}", library.path));
  }
  return ref;
}

TrainableRef read_text(const Node& text, const Reading& reading) {
  if (text.text.empty()) {
    reading.faults.error(text.place, code::kBadValue, "trainable is empty");
    return {};
  }
  const auto library = parse_library(text.text);
  if (!library) return read_builtin(text, reading);
  if (library->path.size() + 1 == text.text.size() && library->name.empty()) {
    reading.faults.error(text.place, code::kBadValue, fmt::format("no name follows ':' in '{}'", text.text),
                         "leave out the ':', or write :MyNet");
  }
  return read_library(*library, text, reading);
}

Isolation isolation_of(const Fields& fields) {
  const std::string word = fields.text("isolation").value_or("auto");
  for (const Isolation isolation : {Isolation::kProcess, Isolation::kReuse, Isolation::kThread}) {
    if (isolation_name(isolation) == word) return isolation;
  }
  return Isolation::kAuto;
}

TrainableRef read_map(const Node& map, const SpaceReading& space, const std::vector<Objective>& objectives,
                      const Reading& reading) {
  std::vector<const Member*> forms;
  for (const Member& member : map.members) {
    if (member.name() == "builtin" || member.name() == "plugin" || member.name() == "command") forms.push_back(&member);
  }
  if (forms.size() > 1) {
    reading.faults.error(forms[1]->key.place, code::kConflict,
                         fmt::format("trainable has both '{}' and '{}'", forms[0]->name(), forms[1]->name()),
                         "keep one");
    return {};
  }
  if (forms.empty()) {
    Section all = plugin_section();
    for (const Section& other : {builtin_section(), command_section()}) {
      for (const Key& key : other.keys) {
        if (all.find(key.key) == nullptr) all.keys.push_back(key);
      }
    }
    for (Key& key : all.keys) key.required = false;
    const std::size_t before = reading.faults.errors();
    read_fields(map, all, reading.faults);
    if (reading.faults.errors() == before) {
      reading.faults.error(map.place, code::kMissingKey, "trainable needs builtin, plugin or command");
    }
    return {};
  }
  if (forms[0]->name() == "command") return read_command(map, space, objectives, reading);

  const bool builtin = forms[0]->name() == "builtin";
  const Fields fields = read_fields(map, builtin ? builtin_section() : plugin_section(), reading.faults);
  TrainableRef ref;
  if (fields.text(forms[0]->name())) {
    ref = builtin ? read_builtin(forms[0]->value, reading)
                  : read_library({forms[0]->value.text, fields.text("class").value_or("")}, forms[0]->value, reading);
  }
  ref.isolation = isolation_of(fields);
  return ref;
}

}  // namespace

TrainableRef read_trainable(const Member& section, const SpaceReading& space, const std::vector<Objective>& objectives,
                            const Reading& reading) {
  if (section.value.is_text()) return read_text(section.value, reading);
  if (section.value.is_map() && is_filled_map(section, reading.faults)) {
    return read_map(section.value, space, objectives, reading);
  }
  if (!section.value.is_map()) {
    reading.faults.error(section.value.place, code::kWrongType,
                         fmt::format("trainable takes a name or a map; {}", describe_node(section.value)),
                         section.value.is_list() ? "write {command: [...]}" : "");
  }
  return {};
}

Value trainable_document(const TrainableRef& trainable) {
  Map map;
  switch (trainable.kind) {
    case TrainableRef::Kind::kBuiltin: map.emplace_back("builtin", trainable.name); break;
    case TrainableRef::Kind::kLibrary:
      map.emplace_back("plugin", trainable.library);
      if (!trainable.name.empty()) map.emplace_back("class", trainable.name);
      break;
    case TrainableRef::Kind::kCommand: {
      Result<Value> command = parse_json(trainable.command_json);
      if (!command || !command->is_map()) return Value(Map{});
      std::erase_if(command->map(), [](const auto& entry) { return entry.first == "objective"; });
      return *std::move(command);
    }
  }
  if (trainable.isolation != Isolation::kAuto) map.emplace_back("isolation", isolation_name(trainable.isolation));
  return Value(std::move(map));
}

}  // namespace tune

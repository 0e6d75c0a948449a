// `tune init`: writes a project that builds and runs as it is, with a comment at each place to change.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/text.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/templates.h"
#include "tune/view/words.h"

namespace tune::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchemaName = ".tune.schema.json";

struct Template {
  std::string_view name, description;
  bool is_built = false;
};

constexpr Template kTemplates[] = {
    {"libtorch", "a network in C++ on LibTorch: CMake project, class with save and load", true},
    {"function", "a training loop of your own in C++, as a function: CMake project", true},
    {"python", "a Python program with checkpoints, and tune_report.py, a helper without dependencies", false},
    {"bash", "a shell script with checkpoints, which reports by `tune report`", false},
    {"command", "any program with flags, unchanged: reports are what it prints", false},
};

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const Template& one : kTemplates) names.emplace_back(one.name);
  return names;
}

/// A folder's name as the name of an experiment.
std::string experiment_name(const fs::path& folder) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  std::string name = (error ? folder : whole).filename().string();
  for (char& c : name) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    if (!fits) c = '-';
  }
  const std::size_t start =
      std::min(static_cast<std::size_t>(std::ranges::find_if(name, [](unsigned char c) { return std::isalnum(c); }) -
                                        name.begin()),
               name.size());
  name = name.substr(start, 100);
  return name.empty() ? "experiment" : name;
}

std::string filled_in(std::string_view content, const std::string& name) {
  constexpr std::string_view kMark = "@NAME@";
  std::string out(content);
  for (std::size_t at = 0; (at = out.find(kMark, at)) != std::string::npos; at += name.size()) {
    out.replace(at, kMark.size(), name);
  }
  return out;
}

Result<void> write_file(const fs::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  if (!out) return fail(ErrorCode::kIo, fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
  if (content.starts_with("#!")) {
    std::error_code ignored;
    constexpr auto kRun = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    fs::permissions(path, kRun, fs::perm_options::add, ignored);
  }
  return {};
}

/// How CMake is told where this very tune is; empty if nothing can be built against it.
std::string where_tune_is() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path prefix = program.parent_path().parent_path();
  if (error) return {};
  if (fs::exists(prefix / "lib/cmake/tune/tuneConfig.cmake", error)) {
    return " -DCMAKE_PREFIX_PATH=" + shell_word(prefix.string());
  }
  if (fs::exists(prefix / "tuneTargets.cmake", error)) return " -Dtune_DIR=" + shell_word(prefix.string());
  return {};
}

void print_list() {
  for (const Template& one : kTemplates) fmt::print("{:<10}{}\n", one.name, one.description);
}

}  // namespace

int init(const InitCommand& command, const Common& common) {
  if (command.list) return print_list(), kOk;
  const auto* const chosen =
      std::ranges::find_if(kTemplates, [&](const Template& one) { return one.name == command.template_name; });
  if (chosen == std::end(kTemplates)) {
    const std::vector<std::string> names = template_names();
    if (command.template_name.empty()) {
      return report(
          {ErrorCode::kBadInput, "which template? " + join(names), "as in: tune init --template python my-project"});
    }
    const std::string hint = did_you_mean_hint(command.template_name, names);
    return report({ErrorCode::kBadInput, fmt::format("no template '{}'", command.template_name),
                   hint.empty() ? "templates: " + join(names) : hint});
  }

  const fs::path folder = command.folder;
  std::vector<std::pair<std::string, std::string>> files;
  for (const TemplateFile& file : template_files()) {
    if (file.template_name != chosen->name) continue;
    files.emplace_back(file.name, filled_in(file.content, experiment_name(folder)));
  }
  files.emplace_back(kSchemaName, experiment_schema(reader_context({})) + "\n");

  std::error_code error;
  std::vector<std::string> there;
  for (const auto& [name, content] : files) {
    if (fs::exists(fs::symlink_status(folder / name, error))) there.push_back(name);
  }
  if (!there.empty() && !command.force) {
    return report({ErrorCode::kBadInput,
                   fmt::format("{} already holds {}; nothing was written", command.folder, join(there)),
                   "name another folder, or overwrite them with --force"});
  }
  fs::create_directories(folder, error);
  if (error)
    return report({ErrorCode::kIo, fmt::format("cannot make {}: {}", command.folder, error.message()), ""}), kUsage;
  for (const auto& [name, content] : files) {
    if (auto written = write_file(folder / name, content); !written) return report(written.error()), kUsage;
  }
  if (common.verbosity < 0) return kOk;

  fmt::print("Wrote a {} project to {}:\n", chosen->name, command.folder);
  for (const auto& [name, content] : files) fmt::print("  {}\n", name);
  fmt::print("Next:\n");
  if (folder != ".") fmt::print("  cd {}\n", shell_word(command.folder));
  if (chosen->is_built) {
    const std::string where = where_tune_is();
    fmt::print("  cmake -B build{} && cmake --build build\n",
               where.empty() ? " -DCMAKE_PREFIX_PATH=<where tune is installed>" : where);
  }
  fmt::print("  tune run experiment.yaml\n");
  fmt::print("Then change it to yours: grep -n CHANGE *\n");
  return kOk;
}

}  // namespace tune::cli

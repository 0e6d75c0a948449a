#include "trainables/run/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>
#include <system_error>

#include "core/text.h"
#include "trainables/run/info.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "libtune_", kSuffix = ".so";

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || fs::equivalent(a, b, error);
}

LoadedTrainable compiled(const tune_trainable* table) { return {table, nullptr, count_tasks(), info_of(*table)}; }

std::vector<std::string> names_of(std::span<const tune_trainable* const> tables) {
  std::vector<std::string> names;
  for (const tune_trainable* table : tables) names.emplace_back(table->name);
  return names;
}

/// dlerror without the path in front, which the message has already.
std::string loader_words(const std::string& path) {
  const char* said = ::dlerror();
  std::string words = said != nullptr ? said : "the loader does not say why";
  if (words.starts_with(path + ": ")) words.erase(0, path.size() + 2);
  return words;
}

/// What is wrong with the tables of a library of our interface; empty: nothing.
std::string fault_of(const tune_library& library) {
  if (library.count == 0 || library.trainables == nullptr) return "registers no trainable";
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < library.count; ++i) {
    const tune_trainable* table = library.trainables[i];
    if (table == nullptr || table->name == nullptr || table->run == nullptr)
      return "registers a trainable without name or run";
    if (!names.insert(table->name).second) return fmt::format("registers '{}' twice", table->name);
  }
  return {};
}

Result<const tune_library*> library_table(void* handle, const std::string& shown) {
  const auto entry = reinterpret_cast<tune_library_fn>(::dlsym(handle, TUNE_LIBRARY_SYMBOL));
  if (entry == nullptr) {
    return fail(ErrorCode::kTrial, fmt::format("{} is not a tune library: it exports no " TUNE_LIBRARY_SYMBOL, shown),
                "register a trainable in it with the macros of <tune/trainable.h>");
  }
  const tune_library* library = nullptr;
  try {
    library = entry();
  } catch (const std::exception& e) {
    return fail(ErrorCode::kTrial, fmt::format("{} fails to register its trainables: {}", shown, e.what()));
  } catch (...) {
    return fail(ErrorCode::kTrial, fmt::format("{} fails to register its trainables", shown));
  }
  if (library == nullptr) return fail(ErrorCode::kTrial, fmt::format("{} registers no trainable", shown));
  if (library->abi != TUNE_ABI) {
    return fail(
        ErrorCode::kTrial,
        fmt::format("{} was built with the headers of tune {} (trainable interface {}); this is tune {} (interface {})",
                    shown, library->version != nullptr ? library->version : "?", library->abi, TUNE_VERSION, TUNE_ABI),
        "build it again with the headers of this tune");
  }
  if (const std::string fault = fault_of(*library); !fault.empty()) {
    return fail(ErrorCode::kTrial, fmt::format("{} {}", shown, fault));
  }
  return library;
}

Result<const tune_trainable*> pick(std::span<const tune_trainable* const> tables, const std::string& name,
                                   const std::string& shown) {
  if (name.empty() && tables.size() == 1) return tables.front();
  for (const tune_trainable* table : tables) {
    if (name == table->name) return table;
  }
  const std::vector<std::string> names = names_of(tables);
  if (name.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("{} registers {}; say which", shown, join(names)),
                fmt::format("write {}:{}", shown, names.front()));
  }
  return fail(ErrorCode::kNotFound, fmt::format("{} registers {}; no '{}'", shown, join(names), name),
              did_you_mean_hint(name, names));
}

Result<LoadedTrainable> load_library(const std::string& path, const std::string& name) {
  const std::string shown = shown_path(path);
  std::error_code error;
  const bool there = fs::exists(path, error);
  // RTLD_NOW: a missing symbol is said here, before any trial. A path without '/' would be looked for elsewhere.
  const std::string looked_for = path.find('/') == std::string::npos ? "./" + path : path;
  void* handle = ::dlopen(looked_for.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return fail(there ? ErrorCode::kTrial : ErrorCode::kNotFound,
                fmt::format("cannot load {}: {}", shown, loader_words(looked_for)),
                there ? "" : "build it, or mend the path");
  }
  const int tasks = count_tasks();
  const auto library = library_table(handle, shown);
  if (!library) return tl::unexpected<Error>(library.error());
  const auto table = pick({(*library)->trainables, (*library)->count}, name, shown);
  if (!table) return tl::unexpected<Error>(table.error());
  return LoadedTrainable{*table, handle, tasks, info_of(**table)};
}

/// What this program has registered itself: it cannot be loaded into itself, and need not be.
Result<LoadedTrainable> load_own(const std::string& name, const CompiledIn& compiled_in) {
  const std::string shown = shown_path(compiled_in.program);
  if (compiled_in.registered.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("{} registers no trainable", shown),
                "register one with the macros of <tune/trainable.h>");
  }
  const auto table = pick(compiled_in.registered, name, shown);
  if (!table) return tl::unexpected<Error>(table.error());
  return compiled(*table);
}

Result<LoadedTrainable> load_builtin(const std::string& name, const CompiledIn& compiled_in) {
  for (const tune_trainable* table : compiled_in.trainables) {
    if (name == table->name) return compiled(table);
  }
  const std::vector<std::string> names = list_builtin_names(compiled_in);
  if (std::ranges::find(names, name) != names.end()) {
    return load_library(fmt::format("{}/{}{}{}", library_folder(), kPrefix, name, kSuffix), name);
  }
  std::string hint = did_you_mean_hint(name, names);
  if (hint.empty()) hint = "one of your own is named with its library: ./libmine.so:Mine";
  return fail(ErrorCode::kNotFound, fmt::format("no trainable '{}' comes with tune; these do: {}", name, join(names)),
              hint);
}

}  // namespace

Result<LoadedTrainable> load_trainable(const TrainableRef& ref, const CompiledIn& compiled_in) {
  switch (ref.kind) {
    case TrainableRef::Kind::kBuiltin: return load_builtin(ref.name, compiled_in);
    case TrainableRef::Kind::kLibrary:
      if (!compiled_in.program.empty() && is_same_file(ref.library, compiled_in.program)) {
        return load_own(ref.name, compiled_in);
      }
      return load_library(ref.library, ref.name);
    case TrainableRef::Kind::kCommand: break;
  }
  if (!compiled_in.command) return fail(ErrorCode::kUnsupported, "commands are not run here");
  auto table = compiled_in.command(ref.command_json);
  if (!table) return pass_on(std::move(table));
  return compiled(*table);
}

Result<void> prepare_trainable(const LoadedTrainable& trainable) {
  static std::mutex mutex;
  static std::set<const tune_trainable*> prepared;
  const tune_trainable& table = *trainable.table;
  const tune_trainable_extended* extended = extended_table(table);
  if (extended == nullptr || extended->prepare == nullptr) return {};
  const std::lock_guard lock(mutex);
  if (prepared.contains(&table)) return {};
  char why[1000] = "";
  if (extended->prepare(extended->context, why, sizeof why) != 0) {
    return fail(ErrorCode::kTrial, fmt::format("{} cannot prepare its trials: {}", table.name, why));
  }
  prepared.insert(&table);
  return {};
}

std::vector<std::string> list_builtin_names(const CompiledIn& compiled_in) {
  std::vector<std::string> names = names_of(compiled_in.trainables);
  std::error_code error;
  for (fs::directory_iterator it(library_folder(), error), end; !error && it != end; it.increment(error)) {
    const std::string file = it->path().filename().string();
    if (file.size() <= kPrefix.size() + kSuffix.size() || !file.starts_with(kPrefix) || !file.ends_with(kSuffix))
      continue;
    names.push_back(file.substr(kPrefix.size(), file.size() - kPrefix.size() - kSuffix.size()));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

int count_tasks() {
  struct stat status {};
  // A folder has two links of its own and one for each subfolder.
  return ::stat("/proc/self/task", &status) == 0 ? static_cast<int>(status.st_nlink) - 2 : 1;
}

std::string library_folder() {
  Dl_info here{}, program{};
  const bool known = ::dladdr(reinterpret_cast<const void*>(&library_folder), &here) != 0 &&
                     ::dladdr(reinterpret_cast<const void*>(::getauxval(AT_PHDR)), &program) != 0;
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (known && here.dli_fbase != program.dli_fbase) {  // libtune.so, in a program that may lie anywhere
    if (const fs::path library = fs::canonical(here.dli_fname, error); !error) self = library;
  }
  return (self.parent_path().parent_path() / "lib/tune").string();
}

std::string shown_path(const std::string& path) {
  std::error_code error;
  const std::string here = fs::current_path(error).string() + "/";
  return !error && path.size() > here.size() && path.starts_with(here) ? "./" + path.substr(here.size()) : path;
}

}  // namespace tune

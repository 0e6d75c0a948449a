#pragma once

// Finds the C table of a trainable: one of those compiled in, one in a shared library, or the runner of a command. What
// is loaded is never unloaded: trials, threads and destructors of the library live on until the process ends.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/messages.h"
#include "core/result.h"
#include "trainables/include/tune/abi.h"

namespace tune {

/// The trainables of this program itself; the caller says which, so that this folder needs none of them.
struct CompiledIn {
  std::span<const tune_trainable* const> trainables;
  /// The runner of a `command`, set up for this command map. Empty: this program runs none.
  std::function<Result<const tune_trainable*>(const std::string& command_json)> command;
  /// Of a program that runs trials itself: its path, under which experiments name what it has registered, and that.
  std::string program = {};
  std::vector<const tune_trainable*> registered = {};
};

struct LoadedTrainable {
  const tune_trainable* table = nullptr;
  void* library = nullptr;  ///< handle of dlopen, or null
  int tasks = 1;            ///< threads of this process once the library was mapped, before it was asked anything
  TrainableInfo info;
};

/// kNotFound: no such file or name. kTrial: the library is none of tune's, of another interface, or does not load.
Result<LoadedTrainable> load_trainable(const TrainableRef& ref, const CompiledIn& compiled_in);

/// Of a table that has more than every table; null: it has not.
inline const tune_trainable_extended* extended_table(const tune_trainable& table) {
  const bool is = (table.flags & TUNE_EXTENDED) != 0;
  return is ? reinterpret_cast<const tune_trainable_extended*>(&table) : nullptr;
}

/// Calls the trainable's own `prepare`, once in this process. kTrial with its words.
Result<void> prepare_trainable(const LoadedTrainable& trainable);

/// Names that need no path, sorted: those compiled in, and those of the libraries libtune_NAME.so that came with tune.
std::vector<std::string> list_builtin_names(const CompiledIn& compiled_in);

/// Threads of this process.
int count_tasks();

/// Where the libraries that come with tune lie: `../lib/tune`, seen from the folder of what this code is part of, the
/// program tune (or tune-host) or libtune.so; in the build tree and where it is installed.
std::string library_folder();

/// `./libmine.so` if it lies under the current folder, else as it is: what people wrote and know it by.
std::string shown_path(const std::string& path);

}  // namespace tune

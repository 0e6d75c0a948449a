#pragma once

// Reads and checks an experiment file. All faults at once, each with file, line, column and advice; nothing is started.
// Typing is ours, by the YAML 1.2 core rules on the text of plain scalars (yaml-cpp's own conversions are never used).

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/options.h"
#include "core/workers.h"
#include "experiments/spec.h"

namespace tune {

struct Diagnostic {
  enum class Severity { kError, kWarning, kNote };
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;        ///< one-based; 0: the file as a whole
  int column = 0;      ///< one-based, in characters
  int end_column = 0;  ///< one past the end
  std::string code;    ///< stable: `unknown-key`, `bad-value`, ...
  std::string message;
  std::string hint;
  std::string source_line;  ///< text of the line, for the caret
};

/// What the reader must know of other rooms; `tune` puts it together.
struct ReaderContext {
  const Catalogue* samplers = nullptr;
  const Catalogue* schedulers = nullptr;
  /// Whether a scheduler's options, sound by the catalogue, fit the space, and what should be known of them; empty:
  /// that is not looked at.
  std::function<Result<std::vector<std::string>>(const std::string& type, const Options& options, const Space& space,
                                                 std::optional<std::int64_t> trials)>
      try_scheduler = {};
  std::vector<std::string> builtins;  ///< names of trainables that come with tune
  /// `scheduler.max_t=20`: (path, YAML value), applied before checking; messages say `--set PATH`.
  std::vector<std::pair<std::string, std::string>> overrides;
  std::optional<Machine> machine;  ///< that must hold one trial's resources; nothing: they are not looked at
  bool given_before = false;       ///< a text that was run: nothing outside of it is looked at, for it may be gone
};

struct ReadOutcome {
  std::optional<ExperimentSpec> spec;   ///< present iff there is no error
  std::vector<Diagnostic> diagnostics;  ///< sorted by position; warnings and notes too
};

/// `text` of the file, `file` for messages, `directory` (absolute) for relative paths, `default_name` for `name`.
ReadOutcome read_experiment(const std::string& text, const std::string& file, const std::string& directory,
                            const std::string& default_name, const ReaderContext& context);

/// The file at `path`; a missing or unreadable file is one diagnostic.
ReadOutcome read_experiment_file(const std::string& path, const ReaderContext& context);

/// The stored document of an experiment (ExperimentSpec::resolved_json), read back at resume. Its diagnostics say
/// `stored experiment` as file.
ReadOutcome read_stored_experiment(const std::string& resolved_json, const std::string& directory,
                                   const ReaderContext& context);

/// Whether this process's environment has what `${env:NAME}` of a stored experiment stands for: kBadInput names what is
/// missing, and never a value.
Result<void> check_environment(const TrainableRef& trainable);

/// Faults of the loaded trainable against the spec (unknown, missing or ill-typed parameters, no end, scheduler needs
/// checkpoints it cannot make, objective not among its metrics), placed in the file's text.
std::vector<Diagnostic> check_trainable(const ExperimentSpec& spec, const TrainableInfo& info,
                                        const ReaderContext& context);

/// The fault of a trainable that could not be loaded at all, placed in the file's text.
std::vector<Diagnostic> place_load_error(const ExperimentSpec& spec, const Error& error, const ReaderContext& context);

/// Whether one of them forbids the run.
bool has_errors(const std::vector<Diagnostic>& diagnostics);
/// `FILE:LINE:COLUMN: error: ...`, the line, the caret with the hint; then `8 errors; nothing was started`.
std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics, bool color);
/// JSON list of {file, line, column, endColumn, severity, code, message, hint}.
std::string diagnostics_to_json(const std::vector<Diagnostic>& diagnostics);

/// JSON Schema (draft-07) of the experiment file, made from the same tables.
std::string experiment_schema(const ReaderContext& context);

}  // namespace tune

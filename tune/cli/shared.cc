// What several commands need: catalogues for the reader, names of experiments and trials, exit codes.

#include <fmt/format.h>
#include <unistd.h>

#include "core/text.h"
#include "core/utf8.h"
#include "experiments/store/store.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"
#include "trainables/host/compiled_in.h"
#include "trainables/run/loader.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/view/tell.h"

namespace tune::cli {

Exit exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadInput:
    case ErrorCode::kUnsupported: return kUsage;
    case ErrorCode::kNotFound: return kNotFound;
    case ErrorCode::kBusy:
    case ErrorCode::kDiskFull:
    case ErrorCode::kNewerVersion:
    case ErrorCode::kDamaged:
    case ErrorCode::kIo: return kDatabase;
    case ErrorCode::kTrial: return kFailed;
    case ErrorCode::kInterrupted: return kInterrupted;
    case ErrorCode::kInternal: return kInternal;
  }
  return kInternal;
}

void warn(const std::string& text) { tell_plainly(stderr, "warning: {}\n", text); }

int report(const Error& error) {
  tell_plainly(stderr, "tune: {}\n", error.message);
  if (!error.hint.empty()) tell_plainly(stderr, "      {}\n", error.hint);
  return exit_code(error.code);
}

void print_diagnostics(const std::vector<Diagnostic>& diagnostics, const Common& common) {
  if (diagnostics.empty()) return;
  tell(stderr, "{}", format_diagnostics(diagnostics, common.color && isatty(STDERR_FILENO) == 1));
}

std::optional<ExperimentSpec> read_to_look_at(const std::string& file, const std::vector<std::string>& set,
                                              const Common& common) {
  ReaderContext context = reader_context(set);
  context.machine.reset();  // nothing runs, so nothing need fit
  ReadOutcome read = read_experiment_file(file, context);
  if (!common.json) {
    print_diagnostics(read.diagnostics, common);
  } else if (!read.spec) {
    fmt::print("{}\n", diagnostics_to_json(read.diagnostics));
  }
  return std::move(read.spec);
}

ReaderContext reader_context(const std::vector<std::string>& set) {
  ReaderContext context;
  context.samplers = &sampler_catalogue();
  context.schedulers = &scheduler_catalogue();
  context.try_scheduler = try_scheduler;
  context.builtins = list_builtin_names(compiled_in());
  context.machine = this_machine();
  for (const std::string& one : set) {
    const std::size_t equals = one.find('=');
    context.overrides.emplace_back(one.substr(0, equals), equals == std::string::npos ? "" : one.substr(equals + 1));
  }
  return context;
}

Result<std::pair<std::string, TrialId>> parse_trial(const std::string& text) {
  std::size_t cut = text.rfind('/');
  if (cut == std::string::npos) cut = text.rfind('-');  // NAME-00017, as in tables
  if (cut != std::string::npos && cut > 0) {
    if (const auto number = parse_integer(text.substr(cut + 1)); number && *number >= 0) {
      return std::pair{text.substr(0, cut), TrialId{*number}};
    }
  }
  return fail(ErrorCode::kBadInput, fmt::format("'{}' names no trial", text),
              "write EXPERIMENT/NUMBER, as in iris-asha/17");
}

Result<std::string> pick_experiment(const std::string& db, const std::string& name) {
  if (!name.empty()) return name;
  auto reader = open_reader(db);
  if (!reader) return pass_on(std::move(reader));
  auto rows = (*reader)->experiments();
  if (!rows) return pass_on(std::move(rows));
  if (rows->size() == 1) return rows->front().name;
  if (rows->empty()) return fail(ErrorCode::kNotFound, fmt::format("{} holds no experiment", db));
  std::vector<std::string> names;
  for (const ExperimentRow& row : *rows) names.push_back(row.name);
  return fail(ErrorCode::kBadInput, fmt::format("which experiment? {} holds {}", db, join(names)));
}

}  // namespace tune::cli

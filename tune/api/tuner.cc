#include "tune/api/tuner.h"

#include <filesystem>

#include "core/json.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"
#include "tune/api/failure.h"
#include "tune/api/program.h"
#include "tune/session/session.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

std::string isolation_word(int isolation) {
  switch (isolation) {
    case 0:
    case TUNE_PROCESS: return "";
    case TUNE_REUSE: return "reuse";
    case TUNE_THREAD: return "thread";
    default: return std::to_string(isolation);  // which the reader refuses
  }
}

/// What stands under `trainable`: names of this program's own become the program and the name in it, so that the
/// command line finds them again.
Value trainable_value(const TrainableChoice& choice) {
  Map map;
  if (choice.table() != nullptr) {
    map = {{"plugin", program_path()}, {"class", kUnregistered}};
    const std::string word = isolation_word(choice.table()->get()->isolation);
    if (!word.empty()) map.emplace_back("isolation", word);
    return map;
  }
  Value document = to_value(choice.document());
  if (!document.is_text()) return document;
  const std::string name = document.text();
  const std::string word = choice.isolation() == TUNE_PROCESS ? "process" : isolation_word(choice.isolation());
  const std::size_t slash = name.rfind('/'), colon = name.rfind(':');
  if (is_registered(name)) {
    map = {{"plugin", program_path()}, {"class", name}};
  } else if (word.empty()) {
    return document;
  } else if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) {
    map = {{"plugin", name.substr(0, colon)}, {"class", name.substr(colon + 1)}};
  } else {
    map = {{slash != std::string::npos ? "plugin" : "builtin", name}};
  }
  if (!word.empty()) map.emplace_back("isolation", word);
  return map;
}

std::string current_directory() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

}  // namespace

ReaderContext Tuner::Parts::context() const {
  ReaderContext context;
  context.samplers = &sampler_catalogue();
  context.schedulers = &scheduler_catalogue();
  context.try_scheduler = try_scheduler;
  context.machine = this_machine();
  const CompiledIn known = program_trainables(nullptr);
  context.builtins = list_builtin_names(known);
  if (form == Form::kAggregate) {  // names that are registered became this program's before: here they are advice
    for (const tune_trainable* table : known.registered) context.builtins.emplace_back(table->name);
  }
  return context;
}

ReadOutcome Tuner::Parts::read() const {
  ReaderContext context = this->context();
  context.overrides = set;
  if (form == Form::kAggregate) {
    ReadOutcome outcome = read_experiment(document->text(), "experiment", current_directory(), "experiment", context);
    for (Diagnostic& d : outcome.diagnostics) {  // its advice is a line and a column, which lead nowhere here
      if (d.code == "duplicate-key") d.hint = "keep one";
    }
    return outcome;
  }
  if (form == Form::kFile) return read_experiment_file(file, context);
  ReadOutcome outcome;
  if (const auto row = find_experiment(options.database, file)) {
    auto spec = stored_spec(*row, context, outcome.diagnostics);
    if (spec) outcome.spec = *std::move(spec);
    if (!spec && outcome.diagnostics.empty()) {
      Diagnostic& damaged = outcome.diagnostics.emplace_back();
      damaged.code = "damaged";
      damaged.message = spec.error().message;
      damaged.hint = spec.error().hint;
    }
  }
  return outcome;
}

Expected<void> Tuner::Parts::check_database() const {
  if (!options.database.empty()) return {};
  return Failure{"bad-input", "the database has no name", "RunOptions::database is the path of a file", {}};
}

std::string Tuner::Parts::place_of(const Diagnostic& d) const {
  if (document) return document->path_at(d.line, d.column);
  return d.line > 0 ? d.file + ":" + std::to_string(d.line) + ":" + std::to_string(d.column) : d.file;
}

Tuner::Tuner(const Experiment& experiment, RunOptions options) {
  auto parts = std::make_shared<Parts>();
  parts->table = experiment.trainable.table();
  parts->document.emplace(document_of(experiment, trainable_value(experiment.trainable)));
  parts->options = std::move(options);
  parts_ = std::move(parts);
}

Expected<Tuner> Tuner::from_file(const std::string& path, RunOptions options,
                                 const std::vector<std::pair<std::string, std::string>>& set) {
  auto parts = std::make_shared<Parts>();
  parts->form = Parts::Form::kFile;
  parts->file = path;
  parts->set = set;
  parts->options = std::move(options);
  Tuner tuner{std::shared_ptr<const Parts>(std::move(parts))};
  if (auto checked = tuner.check(); !checked) return checked.failure();
  return tuner;
}

Expected<Tuner> Tuner::stored(const std::string& name, RunOptions options) {
  if (options.database.empty()) return Tuner(Experiment(), std::move(options)).check().failure();
  auto reader = open_reader(options.database);
  if (!reader) return to_failure(reader.error());
  if (auto row = (*reader)->experiment(name); !row) return to_failure(row.error());
  auto parts = std::make_shared<Parts>();
  parts->form = Parts::Form::kStored;
  parts->file = name;
  parts->options = std::move(options);
  Tuner tuner{std::shared_ptr<const Parts>(std::move(parts))};
  if (auto checked = tuner.check(); !checked) return checked.failure();
  return tuner;
}

Expected<void> Tuner::check() const {
  if (auto named = parts_->check_database(); !named) return named;
  const ReadOutcome read = parts_->read();
  if (read.spec) return {};
  return to_failure(read.diagnostics, [&](const Diagnostic& d) { return parts_->place_of(d); });
}

std::string Tuner::to_yaml() const {
  if (parts_->document) return parts_->document->text();
  const ReadOutcome read = parts_->read();
  if (!read.spec) return {};
  const auto document = parse_json(read.spec->resolved_json);
  return document && document->is_map() ? DocumentText(*document).text() : std::string();
}

Expected<ResultGrid> Tuner::run() const {
  auto run = start();
  if (!run) return run.failure();
  return run->wait();
}

}  // namespace tune

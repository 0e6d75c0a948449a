#include "tune/session/recovered.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/json.h"
#include "core/runtime/leftovers.h"
#include "core/runtime/output_file.h"
#include "core/text.h"
#include "tune/loop/at_rest.h"
#include "tune/loop/launch.h"
#include "tune/loop/recovery.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

Result<ExperimentSpec> read_document(const std::string& json, const std::string& directory,
                                     const ReaderContext& context) {
  ReadOutcome read = read_stored_experiment(json, directory, context);
  if (read.spec) return *std::move(read.spec);
  std::vector<std::string> faults;
  std::string hint;
  for (const Diagnostic& fault : read.diagnostics) {
    if (fault.severity != Diagnostic::Severity::kError) continue;
    // A fault lies in what was changed, not at a line of a document that nobody has seen.
    const std::string_view own = "--set ";
    faults.push_back(fault.file.starts_with(own) ? fault.file.substr(own.size()) + ": " + fault.message
                                                 : fault.message);
    if (hint.empty()) hint = fault.hint;
  }
  return fail(ErrorCode::kBadInput, join(faults, "; "), std::move(hint));
}

/// The value at `section` or `section.key` of a document; null if there is none.
const Value* value_at(const Map& document, const std::string& path) {
  const std::size_t dot = std::min(path.find('.'), path.size());
  const auto find = [](const Map& map, const std::string& key) -> const Value* {
    const auto found = std::ranges::find(map, key, [](const auto& member) { return member.first; });
    return found == map.end() ? nullptr : &found->second;
  };
  const Value* section = find(document, path.substr(0, dot));
  if (section == nullptr || dot == path.size()) return section;
  return section->is_map() ? find(section->map(), path.substr(dot + 1)) : nullptr;
}

void put(Map& map, const std::string& key, const Value* value) {
  std::erase_if(map, [&](const auto& member) { return member.first == key; });
  if (value != nullptr) map.emplace_back(key, *value);
}

/// Makes it what it is in another document; null: it is in neither.
void put_at(Map& document, const std::string& path, const Value* value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos) return put(document, path, value);
  const std::string section = path.substr(0, dot);
  const Value* old = value_at(document, section);
  Map members = old != nullptr && old->is_map() ? old->map() : Map();
  put(members, path.substr(dot + 1), value);
  const Value changed(std::move(members));
  put(document, section, &changed);
}

std::int64_t nothing_runs(const ExperimentSpec&) { return 0; }

}  // namespace

Result<ExperimentSpec> with_changes(const ExperimentSpec& spec, const std::vector<std::string>& changes,
                                    const ReaderContext& context) {
  ReaderContext changed = context;
  changed.overrides.clear();
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    // A list in the stored document, of which the reader would say that it has no item `mode`.
    if (const std::string key = change.substr(0, equals); key == "objective" || key.starts_with("objective.")) {
      return fail(ErrorCode::kBadInput, fmt::format("{}: the objective is fixed once an experiment has begun", key),
                  "budget.*, retries.*, limits.* and checkpoint.keep may be changed");
    }
    if (const std::string key = change.substr(0, equals); key == "trainable" || key.starts_with("trainable.")) {
      return fail(ErrorCode::kBadInput, fmt::format("{}: the trainable is fixed once an experiment has begun", key),
                  "where it was moved, run the file that names its new place");
    }
    changed.overrides.emplace_back(change.substr(0, equals),
                                   equals == std::string::npos ? std::string() : change.substr(equals + 1));
  }
  auto now = read_document(spec.resolved_json, spec.directory, changed);
  if (now) now->source = spec.source;
  return now;
}

Result<ExperimentSpec> with_commands_kept(const ExperimentSpec& file, const ExperimentSpec& now,
                                          const std::string& last, const ReaderContext& context) {
  ReaderContext as_written = context;
  as_written.overrides.clear();
  as_written.given_before = true;
  const ReadOutcome before = read_experiment(last, file.name, file.directory, file.name, as_written);
  if (!before.spec) return file;  // of a program that read files differently: it is as if it were new
  std::set<std::string> edited;
  for (const Edited& edit : edits_between(*before.spec, file)) edited.insert(edit.key);

  const auto of_file = parse_json(file.resolved_json), of_now = parse_json(now.resolved_json);
  if (!of_file || !of_file->is_map() || !of_now || !of_now->is_map()) return file;
  Map document = of_file->map();
  bool kept = false;
  for (const Edited& edit : edits_between(now, file)) {
    if (edited.contains(edit.key) || edit.key.starts_with("trainable.")) continue;  // the file knows where it lies
    put_at(document, edit.key, value_at(of_now->map(), edit.key));
    kept = true;
  }
  if (!kept) return file;
  auto merged = read_document(to_json(document), file.directory, as_written);
  if (merged) merged->source = file.source;
  return merged;
}

void settle(const std::string& database, const std::string& experiment, const ReaderContext& context) {
  auto store = open_experiment(database, experiment, {}, [](const std::function<void()>& what) { what(); });
  if (!store) return;
  if (const auto left = left_running(**store)) end_leftover_workers(left->workers_json, attempts_dir(database));
  const auto rows = (*store)->commands();
  if (!rows || rows->empty()) return;
  auto recovered = recover_experiment(**store, context);
  if (!recovered) return;
  auto events = (*recovered)->waiting(**store, rereader(context, (*store)->experiment().lockstep));
  if (!events || events->empty()) return;
  // One that fails is left to the run itself, which says why.
  (void)act_at_rest(**store, *(*recovered)->controller, *(*recovered)->order, (*store)->experiment().seed,
                    (*recovered)->run, *std::move(events), nullptr);
}

Reread rereader(const ReaderContext& context, bool lockstep) {
  return [context, lockstep](const ExperimentSpec& spec,
                             const std::vector<std::string>& changes) -> Result<ExperimentSpec> {
    auto now = with_changes(spec, changes, context);
    if (now && lockstep && now->budget.concurrency != spec.budget.concurrency) {
      return fail(ErrorCode::kBadInput, "budget.concurrency: lockstep fixes the number of slots");
    }
    return now;
  };
}

Result<ExperimentSpec> first_spec(const ExperimentRow& row, const ReaderContext& context) {
  const std::string& document = row.began_as_json.empty() ? row.resolved_json : row.began_as_json;
  if (auto whole = check_document(row, document); !whole) return pass_on(std::move(whole));
  return read_document(document, row.directory, context);
}

Result<std::vector<Arrived>> Recovered::waiting(Store& store, const Reread& reread) {
  auto rows = store.commands();
  if (!rows) return pass_on(std::move(rows));
  std::vector<Arrived> events;
  for (const CommandRow& row : *rows) {
    for (Arrived& event : to_events(row, now, reread, nothing_runs)) events.push_back(std::move(event));
  }
  return events;
}

Result<std::unique_ptr<Recovered>> recover_experiment(Store& store, const ReaderContext& context,
                                                      const ExperimentSpec* began) {
  auto recovered = std::make_unique<Recovered>();
  const ExperimentRow& row = store.experiment();
  if (began != nullptr) {
    recovered->first = recovered->now = *began;
  } else {
    auto first = first_spec(row, context);
    if (!first) return pass_on(std::move(first));
    if (auto whole = check_document(row, row.resolved_json); !whole) return pass_on(std::move(whole));
    auto now = read_document(row.resolved_json, row.directory, context);
    if (!now) return pass_on(std::move(now));
    recovered->first = *std::move(first);
    recovered->now = *std::move(now);
  }
  auto controller = make_controller(recovered->first, row.seed);
  if (!controller) return pass_on(std::move(controller));
  recovered->controller = std::make_unique<Controller>(*std::move(controller));
  recovered->order = row.lockstep ? lockstep_order() : arrival_order();
  auto run = recover(store, *recovered->controller, *recovered->order);
  if (!run) return pass_on(std::move(run));
  recovered->run = *run;
  return recovered;
}

Result<LeftRunning> left_running(Store& store) {
  auto runs = store.runs();
  if (!runs) return pass_on(std::move(runs));
  if (runs->empty()) return LeftRunning();
  LeftRunning left{runs->back().worker_json, runs->back().code_hash};
  // A run at rest that leaves nothing to go on with runs no code; the one before it says what was run last.
  for (auto run = runs->rbegin(); run != runs->rend() && left.workers_json.empty() && left.code_hash.empty(); ++run) {
    left.code_hash = run->code_hash;
  }
  return left;
}

Result<std::string> command_at_rest(const std::string& database, const std::string& experiment, CommandRow command,
                                    const ReaderContext& context) {
  auto store = open_experiment(database, experiment, {}, [](const std::function<void()>& what) { what(); });
  if (!store) return pass_on(std::move(store));
  auto recovered = recover_experiment(**store, context);
  if (!recovered) return pass_on(std::move(recovered));
  const Reread reread = rereader(context, (*store)->experiment().lockstep);
  auto events = (*recovered)->waiting(**store, reread);
  if (!events) return pass_on(std::move(events));

  command.id = 0;
  for (Arrived& event : to_events(command, (*recovered)->now, reread, nothing_runs)) {
    if (const auto* asked = std::get_if<Commanded>(&event.body)) {
      const std::string why =
          asked->refusal.empty() ? (*recovered)->controller->refusal(*asked).value_or("") : asked->refusal;
      if (!why.empty()) return why;
    }
    events->push_back(std::move(event));
  }
  const auto left = left_running(**store);
  if (!left) return tl::unexpected(left.error());
  const std::string attempts = attempts_dir(database);
  const bool ends =
      command.kind == CommandKind::kStop || command.kind == CommandKind::kCancel || command.kind == CommandKind::kPause;
  const bool leaves = !ends && anything_left(left->workers_json, attempts);
  if (!leaves) end_leftover_workers(left->workers_json, attempts);
  Controller& controller = *(*recovered)->controller;
  auto done = act_at_rest(**store, controller, *(*recovered)->order, (*store)->experiment().seed, (*recovered)->run,
                          *std::move(events), leaves ? &*left : nullptr);
  if (!done) return pass_on(std::move(done));
  return std::string();
}

}  // namespace tune

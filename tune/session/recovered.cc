#include "tune/session/recovered.h"

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
    faults.push_back(fault.message);
    if (hint.empty()) hint = fault.hint;
  }
  return fail(ErrorCode::kBadInput, join(faults, "; "), std::move(hint));
}

std::int64_t nothing_runs(const ExperimentSpec&) { return 0; }

}  // namespace

Result<ExperimentSpec> with_changes(const ExperimentSpec& spec, const std::vector<std::string>& changes,
                                    const ReaderContext& context) {
  ReaderContext changed = context;
  changed.overrides.clear();
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    changed.overrides.emplace_back(change.substr(0, equals),
                                   equals == std::string::npos ? std::string() : change.substr(equals + 1));
  }
  auto now = read_document(spec.resolved_json, spec.directory, changed);
  if (now) now->source = spec.source;
  return now;
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
  return LeftRunning{runs->back().worker_json, runs->back().code_hash};
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

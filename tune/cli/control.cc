// Commands of a person to an experiment: stop, cancel, pause, resume, retry, enqueue, set. A running one gets a row in
// its database's command table and answers in the same place; of a resting one the lock is taken and one turn is run
// here.

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"
#include "core/log_names.h"
#include "core/text.h"
#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/recovered.h"
#include "tune/session/session.h"
#include "tune/session/stored.h"
#include "tune/session/take_in.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

constexpr double kPatience = 5;  // seconds a running controller gets to take a command

CommandRow row_of(CommandKind kind, std::optional<TrialId> trial, std::string args_json = {}) {
  CommandRow row;
  row.kind = kind;
  row.trial = trial;
  row.args_json = std::move(args_json);
  return row;
}

std::string name_of(const ControlTarget& target) {
  return target.trial ? fmt::format("{}/{}", target.experiment, target.trial->value) : target.experiment;
}

int refuse(const ControlTarget& target, CommandKind kind, const std::string& why) {
  tell(stderr, "tune: cannot {} {}: {}\n", kCommandNames.name(kind), name_of(target), why);
  return kRefused;
}

/// What is true once the command is done.
std::string done_words(const ControlTarget& target, CommandKind kind, bool live) {
  const std::string& name = target.experiment;
  if (target.trial) {
    const std::int64_t n = target.trial->value;
    switch (kind) {
      case CommandKind::kStop: return fmt::format("trial {} ends as stopped and keeps its results", n);
      case CommandKind::kCancel: return fmt::format("trial {} is killed and ends as stopped", n);
      case CommandKind::kPause:
        return fmt::format("trial {} {} paused; tune resume {}/{} lets it go on", n,
                           live ? "saves, leaves and is" : "is", name, n);
      case CommandKind::kResume:
        return fmt::format("trial {} goes on {}", n, live ? "as soon as a slot is free" : "with the next run");
      default:
        return live ? fmt::format("trial {} runs again as soon as a slot is free", n)
                    : fmt::format("trial {} runs again with the next run: tune resume {}", n, name);
    }
  }
  switch (kind) {
    case CommandKind::kStop:
      return live ? fmt::format("'{}': nothing new starts, running trials finish, then it ends", name)
                  : fmt::format("'{}' has ended; trials that had not are stopped", name);
    case CommandKind::kCancel:
      return live ? fmt::format("'{}': running trials are killed, and it ends", name)
                  : fmt::format("'{}' has ended; trials that had not are stopped", name);
    case CommandKind::kPause:
      return live ? fmt::format("'{}': nothing new starts, running trials save and leave; tune resume {} goes on", name,
                                name)
                  : fmt::format("'{}': trials that ran on without it have saved and left; tune resume {} goes on", name,
                                name);
    case CommandKind::kResume: return fmt::format("'{}' goes on", name);
    case CommandKind::kEnqueue:
      return live ? "it starts as soon as a slot is free"
                  : fmt::format("it starts with the next run: tune resume {}", name);
    case CommandKind::kSet:
      return live ? "it holds from now on" : fmt::format("it holds from the next run on: tune resume {}", name);
    default: return "done";
  }
}

int say_done(const ControlTarget& target, CommandKind kind, bool live, const Common& common) {
  if (common.verbosity >= 0) tell(stderr, "{}\n", done_words(target, kind, live));
  return kOk;
}

bool ends_trials(CommandKind kind) {
  return kind == CommandKind::kStop || kind == CommandKind::kCancel || kind == CommandKind::kPause;
}

/// To whoever runs the experiment; does it here if nobody does.
int send(const ControlTarget& target, CommandRow command, const Common& common) {
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto row = (*reader)->experiment(target.experiment);
  if (!row) return report(row.error());
  if (command.trial) {
    if (auto trial = (*reader)->trial(row->id, *command.trial); !trial) return report(trial.error());
  }
  std::int64_t holder = (*reader)->holder(row->id);
  if (holder == 0) {
    const bool pauses_all = command.kind == CommandKind::kPause && !command.trial;
    if (pauses_all && !left_by_last_run(**reader, *row, common.db)) {
      return refuse(target, command.kind, "nobody runs it, so there is nothing to pause");
    }
    reader->reset();
    if (ends_trials(command.kind)) {
      const double grace = command.kind == CommandKind::kCancel ? 0 : SessionOptions().grace;
      const auto taken = take_in(common.db, target.experiment, grace, reader_context({}), warn);
      if (!taken && taken.error().code != ErrorCode::kBusy) {
        // Whoever cancels wants it to end, whatever becomes of it.
        if (command.kind != CommandKind::kCancel) return report(taken.error());
        tell(stderr, "warning: what its trials did since the last run is lost: {}\n", taken.error().message);
      }
      if (taken && pauses_all) return say_done(target, command.kind, false, common);
    }
    auto refusal = command_at_rest(common.db, target.experiment, command, reader_context({}));
    if (refusal)
      return refusal->empty() ? say_done(target, command.kind, false, common) : refuse(target, command.kind, *refusal);
    if (refusal.error().code != ErrorCode::kBusy) return report(refusal.error());
    reader = open_reader(common.db);  // somebody has begun to run it meanwhile
    if (!reader) return report(reader.error());
    holder = (*reader)->holder(row->id);
  }
  auto sent = send_command(common.db, target.experiment, command);
  if (!sent) return report(sent.error());
  auto answer = await_command(common.db, *sent, kPatience);
  if (!answer) return report(answer.error());
  if (!*answer) {
    tell(stderr, "process {} has not taken the command yet; it is done as soon as it does, or at tune resume {}\n",
         holder, target.experiment);
    return kOk;
  }
  if (!(*answer)->refusal.empty()) return refuse(target, command.kind, (*answer)->refusal);
  if (common.verbosity >= 0) tell(stderr, "process {} has it: ", holder);
  return say_done(target, command.kind, true, common);
}

bool is_stop(CommandKind kind) { return kind == CommandKind::kStop || kind == CommandKind::kCancel; }

int control_one(CommandKind kind, const std::string& text, const Common& common) {
  auto target = parse_target(text, common);
  if (!target) return report(target.error());
  if (!target->trial && is_stop(kind)) {  // what was asked for is so
    const auto row = find_experiment(common.db, target->experiment);
    if (row && is_over(*row)) {
      if (common.verbosity >= 0) tell(stderr, "experiment '{}' is already {}\n", row->name, row->status);
      return kOk;
    }
  }
  return send(*target, row_of(kind, target->trial), common);
}

Result<ExperimentSpec> stored_spec_of(const std::string& experiment, const Common& common) {
  auto reader = open_reader(common.db);
  if (!reader) return pass_on(std::move(reader));
  auto row = (*reader)->experiment(experiment);
  if (!row) return pass_on(std::move(row));
  std::vector<Diagnostic> found;
  return stored_spec(*row, reader_context({}), found);
}

/// Configurations as they are written, each a list of NAME=VALUE.
Result<std::vector<std::vector<std::string>>> split(const std::vector<std::string>& assignments) {
  std::vector<std::vector<std::string>> configurations(1);
  std::vector<std::string> names;
  for (const std::string& one : assignments) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kBadInput, fmt::format("'{}' sets nothing", one), "write NAME=VALUE, as in lr=0.01");
    }
    const std::string name = one.substr(0, equals);
    if (std::ranges::find(names, name) != names.end()) {
      names.clear();
      configurations.emplace_back();
    }
    names.push_back(name);
    configurations.back().push_back(one);
  }
  return configurations;
}

/// Typed as the experiment file would have it, and inside the search space.
Result<Config> read_configuration(const ExperimentSpec& spec, const std::vector<std::string>& assignments) {
  std::vector<std::string> set{"search.points_to_evaluate=[{}]"};
  for (const std::string& one : assignments) set.push_back("search.points_to_evaluate.0." + one);
  const ReadOutcome read = read_stored_experiment(spec.resolved_json, spec.directory, reader_context(set));
  for (const Diagnostic& fault : read.diagnostics) {  // a value outside its range is a warning in a file
    if (fault.code != "out-of-range" && fault.severity != Diagnostic::Severity::kError) continue;
    std::string message = fault.message;
    const std::string_view path = "'search.points_to_evaluate.0.";
    if (message.starts_with(path)) message.replace(0, path.size(), "'");
    const std::string_view place = "points_to_evaluate names ";
    if (message.starts_with(place)) message = "there is no parameter " + message.substr(place.size());
    if (const auto cut = message.find(", which is no parameter"); cut != std::string::npos) message.resize(cut);
    std::string hint = fault.code == "out-of-range" ? "a file may try it: search.points_to_evaluate" : fault.hint;
    const std::string_view own = "--set search.points_to_evaluate.0.";  // where a value is no YAML at all
    if (const std::string name = fault.file.substr(std::min(own.size(), fault.file.size()));
        fault.file.starts_with(own) && message.find("'" + name + "'") == std::string::npos) {
      message = fmt::format("'{}': {}", name, message);
      if (hint.empty()) hint = fmt::format("a value is YAML: {}='\"text\"' for any text", name);
    }
    return fail(ErrorCode::kBadInput, std::move(message), std::move(hint));
  }
  if (!read.spec || read.spec->search.points_to_evaluate.size() != 1) {
    return fail(ErrorCode::kBadInput, "the configuration cannot be read");
  }
  Config config = read.spec->search.points_to_evaluate.front();
  for (const auto& [path, value] : config.entries) {
    const Parameter* parameter = spec.space.find(path);
    if (parameter == nullptr || contains(parameter->domain, value)) continue;
    return fail(ErrorCode::kBadInput,
                fmt::format("{} = {} is outside its range: {}", path, to_json(value), describe(parameter->domain)));
  }
  Config whole = config;
  if (auto derived = spec.space.derive(whole); !derived) return pass_on(std::move(derived));
  const auto violated = spec.space.violated(whole);
  if (violated && *violated) {
    return fail(ErrorCode::kBadInput,
                fmt::format("the constraint '{}' forbids it", spec.space.constraints()[**violated]));
  }
  return config;
}

}  // namespace

Result<ControlTarget> parse_target(const std::string& text, const Common& common) {
  auto reader = open_reader(common.db);
  if (!reader) return pass_on(std::move(reader));
  auto whole = (*reader)->experiment(text);
  if (whole) return ControlTarget{text, std::nullopt};
  if (text.find('/') == std::string::npos) {
    const auto parts = parse_trial(text);  // NAME-00017
    if (parts && (*reader)->experiment(parts->first)) return ControlTarget{parts->first, parts->second};
    return pass_on(std::move(whole));
  }
  auto parts = parse_trial(text);
  if (!parts) return pass_on(std::move(parts));
  return ControlTarget{parts->first, parts->second};
}

int control(CommandKind kind, const std::vector<std::string>& targets, const Common& common) {
  int code = kOk;
  for (const std::string& target : targets) {
    const int one = control_one(kind, target, common);
    if (code == kOk) code = one;
  }
  return code;
}

int enqueue(const std::string& experiment, const std::vector<std::string>& assignments, const Common& common) {
  auto spec = stored_spec_of(experiment, common);
  if (!spec) return report(spec.error());
  auto written = split(assignments);
  if (!written) return report(written.error());
  std::vector<CommandRow> commands;  // all are checked before the first is sent
  for (const std::vector<std::string>& one : *written) {
    auto config = read_configuration(*spec, one);
    if (!config) return report(config.error());
    commands.push_back(row_of(CommandKind::kEnqueue, std::nullopt, to_flat_json(*config)));
  }
  for (const CommandRow& command : commands) {
    const int code = send({experiment, std::nullopt}, command, common);
    if (code != kOk) return code;
  }
  return kOk;
}

int set(const std::string& experiment, const std::vector<std::string>& changes, const Common& common) {
  auto spec = stored_spec_of(experiment, common);
  if (!spec) return report(spec.error());
  List list;
  for (const std::string& change : changes) {
    if (change.find('=') == std::string::npos) {
      return report(
          {ErrorCode::kBadInput, fmt::format("'{}' sets nothing", change), "write KEY=VALUE, as in budget.trials=200"});
    }
    list.emplace_back(change);
  }
  auto changed = with_changes(*spec, changes, reader_context({}));
  if (!changed) return report(changed.error());
  return send({experiment, std::nullopt}, row_of(CommandKind::kSet, std::nullopt, to_json(list)), common);
}

int resume_live(const std::string& text, const std::vector<std::string>& changes, const Common& common) {
  auto target = parse_target(text, common);
  if (!target) return report(target.error());
  if (!changes.empty()) {
    const int code = set(target->experiment, changes, common);
    if (code != kOk) return code;
    const auto row = find_experiment(common.db, target->experiment);
    if (row && row->status != "paused") return kOk;  // it runs, and now with more
  }
  return send(*target, row_of(CommandKind::kResume, target->trial), common);
}

}  // namespace tune::cli

// `tune show EXP/N`: all about one trial. Its configuration and results, where its training comes from if it has copied
// others (PBT, PB2), and what happened to it, with the reason of each decision.

#include <fmt/format.h>

#include <algorithm>

#include "core/config.h"
#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"
#include "experiments/export/csv.h"
#include "experiments/export/lineage.h"
#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/story.h"
#include "tune/loop/recovery.h"
#include "tune/loop/remarks.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

/// What the story alone does not make plain.
std::vector<std::string> notes_on(const ExperimentRow& experiment, const TrialRow& row,
                                  const std::vector<LogEntry>& story) {
  std::int64_t again = 0;
  for (const LogEntry& entry : story) {
    for (const Decision& decision : entry.decisions) {
      const auto* resume = std::get_if<ResumeTrial>(&decision.body);
      again += resume != nullptr && resume->trial.value == row.number && begins_again(*resume);
    }
  }
  if (again == 0 || row.reports == 0) return {};
  const auto document = parse_json(experiment.resolved_json);
  const Value* trainable = document ? document->find("trainable") : nullptr;
  const bool is_program = trainable != nullptr && trainable->is_map() && trainable->find("command") != nullptr;
  return {fmt::format("began again from the start {}, for it had left without a checkpoint: {}",
                      again == 1 ? "once" : fmt::format("{} times", again), saving_advice(is_program))};
}

/// `before`: what has happened to it since its last report, or empty. `attempts`: seconds that all of them took.
void print_trial(const ExperimentRow& row, const TrialRow& trial, const std::string& before, double attempts,
                 const std::vector<std::string>& notes) {
  tell_plainly(stdout, "{}/{}  {}", row.name, trial.number, trial.status);
  if (trial.status == "interrupted") tell_plainly(stdout, "   (nobody runs the experiment: tune resume {})", row.name);
  tell(stdout, "\n");
  if (!trial.reason.empty()) tell_plainly(stdout, "  because    {}\n", trial.reason);
  tell_plainly(stdout, "  config     {}\n", trial.config_json);
  if (!trial.metrics_json.empty()) {
    tell_plainly(stdout, "  last       {} at iteration {}{}\n", trial.metrics_json, trial.training_iteration, before);
  }
  if (trial.best_class == 0) {
    tell_plainly(stdout, "  best       {} {} at iteration {}\n", row.metric, format_real(trial.best),
                 trial.best_iteration);
  }
  const std::string path = format_duration(trial.time_total), all = format_duration(attempts);
  tell_plainly(stdout, "  time       {}{}   attempts {}   retries {}   seed {}\n", path,
               attempts > trial.time_total && all != path ? fmt::format(" ({} over all attempts)", all) : "",
               trial.attempt, trial.retries, trial.seed);
  for (const std::string& note : notes) tell_plainly(stdout, "  note       {}\n", note);
}

std::string iterations(Step from, Step to) {
  return to == from + 1 ? std::to_string(to) : fmt::format("{}-{}", from + 1, to);
}

/// Whether the trial has copied another and reported nothing since.
bool is_fresh_clone(const std::vector<LineageStage>& stages) {
  return stages.size() > 1 && stages.back().to == stages.back().from;
}

/// Each parameter's values with the iterations that were trained with them; equal neighbours are one.
std::string schedule_words(const std::vector<LineageStage>& stages) {
  std::vector<std::string> paths;
  std::size_t width = 0;
  for (const LineageStage& stage : stages) {
    for (const auto& [path, value] : stage.config.entries) {
      if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
      width = std::max(width, path.size());
    }
  }
  std::string text;
  for (const std::string& path : paths) {
    text += fmt::format("    {:<{}}", path, width);
    for (std::size_t i = 0; i < stages.size();) {
      const Value* value = stages[i].config.find(path);
      std::size_t end = i + 1;
      const auto same = [&](const Value* other) {
        return value == nullptr ? other == nullptr : other != nullptr && *other == *value;
      };
      while (end < stages.size() && same(stages[end].config.find(path))) ++end;
      if (value != nullptr && stages[end - 1].to == stages[i].from) {
        text += fmt::format("  {} (from {} on)", visible(cell_text(*value)), stages[i].from + 1);
      } else if (value != nullptr) {
        text += fmt::format("  {} ({})", visible(cell_text(*value)), iterations(stages[i].from, stages[end - 1].to));
      }
      i = end;
    }
    text += '\n';
  }
  return text;
}

/// The chain of ancestors as a tree, and who copied the trial; empty for a trial that has nothing to do with others.
std::string lineage_words(const Lineage& lineage, TrialId trial) {
  const std::vector<LineageStage> stages = lineage.of(trial), copies = lineage.copies_of(trial);
  std::string text;
  if (stages.size() > 1) {
    text += "  lineage\n";
    std::size_t indent = 4;
    for (const LineageStage& stage : stages) {
      text += fmt::format(
          "{:<{}}#{}  {}{}\n", "", indent, stage.trial.value,
          stage.to > stage.from ? "iterations " + iterations(stage.from, stage.to) : "no report of its own",
          stage.generation == 0 ? "" : fmt::format(", from #{}'s checkpoint of {}", stage.donor.value, stage.from));
      indent += 2;
    }
    text += "  schedule\n" + schedule_words(stages);
  }
  if (!copies.empty()) {
    text += "  copied by ";
    for (std::size_t i = 0; i < copies.size(); ++i) {
      text += fmt::format("{}#{} at {}", i == 0 ? "" : ", ", copies[i].trial.value, copies[i].from);
    }
    text += '\n';
  }
  return text;
}

Value to_value(const LineageStage& stage) {
  Map map{{"trial_number", stage.trial.value},
          {"generation", stage.generation},
          {"from", stage.from},
          {"to", stage.to},
          {"config", to_nested(stage.config)}};
  if (stage.generation > 0) map.emplace_back("donor", stage.donor.value);
  return map;
}

Value parsed(const std::string& json) {
  auto value = parse_json(json.empty() ? "{}" : json);
  return value ? *value : Value();
}

Value to_value(const ExperimentRow& experiment, const TrialRow& row, const std::vector<LogEntry>& story,
               const Lineage& lineage) {
  const TrialId trial{row.number};
  List entries, stages, copies, notes;
  for (const LogEntry& entry : story) {
    List decisions;
    for (const Decision& decision : entry.decisions) decisions.push_back(to_sentence(decision));
    entries.push_back(Map{{"event", entry.event.n.value},
                          {"at", entry.event.at},
                          {"what", event_sentence(entry.event, trial)},
                          {"decisions", decisions}});
  }
  for (std::string& note : notes_on(experiment, row, story)) notes.emplace_back(std::move(note));
  for (const LineageStage& stage : lineage.of(trial)) stages.push_back(to_value(stage));
  for (const LineageStage& copy : lineage.copies_of(trial)) {
    copies.push_back(Map{{"trial_number", copy.trial.value}, {"training_iteration", copy.from}});
  }
  return Map{{"trial_id", trial_name(experiment.name, trial)},
             {"trial_number", row.number},
             {"status", row.status},
             {"stop_reason", row.reason},
             {"cause", row.cause},
             {"config", parsed(row.config_json)},
             {"metrics", parsed(row.metrics_json)},
             {"training_iteration", row.training_iteration},
             {"time_total_s", row.time_total},
             {"time_of_attempts_s", time_of_attempts(story, trial)},
             {"attempt", row.attempt},
             {"generation", row.generation},
             {"lineage", stages},
             {"copied_by", copies},
             {"notes", notes},
             {"story", entries}};
}

}  // namespace

int show(const std::string& trial, const Common& common) {
  auto id = parse_trial(trial);
  if (!id) return report(id.error());
  auto name = pick_experiment(common.db, id->first);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto experiment = (*reader)->experiment(*name);
  if (!experiment) return report(experiment.error());
  auto row = (*reader)->trial(experiment->id, id->second);
  if (!row) return report(row.error());
  auto story = (*reader)->story(experiment->id, id->second);
  if (!story) return report(story.error());
  auto lineage = Lineage::read(**reader, *experiment);
  if (!lineage) return report(lineage.error());
  if (common.json) {
    fmt::print("{}\n", to_json(to_value(*experiment, *row, *story, *lineage)));
    return kOk;
  }
  const std::vector<LineageStage> stages = lineage->of(id->second);
  const std::string before =
      is_fresh_clone(stages) ? fmt::format(", before it copied #{}", stages.back().donor.value) : "";
  LastWords words;
  TrialRow told = *row;
  told.reason = words.once(row->reason);
  print_trial(*experiment, told, before, time_of_attempts(*story, id->second), notes_on(*experiment, *row, *story));
  tell_plainly(stdout, "{}  story\n", lineage_words(*lineage, id->second));
  FalseStarts false_starts;
  for (const LogEntry& entry : *story) {
    const std::string differs = false_starts.before(entry, id->second);
    if (!differs.empty()) tell_plainly(stdout, "  {:>9.3f}s  {}\n", entry.event.at, differs);
    const std::string what = event_sentence(entry.event, id->second);
    if (!what.empty()) tell_plainly(stdout, "  {:>9.3f}s  {}\n", entry.event.at, words.once(what));
    for (const Decision& decision : entry.decisions) {
      if (std::holds_alternative<ReleaseCheckpoints>(decision.body)) continue;
      tell_plainly(stdout, "  {:>9.3f}s    -> {}\n", entry.event.at, words.once(to_sentence(decision)));
    }
  }
  return kOk;
}

}  // namespace tune::cli

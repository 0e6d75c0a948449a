#include "tune/session/retrain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/config.h"
#include "core/json.h"
#include "core/text.h"
#include "tune/session/stored.h"

namespace tune {
namespace {

/// Puts a section into a document, in place of the one it has.
void set_section(Map& document, std::string_view key, Value section) {
  for (auto& [known, value] : document) {
    if (known == key) {
      value = std::move(section);
      return;
    }
  }
  document.emplace_back(key, std::move(section));
}

Map flat(const Config& config) { return {config.entries.begin(), config.entries.end()}; }

/// What the search gives of a configuration: derived values follow from the others.
Map point_of(const Config& config, const Space& space) {
  Map point;
  for (const auto& [path, value] : config.entries) {
    const Parameter* parameter = space.find(path);
    if (parameter != nullptr && !std::holds_alternative<Derived>(parameter->domain)) point.emplace_back(path, value);
  }
  return point;
}

/// The number by whose seed a stage was trained: its trial's own, unless that was a replay itself.
std::int64_t draws_of(const LineageStage& stage, const SchedulerSpec& scheduler) {
  std::int64_t number = stage.trial.value;
  const Value* schedule = scheduler.type == "pbt_replay" ? scheduler.options.find("schedule") : nullptr;
  if (schedule == nullptr || !schedule->is_list()) return number;
  for (const Value& entry : schedule->list()) {
    const Value *at = entry.find("at"), *trial = entry.find("trial");
    if (at != nullptr && trial != nullptr && at->integer() <= stage.from) number = trial->integer();
  }
  return number;
}

Value scheduler_of(const std::vector<LineageStage>& stages, const SchedulerSpec& recorded) {
  List schedule;
  for (const LineageStage& stage : stages) {
    Map entry{{"at", stage.from}, {"trial", draws_of(stage, recorded)}};
    if (stage.from > 0) entry.emplace_back("config", flat(stage.config));
    schedule.push_back(std::move(entry));
  }
  return Map{{"type", "pbt_replay"}, {"max_t", stages.back().to}, {"schedule", std::move(schedule)}};
}

/// A target would end the experiment before the schedule does.
Value without_targets(Value objectives) {
  if (!objectives.is_list()) return objectives;
  for (Value& objective : objectives.list()) {
    if (objective.is_map()) std::erase_if(objective.map(), [](const auto& member) { return member.first == "target"; });
  }
  return objectives;
}

/// Stages that trained nothing that was kept (a trial may exploit again before it reports) are no part of a schedule.
std::vector<LineageStage> trained(std::vector<LineageStage> stages) {
  std::erase_if(stages, [](const LineageStage& stage) { return stage.to <= stage.from; });
  return stages;
}

}  // namespace

Result<ExperimentSpec> retrain_spec(const Reader& reader, const ExperimentRow& row, TrialId trial,
                                    const std::string& name, const ReaderContext& context) {
  if (auto found = reader.trial(row.id, trial); !found) return pass_on(std::move(found));
  auto lineage = Lineage::read(reader, row);
  if (!lineage) return pass_on(std::move(lineage));
  const std::vector<LineageStage> stages = trained(lineage->of(trial));
  if (stages.empty()) {
    return fail(ErrorCode::kBadInput,
                fmt::format("trial {}/{} has reported nothing that could be trained again", row.name, trial.value));
  }
  std::vector<Diagnostic> found;
  auto stored = stored_spec(row, context, found);
  if (!stored) return pass_on(std::move(stored));

  Result<Value> document = parse_json(row.resolved_json);
  if (!document || !document->is_map()) return fail(ErrorCode::kDamaged, "the stored document is no map");
  Map& map = document->map();
  std::erase_if(map, [](const auto& member) { return member.first == "stop"; });
  std::string own_name = name.empty() ? fmt::format("{}-retrain-{}", row.name, trial.value) : name;
  std::ranges::replace(own_name, '@', '-');
  set_section(map, "name", own_name);
  set_section(map, "description", fmt::format("trial {} of {}, trained again", trial.value, row.name));
  if (const Value* objectives = document->find("objective"))
    set_section(map, "objective", without_targets(*objectives));
  set_section(map, "search",
              Map{{"algorithm", "random"},
                  {"seed", static_cast<std::int64_t>(row.seed)},
                  {"points_to_evaluate", List{point_of(stages.front().config, stored->space)}}});
  set_section(map, "scheduler", scheduler_of(stages, stored->scheduler));
  set_section(map, "budget", Map{{"trials", 1}, {"concurrency", 1}});

  ReadOutcome read = read_stored_experiment(to_json(*document), row.directory, context);
  if (read.spec) {
    read.spec->source = read.spec->resolved_json;
    return *std::move(read.spec);
  }
  std::string why;
  for (const Diagnostic& diagnostic : read.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kError && why.empty()) why = diagnostic.message;
  }
  return fail(ErrorCode::kBadInput, fmt::format("trial {}/{} cannot be trained again: {}", row.name, trial.value, why));
}

Result<RetrainComparison> compare_retrained(const Reader& reader, const ExperimentRow& recorded, TrialId trial,
                                            const ExperimentRow& again) {
  auto lineage = Lineage::read(reader, recorded);
  if (!lineage) return pass_on(std::move(lineage));
  const auto value_in = [&](const std::string& metrics_json) {
    const auto metrics = metrics_from_json(metrics_json);
    return metrics ? find_metric(*metrics, recorded.metric) : std::nullopt;
  };
  std::map<Step, std::string> now;
  auto read = reader.reports(again.id, std::nullopt, [&](const Reader::ReportRow& row) {
    if (const auto value = value_in(row.metrics_json)) now[row.step] = format_real(*value);
  });
  if (!read) return pass_on(std::move(read));

  RetrainComparison comparison;
  for (const LineageStage& stage : trained(lineage->of(trial))) {
    read = reader.reports(recorded.id, stage.trial, [&](const Reader::ReportRow& row) {
      const LineageStage* own = lineage->at(stage.trial, EventNumber{row.n});
      if (own->generation != stage.generation || row.step <= stage.from || row.step > stage.to) return;
      ++comparison.reports;
      if (!comparison.first_difference.empty()) return;
      const auto value = value_in(row.metrics_json);
      const std::string was = value ? format_real(*value) : "nothing",
                        is = now.contains(row.step) ? now[row.step] : "nothing";
      if (was == is) {
        ++comparison.equal;
      } else {
        comparison.first_difference =
            fmt::format("{} of iteration {} is {}, was {}", recorded.metric, row.step, is, was);
      }
    });
    if (!read) return pass_on(std::move(read));
  }
  return comparison;
}

}  // namespace tune

// `tune plan`: what an experiment would spend, as a table or JSON. Starts nothing.

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"
#include "core/text.h"
#include "core/workers.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/plan.h"

namespace tune::cli {
namespace {

std::string amount(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? std::to_string(static_cast<std::int64_t>(value))
             : fmt::format("{:.4g}", value);
}

Value run_json(const PlannedRun& run) {
  List rungs;
  for (const PlannedRun::Rung& rung : run.rungs) {
    rungs.emplace_back(Map{{"level", rung.level}, {"trials", rung.trials}, {"spent", rung.spent}});
  }
  return Map{{"slots", run.slots}, {"rungs", std::move(rungs)}, {"total", run.total}, {"duration", run.duration}};
}

void print_json(const ExperimentSpec& spec, const Plan& plan) {
  List runs, notes;
  for (const PlannedRun& run : plan.runs) runs.push_back(run_json(run));
  for (const std::string& note : plan.notes) notes.emplace_back(note);
  Map out{{"experiment", spec.name},     {"scheduler", spec.scheduler.type}, {"trials", plan.trials},
          {"unbounded", plan.unbounded}, {"open_ended", plan.open_ended},    {"unit", plan.unit},
          {"longest", plan.longest},     {"runs", std::move(runs)}};
  if (plan.most) out.emplace_back("most", run_json(*plan.most));
  out.emplace_back("notes", std::move(notes));
  fmt::print("{}\n", to_json(Value(std::move(out))));
}

std::string slots_words(std::int64_t slots) { return slots == 1 ? "1 slot" : fmt::format("{} slots", slots); }

void print_table(const Plan& plan) {
  std::vector<std::vector<std::string>> rows{{plan.unit}};
  for (const PlannedRun& run : plan.runs) {
    rows[0].push_back(slots_words(run.slots) + ": trials");
    rows[0].emplace_back("spent");
  }
  std::vector<double> levels;
  for (const PlannedRun& run : plan.runs) {
    for (const PlannedRun::Rung& rung : run.rungs) levels.push_back(rung.level);
  }
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  for (const double level : levels) {
    std::vector<std::string> row{amount(level)};
    for (const PlannedRun& run : plan.runs) {
      const auto rung = std::ranges::find(run.rungs, level, &PlannedRun::Rung::level);
      row.push_back(rung == run.rungs.end() ? "" : std::to_string(rung->trials));
      row.push_back(rung == run.rungs.end() ? "" : amount(rung->spent));
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::string> total{"total"}, duration{"until the end"};
  for (const PlannedRun& run : plan.runs) {
    total.insert(total.end(), {"", amount(run.total)});
    duration.insert(duration.end(), {"", amount(run.duration)});
  }
  rows.push_back(std::move(total));
  rows.push_back(std::move(duration));
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line = fmt::format("  {:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
    fmt::print("{}\n", line);
  }
}

}  // namespace

int plan(const RunCommand& command, const Common& common) {
  std::vector<std::string> set = command.set;
  if (!command.trials.empty()) set.push_back("budget.trials=" + command.trials);
  const auto read = read_to_look_at(command.file, set, common);
  if (!read) return kUsage;
  const ExperimentSpec& spec = *read;

  std::int64_t slots = 0;
  if (!command.concurrency.empty()) {
    slots = parse_integer(command.concurrency).value_or(0);
    if (slots < 1)
      return report({ErrorCode::kBadInput, fmt::format("-j {} is no number of slots", command.concurrency), {}});
  } else if (const auto here = plan_slots(spec.resources, spec.budget.concurrency, this_machine())) {
    slots = here->slots;
  } else {
    slots = spec.budget.concurrency.value_or(1);
  }
  const auto plan = plan_experiment(spec, slots);
  if (!plan) return report(plan.error());
  if (common.json) {
    print_json(spec, *plan);
    return kOk;
  }
  fmt::print("{}: {}, {} trials{}\n", spec.name, spec.scheduler.type, plan->trials,
             plan->unbounded ? " as an example: neither budget.trials nor the search space limits them, so it goes on "
                               "until it is stopped"
                             : "");
  if (plan->open_ended) {
    fmt::print("each runs until it ends by itself: neither stop.training_iteration nor the scheduler limits it\n");
  } else {
    fmt::print("at most {} {} a trial\n", amount(plan->longest), plan->unit);
    print_table(*plan);
    if (plan->most) {
      fmt::print("at most {}, should each trial be better than all before it\n", amount(plan->most->total));
    }
  }
  for (const std::string& note : plan->notes) fmt::print("note: {}\n", note);
  return kOk;
}

}  // namespace tune::cli

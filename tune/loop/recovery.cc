#include "tune/loop/recovery.h"

#include <fmt/format.h>

#include "core/log_rows.h"
#include "core/text.h"
#include "schedulers/scheduler.h"
#include "searchspaces/sampler.h"

namespace tune {

Result<Controller> make_controller(const ExperimentSpec& spec, std::uint64_t seed) {
  SamplerContext sampling;
  sampling.space = &spec.space;
  sampling.seed = seed;
  sampling.points_to_evaluate = spec.search.points_to_evaluate;
  sampling.options = spec.search.options;
  sampling.repeats = spec.budget.trials.has_value();
  auto sampler = make_sampler(spec.search.algorithm, std::move(sampling));
  if (!sampler) return pass_on(std::move(sampler));

  SchedulerContext scheduling;
  scheduling.seed = seed;
  scheduling.space = &spec.space;
  scheduling.options = spec.scheduler.options;
  scheduling.trials = spec.budget.trials;
  auto scheduler = make_scheduler(spec.scheduler.type, std::move(scheduling));
  if (!scheduler) return pass_on(std::move(scheduler));

  ControllerOptions options;
  options.objectives = spec.objectives;
  for (std::size_t i = 0; i < spec.objectives.size(); ++i) {
    if (spec.objectives[i].metric == spec.scheduler.metric) options.scheduler_objective = i;
  }
  options.stop = spec.stop;
  options.budget = spec.budget;
  options.retries = spec.retries;
  options.checkpoint = spec.checkpoint;
  options.elastic = spec.resources.elastic;
  options.seed = seed;
  return Controller(std::move(options), *std::move(sampler), *std::move(scheduler));
}

void fold(Controller& controller, const LogEntry& entry) {
  controller.observe(entry.event);
  for (const Decision& decision : entry.decisions) controller.apply(decision);
  controller.settle();
}

std::string to_sentence(const Decision& decision) {
  const DecisionRow row = encode(decision);
  const std::string who = row.trial >= 0 ? fmt::format(" trial {}", row.trial) : std::string();
  const std::string what = row.args.empty() || row.args == "{}" ? std::string() : " " + row.args;
  return fmt::format("{}{}{}: {}", row.kind, who, what, row.reason);
}

Replay::Replay(Controller controller) : controller_(std::move(controller)), rules_(controller_.rules()) {}

std::optional<ReplayFault> Replay::next(const LogEntry& entry) {
  if (const auto* run = std::get_if<RunStarted>(&entry.event.body)) recorded_rules_ = run->rules;
  if (recorded_rules_ != rules_) {
    other_ += static_cast<std::int64_t>(entry.decisions.size());
    other_rules_ = recorded_rules_;
    fold(controller_, entry);
    return std::nullopt;
  }
  controller_.observe(entry.event);
  for (const Decision& recorded : entry.decisions) {
    const auto answered = controller_.next();
    if (!answered || !(*answered == recorded)) {
      return ReplayFault{entry.event.n, to_sentence(recorded), answered ? to_sentence(*answered) : "nothing"};
    }
    controller_.apply(recorded);
    ++compared_;
    if (std::holds_alternative<StartTrial>(recorded.body)) ++configurations_;
  }
  if (const auto surplus = controller_.next()) return ReplayFault{entry.event.n, "nothing", to_sentence(*surplus)};
  return std::nullopt;
}

}  // namespace tune

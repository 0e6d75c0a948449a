#include "tune/loop/remarks.h"

#include <fmt/format.h>

#include "core/text.h"

namespace tune {
namespace {

bool is_program(const ExperimentSpec& spec) { return spec.trainable.kind == TrainableRef::Kind::kCommand; }

/// Whether one of them holds a checkpoint, perhaps since a run before.
bool any_holds_one(const Controller& controller) {
  for (std::int64_t i = 0; i < controller.trials(); ++i) {
    if (!controller.trial(TrialId{i}).checkpoints.empty()) return true;
  }
  return false;
}

/// Whether its scheduler lets trials copy others (PBT, PB2).
bool copies(const SchedulerSpec& scheduler) {
  const Value* quantile = scheduler.options.find("quantile_fraction");
  return quantile != nullptr && quantile->number().value_or(0) > 0;
}

}  // namespace

bool begins_again(const ResumeTrial& resume) {
  if (resume.checkpoint) return false;
  switch (resume.why) {
    case ResumeWhy::kPromoted:
    case ResumeWhy::kUnpaused:
    case ResumeWhy::kExploit:
    case ResumeWhy::kResized: return true;
    default: return false;  // a failure, or a loss: nobody gave it time to save
  }
}

std::string saving_advice(bool is_program) {
  return is_program
             ? "a program writes its state to ${checkpoint_dir}, reports it with \"checkpoint\": true, and goes on "
               "from what it finds there when it starts (docs/trainables.md)"
             : "a trainable reports its state, and takes it up when it starts (docs/trainables.md)";
}

std::vector<std::string> Remarks::after(const LogEntry& entry, const Controller& controller,
                                        const ExperimentSpec& spec) {
  std::vector<std::string> said;
  note(entry.event, spec);
  const auto* ended = std::get_if<Ended>(&entry.event.body);
  if (ended != nullptr && ended->how == EndKind::kCompleted && !ended->text.empty() && !told_note_) {
    told_note_ = true;
    said.push_back(fmt::format("trial {} {}", ended->trial.value, ended->text));
  }
  for (const Decision& decision : entry.decisions) {
    if (ended != nullptr && could_not_begin(*ended) && std::holds_alternative<ResumeTrial>(decision.body)) {
      said.push_back(fmt::format("trial {}: {} ({})", ended->trial.value, decision.reason, ended->text));
    }
    if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
      begun_.insert(start->trial);
    } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
      const TrialRecord& trial = controller.trial(resume->trial);
      if (told_restart_ || trial.reports == 0 || !begins_again(*resume)) continue;
      told_restart_ = true;
      said.push_back(
          fmt::format("trial {} left at iteration {} without a checkpoint and begins again from the start, as "
                      "any trial will that stores none: {}",
                      trial.id.value, trial.last_step, saving_advice(is_program(spec))));
    } else if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) {
      if (begun_.erase(finish->trial) > 0) look_at_end(controller.trial(finish->trial), controller, spec, said);
    }
  }
  return said;
}

void Remarks::note(const Event& event, const ExperimentSpec& spec) {
  if (const auto* report = std::get_if<Reported>(&event.body)) {
    any_saved_ = any_saved_ || report->checkpoint.has_value();
    if (spec.stop.metrics.empty()) return;
    for (const auto& [name, value] : report->metrics) reported_.insert(name);
  } else if (std::holds_alternative<Saved>(event.body)) {
    any_saved_ = true;
  }
}

void Remarks::look_at_end(const TrialRecord& trial, const Controller& controller, const ExperimentSpec& spec,
                          std::vector<std::string>& said) {
  if (trial.reports == 0) return;
  for (const MetricStop& rule : spec.stop.metrics) {
    if (reported_.contains(rule.metric) || !missed_.insert(rule.metric).second) continue;
    const std::vector<std::string> names(reported_.begin(), reported_.end());
    const std::string near = did_you_mean_hint(rule.metric, names);
    said.push_back(
        fmt::format("stop names '{}', which trial {} never reported, so that it ends no trial; reported: {}{}",
                    rule.metric, trial.id.value, join(names), near.empty() ? "" : "; " + near));
  }
  if (told_no_copy_ || any_saved_ || trial.state == TrialState::kFailed || !copies(spec.scheduler)) return;
  any_saved_ = any_holds_one(controller);
  if (any_saved_) return;
  told_no_copy_ = true;
  said.push_back(fmt::format("trial {} ended, and no trial has stored a checkpoint, so that {} has nothing to copy{}",
                             trial.id.value, spec.scheduler.type,
                             told_restart_ ? "" : ": " + saving_advice(is_program(spec))));
}

}  // namespace tune

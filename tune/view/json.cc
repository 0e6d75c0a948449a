#include "tune/view/json.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/json.h"
#include "core/text.h"
#include "core/wall_clock.h"
#include "tune/loop/turn.h"
#include "tune/view/tell.h"
#include "tune/view/words.h"

namespace tune {
namespace {

Value metrics_value(const Metrics& metrics) {
  Map map;
  for (const auto& [name, value] : metrics) map.emplace_back(name, value);
  return map;
}

Map trial_fields(const RunInfo& info, const TrialRecord& trial) {
  Map fields{{"trial_number", trial.id.value},
             {"trial_id", trial_name(info.experiment, trial.id)},
             {"status", std::string(status_name(trial.state))},
             {"training_iteration", trial.last_step},
             {"time_total_s", trial.elapsed}};
  if (trial.reports > 0) {
    const double last = trial.last.is_number() ? trial.last_value : std::nan("");
    fields.emplace_back("metrics", Map{{info.objectives.front().metric, last}});
  }
  if (trial.best.is_number()) {
    fields.emplace_back("best", Map{{info.objectives.front().metric, trial.best_value},
                                    {"training_iteration", trial.best_step},
                                    {"config", to_nested(config_of_best(trial))}});
  }
  fields.emplace_back("config", to_nested(trial.config));
  return fields;
}

Map counts_fields(const Controller& controller) {
  const Counts& counts = controller.counts();
  const InHandCounts now = in_hand(controller);
  return {{"completed", counts.completed},    {"stopped", counts.stopped}, {"failed", counts.failed},
          {"running", now.running},           {"paused", counts.paused},   {"waiting", now.waiting},
          {"elapsed_s", controller.elapsed()}};
}

}  // namespace

void JsonView::say(std::string_view event, Map fields) const {
  if (options_.verbosity <= -2) return;
  Map line{{"event", event}, {"ts", format_time(unix_now())}};
  line.insert(line.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
  tell(stdout, "{}\n", to_json(line));
  std::fflush(stdout);
}

void JsonView::started(const RunInfo& info, const Controller& controller) {
  info_ = info;
  if (const TrialRecord* best = controller.best()) best_ = best->best;
  Map fields{{"experiment", info.experiment}, {"db", info.database},
             {"algorithm", info.algorithm},   {"scheduler", info.scheduler},
             {"slots", info.slots},           {"seed", static_cast<std::int64_t>(info.seed)},
             {"resumed", info.resumed},       {"lockstep", info.lockstep}};
  if (info.budget.trials) fields.emplace_back("trials", *info.budget.trials);
  say("experiment_started", std::move(fields));
}

void JsonView::turn(const std::vector<LogEntry>& entries, const Controller& controller) {
  for (const LogEntry& entry : entries) {
    const auto* report = std::get_if<Reported>(&entry.event.body);
    if (report != nullptr && options_.verbosity >= 1) {
      say("trial_reported", {{"trial_number", report->trial.value},
                             {"training_iteration", report->step},
                             {"time_total_s", report->elapsed},
                             {"metrics", metrics_value(report->metrics)}});
    }
    for (const Decision& decision : entry.decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
        say("trial_started", {{"trial_number", start->trial.value}, {"config", to_nested(start->config)}});
      } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
        say("trial_resumed",
            {{"trial_number", resume->trial.value}, {"attempt", resume->attempt.value}, {"reason", decision.reason}});
      } else if (const auto* judged = std::get_if<Judged>(&decision.body);
                 judged != nullptr && judged->verdict == Verdict::kPause) {
        say("trial_paused",
            {{"trial_number", judged->trial.value}, {"training_iteration", judged->step}, {"reason", decision.reason}});
      } else if (const auto* finish = std::get_if<FinishTrial>(&decision.body)) {
        Map fields = trial_fields(info_, controller.trial(finish->trial));
        fields.emplace_back("reason", decision.reason);
        fields.emplace_back("cause", std::string(cause_name(finish->cause)));
        say(finish->state == TrialState::kFailed ? "trial_failed" : "trial_finished", std::move(fields));
      }
    }
  }
  const TrialRecord* best = controller.best();
  if (best != nullptr && (!best_ || !(best->best == *best_))) {
    best_ = best->best;
    say("new_best", trial_fields(info_, *best));
  }
}

void JsonView::refresh(const Controller& controller) {
  const double now = unix_now();
  if (last_heartbeat_ == 0) last_heartbeat_ = now;
  if (now - last_heartbeat_ < options_.progress_interval) return;
  last_heartbeat_ = now;
  say("heartbeat", counts_fields(controller));
}

void JsonView::message(Severity severity, const std::string& text) {
  if (severity == Severity::kNote) {
    if (options_.verbosity >= 0) tell_plainly(stderr, "{}\n", text);
    return;
  }
  say("warning", {{"severity", severity == Severity::kError ? "error" : "warning"}, {"message", text}});
}

void JsonView::finished(RunEnd end, const Controller& controller) {
  Map fields = counts_fields(controller);
  fields.insert(fields.begin(), {"status", end == RunEnd::kInterrupted ? "interrupted" : status_of(controller)});
  fields.emplace_back("nan_reports", controller.counts().nan_reports);
  fields.emplace_back("infinite_reports", controller.counts().infinite_reports);
  if (const auto why = controller.ending()) fields.emplace_back("end_reason", std::string(end_why_name(*why)));
  if (const TrialRecord* best = controller.best()) fields.emplace_back("best", trial_fields(info_, *best));
  say("experiment_finished", std::move(fields));
}

}  // namespace tune

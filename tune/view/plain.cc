#include "tune/view/plain.h"

#include <fmt/format.h>

#include "core/text.h"
#include "core/utf8.h"
#include "tune/loop/recovery.h"
#include "tune/view/tell.h"
#include "tune/view/words.h"

namespace tune {

namespace {

/// An end that the file's reader would not expect.
bool is_news(EndWhy why) { return why != EndWhy::kBudgetTrials && why != EndWhy::kExhausted && why != EndWhy::kUser; }

}  // namespace

PlainView::PlainView(const ViewOptions& options, std::function<void(const std::string&)> out)
    : options_(options), out_(std::move(out)) {
  if (!out_) out_ = [](const std::string& lines) { tell(stderr, "{}", lines); };
}

void PlainView::say(int verbosity, const std::string& line) {
  if (options_.verbosity < verbosity || line.empty()) return;
  last_line_ = std::chrono::steady_clock::now();
  // The one way out of all that is said of a run: trials' reasons, metrics and values stand in it.
  out_(visible(line, true) + (line.ends_with('\n') ? "" : "\n"));
}

void PlainView::started(const RunInfo& info, const Controller& controller) {
  info_ = info;
  if (const TrialRecord* best = controller.best()) best_ = best->best;
  finished_ = controller.counts().finished();
  say(0, beginning(info, controller));
}

void PlainView::turn(const std::vector<LogEntry>& entries, const Controller& controller) {
  const auto trials = controller.trials_allowed();
  for (const LogEntry& entry : entries) {
    if (const std::string words = asked_words(entry.event); !words.empty()) say(0, words);
    if (const auto* report = std::get_if<Reported>(&entry.event.body); report != nullptr && options_.verbosity >= 1) {
      say(1, fmt::format("#{} iter={} {}", report->trial.value, report->step, metrics_to_json(report->metrics)));
    }
    for (const Decision& decision : entry.decisions) {
      if (options_.verbosity >= 2) say(2, "  " + to_sentence(decision));
      if (const auto* end = std::get_if<EndExperiment>(&decision.body); end != nullptr && is_news(end->why)) {
        say(0, "ending: " + visible(decision.reason));
      }
      const auto* finish = std::get_if<FinishTrial>(&decision.body);
      if (finish == nullptr) continue;
      const TrialRecord& trial = controller.trial(finish->trial);
      ++finished_;
      const std::string place = trials ? fmt::format("[{}/{}] ", finished_, *trials) : fmt::format("[{}] ", finished_);
      if (show_finished_ || finish->state == TrialState::kFailed) say(0, place + trial_words(info_, trial));
    }
  }
  finished_ = controller.counts().finished();  // which a person's retry takes back
  const TrialRecord* best = controller.best();
  if (best != nullptr && (!best_ || !(best->best == *best_))) {
    best_ = best->best;
    say(0, fmt::format("new best #{} {}={} iter={} {}", best->id.value, info_.objectives.front().metric,
                       short_real(best->best_value), best->best_step, config_words(config_of_best(*best))));
  }
}

void PlainView::refresh(const Controller& controller) {
  if (!show_heartbeat_) return;
  const std::chrono::duration<double> quiet = std::chrono::steady_clock::now() - last_line_;
  if (quiet.count() < options_.progress_interval) return;
  const Counts& counts = controller.counts();
  const InHandCounts now = in_hand(controller);
  say(0, fmt::format("{} finished, {} running, {} waiting, {} paused after {}", counts.finished(), now.running,
                     now.waiting, counts.paused, format_duration(controller.elapsed())));
}

void PlainView::message(Severity severity, const std::string& text) {
  switch (severity) {
    case Severity::kNote: return say(0, text);
    case Severity::kWarning: return say(0, "warning: " + text);
    case Severity::kError: return say(-1, "error: " + text);
  }
}

void PlainView::finished(RunEnd end, const Controller& controller) {
  if (options_.verbosity == -1) {
    if (const TrialRecord* best = controller.best()) {
      tell(stdout, "best #{} {} {} (iteration {})  {}\n", best->id.value, info_.objectives.front().metric,
           format_real(best->best_value), best->best_step, config_words(config_of_best(*best)));
    } else if (end == RunEnd::kFinished) {
      say(-1, fmt::format("error: {}: no trial reported a usable result", info_.experiment));
    }
    say(-1, failure_words(failure_reasons(controller)));
    return;
  }
  say(0, summary(info_, end, controller));
}

}  // namespace tune

#include "tune/cli/story.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/metrics.h"
#include "core/text.h"

namespace tune::cli {

namespace {

/// Of an end that says nothing itself.
std::string_view how_it_left(const Ended& end) {
  switch (end.how) {
    case EndKind::kCompleted: return "it had come to its end";
    case EndKind::kPaused: return "told to pause";
    case EndKind::kStopped: return "told to stop";
    case EndKind::kInterrupted: return "the run was interrupted";
    case EndKind::kFailed: break;
  }
  return cause_name(end.cause);
}

}  // namespace

std::string event_sentence(const Event& event, TrialId trial) {
  const auto is_other = [&](const auto* e) { return e != nullptr && e->trial != trial; };
  if (is_other(std::get_if<Reported>(&event.body)) || is_other(std::get_if<Saved>(&event.body)) ||
      is_other(std::get_if<Ended>(&event.body)) || is_other(std::get_if<Lost>(&event.body))) {
    return {};
  }
  if (const auto* e = std::get_if<Reported>(&event.body)) {
    return fmt::format("attempt {} iteration {}: {}{}", e->attempt.value, e->step, metrics_to_json(e->metrics),
                       e->checkpoint ? fmt::format(", checkpoint of {}", format_size(e->checkpoint->size)) : "");
  }
  if (const auto* e = std::get_if<Saved>(&event.body)) {
    return fmt::format("attempt {} saved iteration {}, {}", e->attempt.value, e->step, format_size(e->checkpoint.size));
  }
  if (const auto* e = std::get_if<Ended>(&event.body)) {
    return fmt::format("attempt {} left: {}", e->attempt.value, e->text.empty() ? how_it_left(*e) : e->text);
  }
  if (const auto* e = std::get_if<Lost>(&event.body))
    return fmt::format("attempt {} lost: {}", e->attempt.value, e->why);
  return {};
}

std::string FalseStarts::before(const LogEntry& entry, TrialId trial) {
  std::string words;
  if (const auto* report = std::get_if<Reported>(&entry.event.body); report != nullptr && report->trial == trial) {
    if (start_ && report->step <= *start_) {
      words = fmt::format("attempt {} began after iteration {}: its checkpoint of iteration {} could not be used",
                          report->attempt.value, report->step - 1, *start_);
    }
    start_.reset();
    if (report->checkpoint) steps_[entry.event.n] = report->step;
  } else if (const auto* saved = std::get_if<Saved>(&entry.event.body); saved != nullptr && saved->trial == trial) {
    steps_[entry.event.n] = saved->step;
  }
  for (const Decision& decision : entry.decisions) {
    const auto* resume = std::get_if<ResumeTrial>(&decision.body);
    if (resume == nullptr || resume->trial != trial) continue;
    const auto from = resume->checkpoint ? steps_.find(*resume->checkpoint) : steps_.end();
    start_ = from != steps_.end() ? std::optional(from->second) : std::nullopt;
  }
  return words;
}

// An attempt counts its seconds from those of the checkpoint that it began with. Of a checkpoint that another trial has
// made (PBT) the story does not know them: there the experiment's clock tells, from the decision to what came first.
double time_of_attempts(const std::vector<LogEntry>& story, TrialId trial) {
  struct Ran {
    std::optional<double> from;  ///< seconds of its checkpoint; nothing: not known
    double began = 0;            ///< by the experiment's clock
    double to = 0;
  };
  std::map<Attempt, Ran> attempts;
  std::map<CheckpointId, double> checkpoints;
  for (const LogEntry& entry : story) {
    const auto heard = [&](Attempt attempt, double elapsed) {
      Ran& ran = attempts[attempt];
      if (!ran.from) ran.from = std::clamp(elapsed - (entry.event.at - ran.began), 0.0, elapsed);
      ran.to = std::max(ran.to, elapsed);
    };
    if (const auto* e = std::get_if<Reported>(&entry.event.body); e != nullptr && e->trial == trial) {
      heard(e->attempt, e->elapsed);
      if (e->checkpoint) checkpoints[entry.event.n] = e->elapsed;
    } else if (const auto* e = std::get_if<Saved>(&entry.event.body); e != nullptr && e->trial == trial) {
      heard(e->attempt, e->elapsed);
      checkpoints[entry.event.n] = e->elapsed;
    } else if (const auto* e = std::get_if<Ended>(&entry.event.body); e != nullptr && e->trial == trial) {
      heard(e->attempt, e->elapsed);
    }
    for (const Decision& decision : entry.decisions) {
      if (const auto* start = std::get_if<StartTrial>(&decision.body); start != nullptr && start->trial == trial) {
        attempts[Attempt{1}] = {0.0, entry.event.at, 0};
      }
      const auto* resume = std::get_if<ResumeTrial>(&decision.body);
      if (resume == nullptr || resume->trial != trial) continue;
      Ran ran{0.0, entry.event.at, 0};
      if (resume->checkpoint) {
        const auto known = checkpoints.find(*resume->checkpoint);
        ran.from = known != checkpoints.end() ? std::optional(known->second) : std::nullopt;
      }
      attempts[resume->attempt] = ran;
    }
  }
  double sum = 0;
  for (const auto& [attempt, ran] : attempts) sum += std::max(ran.to - ran.from.value_or(ran.to), 0.0);
  return sum;
}

std::string LastWords::once(const std::string& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string::npos || told_.insert(text.substr(end)).second) return text;
  return text.substr(0, end) + " (it printed what is told above)";
}

}  // namespace tune::cli

#include "tests/torture/virtual/stored.h"

#include <fmt/format.h>

namespace tune::torture {

std::string checkpoint_bytes(TrialId trial, Step step) {
  return fmt::format("the state of trial {} after step {}", trial.value, step);
}

void Stored::commit(const std::vector<LogEntry>& entries, const std::vector<std::string>& checkpoints) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LogEntry& entry = entries[i];
    if (entry.event.n.value != static_cast<std::int64_t>(log_.size()) + 1) world_.violate("a hole in the log");
    const auto check_bytes = [&](TrialId trial, Step step) {
      if (checkpoints[i] != checkpoint_bytes(trial, step)) {
        world_.violate(
            fmt::format("the checkpoint of trial {} at step {} holds '{}'", trial.value, step, checkpoints[i]));
      }
      small[entry.event.n] = checkpoints[i];
    };
    if (const auto* report = std::get_if<Reported>(&entry.event.body)) {
      numbered(*report, true);
      if (report->checkpoint) check_bytes(report->trial, report->step);
      Trial& trial = trials_[report->trial];
      trial.counted.emplace(trial.generation, report->step);
    } else if (const auto* saved = std::get_if<Saved>(&entry.event.body)) {
      numbered(*saved, false);
      check_bytes(saved->trial, saved->step);
    } else if (const auto* ended = std::get_if<Ended>(&entry.event.body)) {
      if (ended->seq > 0) numbered(*ended, false);
      trials_[ended->trial].ended = true;
    } else if (const auto* lost = std::get_if<Lost>(&entry.event.body)) {
      Trial& trial = trials_[lost->trial];
      if (lost->attempt != trial.attempt || trial.ended) world_.violate("the loss of another attempt than runs");
      trial.ended = true;
    }
    for (const Decision& decision : entry.decisions) decided(decision);
    log_.push_back(entry);
  }
}

template <class Numbered>
void Stored::numbered(const Numbered& event, bool is_report) {
  Trial& trial = trials_[event.trial];
  const auto fault = [&](const char* what) {
    world_.violate(fmt::format("{}: trial {} attempt {} number {}, after attempt {} number {}", what, event.trial.value,
                               event.attempt.value, event.seq, trial.attempt.value, trial.last_seq));
  };
  if (event.attempt != trial.attempt) return fault("a message of another attempt is stored");
  if (trial.ended) return fault("a message of an attempt that has ended is stored");
  const bool has_gap = event.seq != trial.last_seq + 1;
  if (event.seq <= trial.last_seq || (has_gap && (is_report || !trial.told_to_leave))) {
    return fault("messages are stored out of their order");
  }
  trial.last_seq = event.seq;
}

void Stored::decided(const Decision& decision) {
  if (const auto* start = std::get_if<StartTrial>(&decision.body)) {
    if (trials_.contains(start->trial)) world_.violate("a trial is started twice");
    trials_[start->trial].attempt = Attempt{1};
  } else if (const auto* resume = std::get_if<ResumeTrial>(&decision.body)) {
    Trial& trial = trials_[resume->trial];
    if (!trial.ended) world_.violate("an attempt is granted while another one runs");
    if (resume->attempt.value != trial.attempt.value + 1) world_.violate("an attempt that is not the next one");
    trial.attempt = resume->attempt;
    trial.last_seq = 0;
    trial.ended = trial.told_to_leave = false;
  } else if (const auto* judged = std::get_if<Judged>(&decision.body)) {
    Trial& trial = trials_[judged->trial];
    if (judged->verdict != Verdict::kContinue) trial.told_to_leave = true;
    if (judged->cause != Cause::kUser && judged->step > 0 &&
        !judged_.emplace(judged->trial, trial.generation, judged->step).second) {
      world_.violate(fmt::format("trial {} is judged twice at step {}", judged->trial.value, judged->step));
    }
  } else if (const auto* exploit = std::get_if<ExploitTrial>(&decision.body)) {
    ++trials_[exploit->trial].generation;
  }
}

void Stored::acknowledged(const Ack& ack) {
  const auto found = trials_.find(ack.trial);
  if (found == trials_.end()) return world_.violate("an answer to a trial that was never granted");
  const Trial& trial = found->second;
  if (ack.attempt < trial.attempt || trial.ended || trial.told_to_leave || ack.seq <= trial.last_seq) return;
  world_.violate(fmt::format("trial {} attempt {}: number {} is acknowledged, and {} is the last one stored",
                             ack.trial.value, ack.attempt.value, ack.seq, trial.last_seq));
}

void Stored::check_reports(TrialId trial, std::int64_t reports) {
  const auto counted = static_cast<std::int64_t>(trials_[trial].counted.size());
  if (counted != reports) {
    world_.violate(fmt::format("trial {} counts {} reports of {} steps", trial.value, reports, counted));
  }
}

}  // namespace tune::torture

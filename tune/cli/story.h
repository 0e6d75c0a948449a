#pragma once

// What `tune show` tells of a trial beyond its row: each event in a sentence, what the log means without saying it, and
// a program's last words once only.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/log.h"

namespace tune::cli {

/// What happened to `trial`; empty for what happened to another, in whose turn something was decided about it.
std::string event_sentence(const Event& event, TrialId trial);

/// Seconds that all attempts of the trial have run together, with what was trained again after a failure or a loss;
/// what an attempt did after the last that was heard of it is not known. `story`: Reader::story().
double time_of_attempts(const std::vector<LogEntry>& story, TrialId trial);

/// Attempts that did not begin where the log meant them to, as the trial did not take up its checkpoint: that shows in
/// what they reported first.
class FalseStarts {
 public:
  /// To be called for each entry of the story, in order. What there is to say before it; mostly nothing.
  std::string before(const LogEntry& entry, TrialId trial);

 private:
  std::map<CheckpointId, Step> steps_;
  std::optional<Step> start_;  ///< of the attempt that has not reported yet
};

/// The last lines that a failing program prints follow upon the sentence of its end, and come again with each retry.
class LastWords {
 public:
  /// The sentence, and what follows upon it if that has not been told before.
  std::string once(const std::string& text);

 private:
  std::set<std::string> told_;
};

}  // namespace tune::cli

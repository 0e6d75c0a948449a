#pragma once

// The words that the live region, plain lines and the final summary share.

#include <string>
#include <vector>

#include "core/log.h"
#include "tune/view/view.h"

namespace tune {

/// `val_accuracy=0.9733`: four significant digits.
std::string short_real(double value);
/// A text as one word of a shell's command line, quoted where it must be.
std::string shell_word(std::string_view text);
std::string short_value(const Value& value);

/// `lr=0.0123 hidden=32`, parameters of the configuration in order.
std::string config_words(const Config& config);

/// The configuration that gave the trial's best report.
const Config& config_of_best(const TrialRecord& trial);

/// What a person asked for, if the event is that: `the user paused trial 3`; empty for other events, and for signals.
std::string asked_words(const Event& event);
/// `#17 done val_accuracy=0.9733 iter=31 3.2s lr=0.0123`: a trial that has ended.
std::string trial_words(const RunInfo& info, const TrialRecord& trial);

/// `done`, `stopped early`, `failed`, ...: what happened to it.
std::string_view end_word(TrialState state);

struct FailureReason {
  std::string text;  ///< first line of the first one's; the others may differ from it in numbers
  std::int64_t trials = 0;
  TrialId first;
};
/// Why trials failed, the commonest reason first.
std::vector<FailureReason> failure_reasons(const Controller& controller);

/// The same in lines, as many as a person would read.
std::string failure_words(const std::vector<FailureReason>& reasons);

/// Where the data of an experiment is, and what to do next: two lines, the last one without its end.
std::string next_words(const RunInfo& info, const Controller& controller);

/// The last lines of a run: counts, failures, best, time, where the data is, what to do next.
std::string summary(const RunInfo& info, RunEnd end, const Controller& controller);

/// What a person is told when a run begins, one fact a line.
std::string beginning(const RunInfo& info, const Controller& controller);

}  // namespace tune

#pragma once

// What a person should know of a run that goes well by its rules and yet cannot do what was meant: trials that begin
// again because they store no checkpoint, a population with nothing to copy, a stop rule over a metric that nobody
// reports, lines that were meant as reports and are none. A program says none of this beforehand, so it is said when it
// first shows, once a run.
//
// Thread rule: the loop's thread only.

#include <set>
#include <string>
#include <vector>

#include "core/log.h"
#include "experiments/spec.h"
#include "tune/controller/controller.h"

namespace tune {

class Remarks {
 public:
  /// What there is to say after this committed entry; mostly nothing. `controller` has folded it.
  std::vector<std::string> after(const LogEntry& entry, const Controller& controller, const ExperimentSpec& spec);

 private:
  void note(const Event& event, const ExperimentSpec& spec);
  void look_at_end(const TrialRecord& trial, const Controller& controller, const ExperimentSpec& spec,
                   std::vector<std::string>& said);

  std::set<TrialId> begun_;         ///< in this run: all that they reported was seen
  std::set<std::string> reported_;  ///< names of metrics, where a stop rule asks for some
  std::set<std::string> missed_;    ///< metrics that were told of
  bool any_saved_ = false;
  bool told_restart_ = false, told_no_copy_ = false, told_note_ = false;
};

/// Whether a trial that was told to save and leave goes on without a checkpoint: all of its training is done again.
bool begins_again(const ResumeTrial& resume);

/// What a trainable must do so that its trials need not begin again.
std::string saving_advice(bool is_program);

}  // namespace tune

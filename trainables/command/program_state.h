#pragma once

// What is kept of the state of one program: its checkpoints, and what it leaves when its trial does.
//
// A program on stdout does not wait for answers, so it may be ahead of a decision. After a stop its later reports are
// dropped. After a pause they are kept with its checkpoint and reported first when the trial goes on. A program that a
// signal ends has not saved in order to leave: its state is the last one that it announced. One that leaves without
// having saved anything new is continued from its last checkpoint, and what it printed since then is printed again. So
// no report is lost or counted twice.
//
// How far it is ahead is chance. Where each checkpoint has a name of its own no report and no decision depends on it:
// each report has its checkpoint, also one that is held back, and a clone is given that of the decision. A run in
// lockstep or in virtual time wants its whole log to be the same (CommandSpec::exact): there the trial itself goes on
// from that one too, and trains again what it was ahead.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "trainables/command/checkpoint_directory.h"
#include "trainables/command/program_report.h"

namespace tune {

class ProgramState {
 public:
  /// Makes `path` an empty directory, for a program with these parameters. `exact`: CommandSpec::exact.
  Result<void> make(std::string path, std::string config, bool exact);
  /// Unpacks the checkpoint that the trial goes on from.
  Result<void> restore(std::string_view checkpoint);

  /// Reports that were held back when it left, to be reported before anything new.
  std::vector<ProgramReport> take_held_back() { return std::exchange(held_back_.reports, {}); }
  /// It is through: those reports are all that is left.
  bool has_ended() const { return held_back_.ended; }
  void set_ended(bool ended) { held_back_.ended = ended; }

  /// The checkpoint that a report announced, as bytes; `name` empty: all of the directory.
  Result<std::string> capture_announced(const std::string& name);
  /// The same of a report whose program waits, so that all that lies there belongs to it.
  Result<std::string> capture_sent(const std::string& name);
  /// The trial was told to leave at a report with the checkpoint of this name.
  void leave_at(const std::string& name) { left_at_ = name; }
  /// A report that comes after that one.
  void hold_back(ProgramReport report);

  /// The state that the last report announced that is held back: of a program that gets no further.
  const std::optional<std::string>& announced_late() const { return announced_late_; }
  /// The state to continue from: the directory and what was held back. Nothing, if the directory holds nothing new,
  /// since the state of an earlier checkpoint does not belong to the last step; or if it left at a report that holds
  /// its state, and it is to go on from there, or what a later one named is gone.
  Result<std::optional<std::string>> leave();

 private:
  void keep(const std::string& name);

  CheckpointDirectory directory_;
  std::string config_;
  bool exact_ = false;
  HeldBack held_back_;
  std::string last_name_;                      ///< of the last checkpoint that was announced by a name and taken
  std::optional<std::string> left_at_;         ///< the same, of the report at which the trial was told to leave
  bool overwritten_ = false;                   ///< the state of that report, by one that is held back
  std::optional<std::string> announced_late_;  ///< see above
};

}  // namespace tune

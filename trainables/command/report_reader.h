#pragma once

// The reports among the lines of a program; and, if there were none, why: that is all its user has to go by.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "trainables/command/command_spec.h"
#include "trainables/command/program_report.h"

namespace tune {

class ReportReader {
 public:
  ReportReader() = default;
  /// `objective`: only a line that holds one of these is a report; empty: any number will do.
  ReportReader(CommandSpec::ReportBy by, std::vector<std::string> objective)
      : by_(by), objective_(std::move(objective)) {}

  /// A line that it printed, or wrote to the report file. Nothing is read beyond a fault.
  void read(std::string_view line);
  /// What was read since the last call.
  std::vector<ProgramReport> take() { return std::exchange(arrived_, {}); }
  /// Of a line that is a report, and a wrong one.
  const std::optional<Error>& fault() const { return fault_; }

  /// A report whose program waits for the answer; it is JSON, however it reports otherwise. kBadInput, or the fault,
  /// says why it is none.
  Result<ProgramReport> read_sent(std::string_view line) const;

  /// What is wrong with the first line that names an objective in vain; empty: none did.
  const std::string& unreadable() const { return unreadable_; }
  /// Why nothing that was read was a report.
  std::string why_none() const;

 private:
  std::string objective_words() const;

  CommandSpec::ReportBy by_ = CommandSpec::ReportBy::kStdout;
  std::vector<std::string> objective_;
  std::vector<ProgramReport> arrived_;
  std::optional<Error> fault_;
  std::string unreadable_;
  std::string unlike_;  ///< numbers in the first line that holds some, but not the objective
};

}  // namespace tune

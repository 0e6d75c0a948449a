#pragma once

// Reports that wait for their answer: a socket in the trial's directory, for programs that cannot print their reports
// or that want to know at once whether to go on. `tune report` and tune_report.py speak it; any program may:
//
//   to tune    one line: the JSON object of a report, as it would be on stdout
//   from tune  one line, when the report has been judged and its checkpoint is stored:
//              {"go_on": true}, {"go_on": false} (save and leave), or {"error": "what is wrong with it"}
//
// One report a connection. TUNE_REPORT_SOCKET holds the path.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel.h"
#include "core/result.h"

namespace tune {

/// The trial's end. One thread.
class ReportSocket {
 public:
  /// Takes the line, without its end, and gives the answer, without one.
  using Handler = std::function<std::string(std::string_view line)>;

  ReportSocket() = default;
  ReportSocket(ReportSocket&& other) noexcept = default;
  ReportSocket& operator=(ReportSocket&& other) noexcept = default;

  /// Makes the socket `path`, for this user alone; something of that name is replaced. kIo.
  static Result<ReportSocket> listen(const std::string& path);

  /// Descriptors that become readable when serve() has something to do. It is to be called now and then without that
  /// too: where no more files may be opened, whoever knocks waits until the next call, and wakes nobody.
  std::vector<int> descriptors() const;

  /// Answers every line that is complete, and never waits for one that is not.
  void serve(const Handler& handler);

 private:
  struct Connection {
    Fd socket;
    std::string line;
  };
  void accept_all();
  static bool read_line(Connection& connection);

  Fd listener_;
  std::vector<Connection> connections_;
  bool rests_ = false;  // nobody could be let in the last time
};

enum class ReportVerdict { kGoOn, kLeave };

/// The program's end: sends one report and waits for its answer. kBadInput for what is wrong with the report, kNotFound
/// if nobody listens at `path` (any more).
Result<ReportVerdict> send_report(const std::string& path, std::string_view json);

/// The answer that send_report() reads as this.
std::string report_answer(ReportVerdict verdict);
std::string report_refusal(std::string_view what_is_wrong);

}  // namespace tune

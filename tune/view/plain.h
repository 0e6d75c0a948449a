#pragma once

// Plain lines on stderr, one an event: what is shown where there is no terminal, and what scrolls above the live
// region.

#include <chrono>
#include <functional>

#include "tune/view/view.h"

namespace tune {

class PlainView final : public RunView {
 public:
  /// `out` takes whole lines with their newline; stderr if empty.
  explicit PlainView(const ViewOptions& options, std::function<void(const std::string&)> out = {});

  void started(const RunInfo& info, const Controller& controller) override;
  void turn(const std::vector<LogEntry>& entries, const Controller& controller) override;
  void refresh(const Controller& controller) override;
  void message(Severity severity, const std::string& text) override;
  void finished(RunEnd end, const Controller& controller) override;

  /// Whether each finished trial gets a line (the live region shows them itself).
  void show_finished(bool on) { show_finished_ = on; }
  void show_heartbeat(bool on) { show_heartbeat_ = on; }
  const RunInfo& info() const { return info_; }

 private:
  void say(int verbosity, const std::string& line);

  ViewOptions options_;
  std::function<void(const std::string&)> out_;
  RunInfo info_;
  bool show_finished_ = true, show_heartbeat_ = true;
  std::optional<Score> best_;
  std::int64_t finished_ = 0;  // trials, up to the line that is being said
  std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();
};

}  // namespace tune

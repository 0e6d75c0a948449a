#pragma once

// The live region: about ten lines at the bottom of the terminal (stderr), redrawn in place, only changed lines
// rewritten; what is worth keeping scrolls above it as plain lines.

#include <deque>

#include "tune/view/plain.h"
#include "tune/view/view.h"

namespace tune {

class LiveView final : public RunView {
 public:
  explicit LiveView(const ViewOptions& options);
  ~LiveView() override;

  void started(const RunInfo& info, const Controller& controller) override;
  void turn(const std::vector<LogEntry>& entries, const Controller& controller) override;
  void refresh(const Controller& controller) override;
  void message(Severity severity, const std::string& text) override;
  void finished(RunEnd end, const Controller& controller) override;

  /// The region's lines at a width; for tests too.
  std::vector<std::string> region(const Controller& controller, std::size_t width) const;

 private:
  void print_above(const std::string& lines);
  void draw(std::vector<std::string> lines);
  void erase();
  std::string progress_line(const Controller& controller, std::size_t width) const;
  void trial_table(const Controller& controller, std::size_t width, std::vector<std::string>& lines) const;
  std::string paint(std::string_view code, const std::string& text) const;

  ViewOptions options_;
  PlainView plain_;
  RunInfo info_;
  bool utf8_ = false;
  std::vector<std::string> drawn_;  // lines on the screen now
  double rate_ = 0;                 // finished trials a second, moving average
  std::int64_t finished_before_ = 0, finished_at_start_ = 0;
  double rate_at_ = 0;
  std::string last_error_;
};

}  // namespace tune

#pragma once

// JSON Lines on stdout, one event each, for programs: `event`, `ts` (ISO-8601 UTC) and the field names of the exports.

#include "tune/view/view.h"

namespace tune {

class JsonView final : public RunView {
 public:
  explicit JsonView(const ViewOptions& options) : options_(options) {}

  void started(const RunInfo& info, const Controller& controller) override;
  void turn(const std::vector<LogEntry>& entries, const Controller& controller) override;
  void refresh(const Controller& controller) override;
  void message(Severity severity, const std::string& text) override;
  void finished(RunEnd end, const Controller& controller) override;

 private:
  void say(std::string_view event, Map fields) const;

  ViewOptions options_;
  RunInfo info_;
  std::optional<Score> best_;
  double last_heartbeat_ = 0;
};

}  // namespace tune

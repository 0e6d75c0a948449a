#pragma once

// What a person sees of a run: the live region, plain lines, JSON lines or nothing. The loop tells it what was
// committed, never what is only hoped for. Results go to stdout, everything else to stderr.
//
// Thread rule: the loop's thread only.

#include <memory>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/rules.h"
#include "core/workers.h"
#include "tune/controller/controller.h"

namespace tune {

struct RunInfo {
  std::string experiment;
  std::string database;
  std::string algorithm;  ///< `random`
  std::string scheduler;  ///< `asha`
  std::vector<Objective> objectives;
  Budget budget;
  std::vector<std::string> parameters;  ///< paths in file order
  std::int64_t slots = 1;
  std::string slots_note;
  std::uint64_t seed = 0;
  bool seed_was_drawn = false;
  bool resumed = false;
  bool lockstep = false;
  double time_attr_max = 0;  ///< max_t or stop.training_iteration, for `12/50`; 0: unknown
};

enum class Severity { kNote, kWarning, kError };

enum class RunEnd {
  kFinished,     ///< budget used, target reached, or stopped by the user
  kInterrupted,  ///< by a signal: state saved, `tune resume` goes on
  kBroken,       ///< database or workers unusable; the message says why
};

class RunView {
 public:
  virtual ~RunView() = default;
  virtual void started(const RunInfo& info, const Controller& controller) = 0;
  /// One committed turn.
  virtual void turn(const std::vector<LogEntry>& entries, const Controller& controller) = 0;
  /// Several times a second: redraw.
  virtual void refresh(const Controller& controller) = 0;
  virtual void message(Severity severity, const std::string& text) = 0;
  virtual void finished(RunEnd end, const Controller& controller) = 0;
};

struct ViewOptions {
  enum class Form { kAuto, kPlain, kJson };
  Form form = Form::kAuto;        ///< kAuto: live region on a terminal, else plain lines
  int verbosity = 0;              ///< -2 -qq, -1 -q, 0, 1 -v (every report), 2 -vv (decisions with reasons)
  bool color = true;              ///< false: --no-color
  double progress_interval = 60;  ///< seconds between heartbeats of plain lines
};
std::unique_ptr<RunView> make_view(const ViewOptions& options);

}  // namespace tune

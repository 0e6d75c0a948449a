#pragma once

// In which order what arrives becomes events. By arrival (the default), or in lockstep: ordered by logical time, so
// that real processes give the order of a simulation with a constant step cost, whatever their speed.
//
// Lockstep: a trial's logical time is that of the event that granted its slot plus the number of its own reports and
// ends since. Events wait, unacknowledged, until every running trial has one; then the smallest (logical time, trial)
// goes first. What changes nothing a rule sees passes at once and moves no clock: repeats after a crash, checkpoints,
// lost attempts and failures that are retried.

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "core/messages.h"
#include "tune/controller/controller.h"

namespace tune {

/// Something that will be an event, with what the log does not hold.
struct Arrived {
  EventBody body;
  std::string checkpoint_bytes = {};  ///< inline bytes of its checkpoint
  std::uint64_t large = 0;            ///< channel key of an external one
  std::optional<DoneMessage> done = {};
  std::optional<std::string> document = {};  ///< the experiment's, as an edit leaves it
};

class EventOrder {
 public:
  virtual ~EventOrder() = default;
  virtual void arrive(Arrived arrived) = 0;
  /// The next one, if it is its turn. `leaving`: the controller shuts down.
  virtual std::optional<Arrived> next(const Controller& controller, bool leaving) = 0;
  /// To be called for each log entry, live and at resume: `before` folding its event.
  virtual void before(const Event& event, const Controller& controller) = 0;
  /// ... and after its decisions.
  virtual void after(const LogEntry& entry) = 0;
};

std::unique_ptr<EventOrder> arrival_order();
std::unique_ptr<EventOrder> lockstep_order();

}  // namespace tune

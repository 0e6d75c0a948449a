#pragma once

// How a running trial speaks with whoever runs it: over a socket to a worker (trainables/host), or through a queue to
// the loop of the same process (trainables/threads). TrialRun holds the rules of the conversation; a port only carries.

#include <optional>
#include <string_view>
#include <variant>

#include "core/messages.h"
#include "core/result.h"

namespace tune {

/// What a trial is told while it runs. Those of other attempts are the port's to drop.
using TrialInput = std::variant<Ack, Order>;

/// Used by the one thread that runs the trial.
class TrialPort {
 public:
  virtual ~TrialPort() = default;
  /// Hands on a report; `checkpoint`, if there is one, may be empty. log.checkpoint is the port's to fill in.
  /// kIo: nobody is there any more. Anything else: this message cannot be carried, others can.
  virtual Result<void> send(ReportMessage report, std::optional<std::string_view> checkpoint) = 0;
  virtual Result<void> send(SavedMessage saved, std::string_view checkpoint) = 0;
  /// The next input; nothing if there is none and `wait` is false. kIo: nobody is there any more.
  virtual Result<std::optional<TrialInput>> receive(bool wait) = 0;
};

}  // namespace tune

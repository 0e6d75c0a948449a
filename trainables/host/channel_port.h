#pragma once

// A trial's port over its socket to the worker.

#include "core/channel.h"
#include "trainables/run/trial_port.h"

namespace tune {

class ChannelPort : public TrialPort {
 public:
  /// For the attempt of `begin`: what is meant for others, such as the trial that this process ran before, is dropped.
  ChannelPort(Channel& channel, const Begin& begin) : channel_(channel), begin_(begin) {}

  Result<void> send(ReportMessage report, std::optional<std::string_view> checkpoint) override;
  Result<void> send(SavedMessage saved, std::string_view checkpoint) override;
  Result<std::optional<TrialInput>> receive(bool wait) override;

 private:
  template <class CarryingFrame, class Message>
  Result<void> send_with(CarryingFrame frame, Message CarryingFrame::*message, std::string_view checkpoint);

  Channel& channel_;
  const Begin& begin_;
};

}  // namespace tune

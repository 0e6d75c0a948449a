#pragma once

// First in, first out: every trial runs to its own end, to a stopper's or to the budget's. Ray Tune's FIFOScheduler. It
// learns nothing, so grants may go ahead of free slots.

#include "schedulers/scheduler.h"

namespace tune {

class Fifo final : public Scheduler {
 public:
  std::string_view name() const override { return "fifo"; }
  int rules() const override { return 1; }

  std::optional<SchedulerVerdict> judge(const SchedulerReport&) const override { return std::nullopt; }
  std::optional<Proposal> propose(const Supply& supply) const override;
  SchedulePoint next_point(TrialId) const override { return {}; }
  bool learns() const override { return false; }
};

AlgorithmInfo fifo_info();

}  // namespace tune

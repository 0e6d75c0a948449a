// Which checkpoints of a trial must stay. References: the latest `checkpoint.keep`; the latest that came with a report
// that counts, which a scheduler may give to another trial (newer ones, saved for a shutdown or by steps that are done
// again, it knows nothing of); the one of the trial's best report (where the experiment keeps checkpoints at all);
// whatever an attempt is about to load; and the latest of a paused trial for as long as the scheduler may still resume
// it. One that cannot be read takes no other one's place. The brain decides, so a release is in the log before a byte
// is gone.

#include <algorithm>

#include "tune/controller/state.h"

namespace tune {

std::vector<CheckpointId> unreferenced(const Controller::State& state, const TrialRecord& trial) {
  const CheckpointPolicy& policy = state.options.checkpoint;
  const bool kept_by_policy = policy.every > 0 || policy.at_end;
  const bool given_up = state.unparked.contains(trial.id);
  std::size_t latest = trial.checkpoints.size();  // how many of the newest stay
  if (given_up && !kept_by_policy) {
    latest = 0;
  } else if (policy.keep > 0) {
    latest = static_cast<std::size_t>(policy.keep);
  }

  const auto known = std::find_if(trial.checkpoints.rbegin(), trial.checkpoints.rend(),
                                  [](const CheckpointRef& checkpoint) { return checkpoint.counts; });
  const auto is_readable = [&](const CheckpointRef& checkpoint) { return !state.unreadable.contains(checkpoint.id); };
  auto readable = static_cast<std::size_t>(std::ranges::count_if(trial.checkpoints, is_readable));  // from here on
  std::vector<CheckpointId> gone;
  for (std::size_t i = 0; i < trial.checkpoints.size(); ++i) {
    const CheckpointRef& checkpoint = trial.checkpoints[i];
    const bool is_recent = (is_readable(checkpoint) ? readable-- : trial.checkpoints.size() - i) <= latest;
    const bool is_best = kept_by_policy && trial.best.is_number() && checkpoint.step == trial.best_step;
    const bool is_known = latest > 0 && known != trial.checkpoints.rend() && checkpoint.id == known->id;
    if (!is_recent && !is_known && !is_best && !state.pins.contains(checkpoint.id)) gone.push_back(checkpoint.id);
  }
  return gone;
}

}  // namespace tune

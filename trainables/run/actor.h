#pragma once

// An instance of a trainable and the trials it runs, one after another: made when the first comes, kept where it may be
// reset, thrown away after a failure.

#include <string>

#include "core/messages.h"
#include "trainables/include/tune/abi.h"
#include "trainables/run/trial_run.h"

namespace tune {

/// Thread rule: one thread.
class Actor {
 public:
  explicit Actor(const tune_trainable& table) : table_(table) {}
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  ~Actor() { discard(); }

  /// Runs one trial to its end. `last`: the instance is destroyed with it, so that a destructor that fails is seen.
  /// Exceptions of a trainable written without <tune/trainable.h> end here, as failures of the trial.
  Ended run(TrialRun& trial, bool last);

 private:
  /// What went wrong, or nothing.
  std::string make();
  std::string discard();

  const tune_trainable& table_;
  void* instance_ = nullptr;
  bool made_ = false;
};

}  // namespace tune

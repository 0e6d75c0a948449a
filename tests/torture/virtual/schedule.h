#pragma once

// One schedule: an experiment in virtual time, and what befalls it. A seed makes both; what befalls it is a list, so
// that a failure can be told as a short script, and shrunk: mishaps that are not needed for it are left out.

#include <cstdint>
#include <string>
#include <vector>

namespace tune::torture {

struct Mishap {
  enum class Kind {
    kKillController,  ///< at a time
    kKillWorker,
    kKillForkServer,
    kKillTrial,
    kFreezeController,  ///< SIGSTOP for `seconds`
    kFreezeWorker,
    kFreezeTrial,
    kCut,              ///< the connection
    kDieBeforeCommit,  ///< the controller, at its `number`-th commit
    kDieAfterCommit,
    kDieBeforeSend,     ///< ... before the `number`-th message to a worker
    kFailCommit,        ///< which is tried again
    kRefuseCheckpoint,  ///< the store, at its `number`-th piece
    kLoseMessage,       ///< the `number`-th in its direction
    kRepeatMessage,     ///< `seconds` later
    kDelayMessage,
  };
  Kind kind = Kind::kCut;
  double at = 0;
  std::int64_t number = 0;
  double seconds = 0;
  bool to_controller = false;
};

/// A mishap in words.
std::string words_of(const Mishap& mishap);

struct Schedule {
  std::uint64_t seed = 0;
  std::string scheduler;
  bool lockstep = false;
  std::int64_t trials = 4, slots = 1, steps = 5, checkpoint_every = 0;
  double step_seconds = 0.1, lease = 1, restart_seconds = 0.5;
  bool large_checkpoints = false;
  std::vector<Mishap> mishaps;
};

Schedule make_schedule(std::uint64_t seed);
/// What is needed to run it again, and every mishap in a line.
std::string words_of(const Schedule& schedule);

struct Outcome {
  std::string violation;  ///< empty: every rule held
  std::vector<std::string> story;
  std::int64_t messages = 0, events = 0, controllers = 0, workers = 0;
};

/// `folder`: for hand-ins, made and removed. `tells`: keeps the story.
Outcome run_schedule(const Schedule& schedule, const std::string& folder, bool tells = false);

/// The same failure with as few mishaps as leaving them out one by one gets to.
Schedule shrink(Schedule schedule, const std::string& folder);

}  // namespace tune::torture

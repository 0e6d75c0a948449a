#pragma once

// What survives every death: the log as it was committed, the checkpoints, the hand-ins, which workers were launched.
// Whoever commits or acknowledges is held against the rules here:
//
//  - an event is of the attempt that was granted last, and its number follows the one before it;
//  - a (trial, generation, step) is counted once;
//  - what is acknowledged is stored, or can change nothing any more;
//  - a stored checkpoint holds the bytes of the step that it is said to be of.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/wire/envelope.h"
#include "tests/torture/virtual/world.h"

namespace tune::torture {

/// What the deterministic trainable saves.
std::string checkpoint_bytes(TrialId trial, Step step);

class Stored {
 public:
  explicit Stored(World& world) : world_(world) {}

  void commit(const std::vector<LogEntry>& entries, const std::vector<std::string>& checkpoints);
  const std::vector<LogEntry>& log() const { return log_; }
  /// To be called for each answer that a controller sends.
  void acknowledged(const Ack& ack);
  /// Whether a report of each counted step is in the log once, as `reports` says of the trial.
  void check_reports(TrialId trial, std::int64_t reports);

  /// Launches that a later controller must know of, and all that there ever were, with their processes.
  std::vector<std::int64_t> launches;
  std::map<std::int64_t, Pid> ever_launched;
  /// Which controller calls a worker.
  std::map<std::int64_t, Pid> calls;
  /// Bytes of small checkpoints.
  std::map<CheckpointId, std::string> small;
  /// Checkpoints in the sibling file, by hash.
  std::map<std::string, std::string> external;

 private:
  struct Trial {
    Attempt attempt;
    Seq last_seq = 0;
    std::int64_t generation = 0;
    bool told_to_leave = false, ended = false;
    std::set<std::pair<std::int64_t, Step>> counted;  // by generation
  };
  template <class Numbered>
  void numbered(const Numbered& event, bool is_report);
  void decided(const Decision& decision);

  World& world_;
  std::vector<LogEntry> log_;
  std::map<TrialId, Trial> trials_;
  std::set<std::tuple<TrialId, std::int64_t, Step>> judged_;
};

}  // namespace tune::torture

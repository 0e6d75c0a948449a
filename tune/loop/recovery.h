#pragma once

// From the log back to the brain. Resume folds what was decided and asks nothing, so a newer version cannot quarrel
// with its past; replay asks again beside it and says where the answers differ.

#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "experiments/spec.h"
#include "tune/controller/controller.h"

namespace tune {

/// The brain of an experiment at its beginning. kUnsupported, kBadInput as make_sampler and make_scheduler.
Result<Controller> make_controller(const ExperimentSpec& spec, std::uint64_t seed);

/// Folds one log entry: the controller stands as it stood when its turn was committed.
void fold(Controller& controller, const LogEntry& entry);

/// The first place where the rules of this program do not decide what the log says.
struct ReplayFault {
  EventNumber event;
  std::string recorded;  ///< in a sentence
  std::string answered;
};

/// Folds a log entry and compares each of its decisions with what the rules answer now. Entries that were decided under
/// other rules numbers (see RunStarted) are folded and counted, not compared.
class Replay {
 public:
  explicit Replay(Controller controller);

  /// Nothing, or where the answers differ: replay ends there.
  std::optional<ReplayFault> next(const LogEntry& entry);

  std::int64_t compared() const { return compared_; }  ///< decisions
  std::int64_t configurations() const { return configurations_; }
  std::int64_t under_other_rules() const { return other_; }  ///< decisions
  const std::string& other_rules() const { return other_rules_; }
  const Controller& controller() const { return controller_; }

 private:
  Controller controller_;
  std::string rules_;           // of this program
  std::string recorded_rules_;  // of the run the log is in
  std::string other_rules_;
  std::int64_t compared_ = 0, configurations_ = 0, other_ = 0;
};

/// `stop trial 3 at iteration 9: rank 5 of 6 in rung 9, keeps 2`: a decision in a line.
std::string to_sentence(const Decision& decision);

}  // namespace tune

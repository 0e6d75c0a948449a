#pragma once

// A host in memory: plays what a running tune would answer to a trainable, and writes down what it was told.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "trainables/include/tune/abi.h"

namespace tune::testing {

struct SeenReport {
  std::int64_t step = 0;
  std::vector<std::pair<std::string, double>> metrics;
  std::string extra;
  std::optional<std::string> checkpoint;

  double metric(const std::string& name) const;  ///< NaN if absent
};

struct SeenFailure {
  int kind = 0, code = 0;
  std::string text;
};

struct SeenSave {
  std::int64_t step = 0;
  std::string bytes;
};

class FakeHost {
 public:
  using Parameter = std::variant<double, std::int64_t, std::string, bool>;

  // --- What it answers
  std::map<std::string, Parameter> config;  ///< by path
  std::string config_json = "{}";
  std::string name = "exp-00003";
  std::int64_t number = 3;
  std::uint64_t seed = 42;
  std::string directory;  ///< empty: cannot be made
  std::optional<std::string> checkpoint;
  std::int64_t checkpoint_step = 0;
  std::int64_t save_every = 0;             ///< save_due at each multiple
  std::optional<std::int64_t> leave_at;    ///< the report of this step is answered with LEAVE
  std::optional<std::int64_t> stop_after;  ///< should_stop() from this step on, though report() said continue
  bool save_on_leave = false;              ///< leaving means pause: save_asked() then
  bool at_end = false;                     ///< save_at_end()

  std::function<void(std::int64_t step)> during_report;  ///< while the trainable waits for its answer

  // --- What it was told
  std::vector<SeenReport> reports;
  std::vector<SeenSave> saves;
  std::vector<SeenFailure> failures;
  std::vector<std::string> notes;

  /// Runs one trial with an instance of its own, or with `instance`.
  void run(const tune_trainable* trainable);
  void run(const tune_trainable* trainable, void* instance);
  /// Goes on from the last checkpoint it was told, as after a pause.
  void resume_from_last();

  tune_trial* handle() { return reinterpret_cast<tune_trial*>(this); }
  static const tune_host* table();

 private:
  friend struct FakeHostTable;
  std::int64_t step_ = 0;
  bool leaving_ = false;
  bool saved_ = false;
};

}  // namespace tune::testing

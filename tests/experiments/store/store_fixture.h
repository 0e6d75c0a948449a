#pragma once

// What the store's tests share: a folder that goes away, an experiment, and turns as a loop would make them.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"

namespace tune::test {

/// A fresh folder, in memory unless the test is about a disk; removed with all it holds.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name = "tune.db") const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

NewExperiment new_experiment(const std::string& name);

/// Turns of a made-up experiment, each following from the last: trials start, report (numbers that need all their bits,
/// NaN and infinities among them), save, repeat steps, are judged and end. The same `seed`, the same turns.
class Script {
 public:
  explicit Script(std::uint64_t seed = 1) : seed_(seed) {}
  /// `events` events in one turn.
  TurnRows turn(int events = 1);
  /// One report of trial 0, and nothing else.
  TurnRows report();

 private:
  void add_event(TurnRows& turn);
  void finish(TurnRows& turn);
  std::uint64_t seed_;
  std::int64_t n_ = 0, turn_ = 0, trials_ = 0;
};

std::vector<LogEntry> log_of(const Store& store);
std::vector<LogEntry> log_of(const Reader& reader, ExperimentId id);
/// JSON-free equality: NaN equals NaN.
bool same(const std::vector<LogEntry>& a, const std::vector<LogEntry>& b);

/// Runs `task` in a forked child, which ends with its result as exit code. Requires: no SQLite handle is open here.
int fork_child(const std::function<int()>& task);
/// Exit code of the child, or 128 + the signal that ended it.
int wait_for(int pid);

/// A value of the database by SQL, as text.
std::string query(const std::string& db, const std::string& sql);
void execute(const std::string& db, const std::string& sql);

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace tune::test

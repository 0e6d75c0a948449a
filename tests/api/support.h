#pragma once

// What the tests of the C++ API share: experiments that end quickly, and a database of each test's own.

#include <tune/tune.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace tune::testing {

/// A database in a memory-backed folder, gone with the test.
class ScratchDatabase {
 public:
  ScratchDatabase() {
    static int count = 0;
    directory_ = "/dev/shm/tune-api-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    std::filesystem::create_directories(directory_);
  }
  ~ScratchDatabase() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  std::string path() const { return directory_ + "/tune.db"; }
  std::string file(const std::string& name) const { return directory_ + "/" + name; }
  RunOptions options() const { return {.database = path(), .power_loss = false, .grace = std::chrono::seconds(5)}; }

 private:
  std::string directory_;
};

/// x in 0..1, minimum of `loss` wanted; the trainable is for the test to set.
inline Experiment square(std::int64_t trials) {
  return {.name = "square",
          .objective = {.metric = "loss", .mode = "min"},
          .search_space = {{"x", uniform(0, 1)}},
          .search = {.seed = 7},
          .budget = {.trials = trials}};
}

/// A run that has heard its first report, or is over.
inline Expected<Run> start_until_first_report(const Experiment& experiment, const ScratchDatabase& scratch) {
  const auto reported = std::make_shared<std::atomic<bool>>(false);
  RunOptions options = scratch.options();
  options.callbacks.report = [reported](const ReportEvent&) { *reported = true; };
  auto run = Tuner(experiment, options).start();
  while (run && !*reported && !run->done()) std::this_thread::yield();
  return run;
}

}  // namespace tune::testing

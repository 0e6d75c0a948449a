#pragma once

// What a program hears of its own run: reports and ends of trials, told to its callbacks and kept for whoever waits.
//
// Thread rule: the loop's thread, but for next().

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tune/api/include/tune/tuner.h"
#include "tune/view/view.h"

namespace tune {

class ProgramView final : public RunView {
 public:
  /// `shown`: what a person sees of the run, or null. `read`: a trial's row. `broken`: called once when a callback has
  /// thrown.
  ProgramView(Callbacks callbacks, std::unique_ptr<RunView> shown,
              std::function<std::optional<TrialResult>(std::int64_t)> read, std::function<void()> broken);

  void started(const RunInfo& info, const Controller& controller) override;
  void turn(const std::vector<LogEntry>& entries, const Controller& controller) override;
  void refresh(const Controller& controller) override;
  void message(Severity severity, const std::string& text) override;
  void finished(RunEnd end, const Controller& controller) override;

  /// No trial will finish any more.
  void close();
  /// The number of the next trial that has finished; waits. Nothing: closed, and all were told. Any thread.
  std::optional<std::int64_t> next();
  /// What a callback threw; empty: nothing. After close().
  const std::string& thrown() const { return thrown_; }

 private:
  template <class Call>
  void guard(Call&& call);

  Callbacks callbacks_;
  std::unique_ptr<RunView> shown_;
  std::function<std::optional<TrialResult>(std::int64_t)> read_;
  std::function<void()> broken_;
  std::string thrown_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::int64_t> finished_;
  bool closed_ = false;
};

}  // namespace tune

#pragma once

// A controller without a brain: it runs the loop until something is so, answers everything, and keeps what it hears.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/process_workers.h"
#include "core/workers.h"

namespace tune {

/// A store of checkpoints in memory, that answers later, as the real one does.
class MemoryChannel : public CheckpointChannel {
 public:
  explicit MemoryChannel(boost::asio::io_context& io) : io_(io) {}
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override;
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override;
  void abandon(std::uint64_t key) override {
    writing.erase(key);
    abandoned_.insert(key);
  }
  void read(CheckpointId id, std::uint64_t offset, std::size_t size,
            std::function<void(Result<std::string>)> done) override;

  std::map<std::uint64_t, std::string> writing, finished;
  std::map<CheckpointId, std::string> stored;
  std::uint64_t most_unwritten = 0;          ///< bytes that write() had in hand at a time
  int failures = 0;                          ///< so many writes fail first
  ErrorCode failure = ErrorCode::kDiskFull;  ///< ... with this

 private:
  boost::asio::io_context& io_;
  std::uint64_t unwritten_ = 0;
  std::set<std::uint64_t> abandoned_;
};

/// The trainable of host_program.cc.
TrainableRef scripted(Isolation isolation = Isolation::kProcess);
/// Attempt 1 of a trial.
Assign make_assign(std::int64_t trial, const std::string& config_json);

class Rig : public Workers::Handler {
 public:
  explicit Rig(TrainableRef trainable = scripted(), std::int64_t slots = 1);
  ~Rig() override;

  void on_ready(Result<TrainableInfo> info) override;
  void on_message(WorkerMessage message, std::uint64_t large) override;
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) override;
  void on_unusable(Error why) override { unusable = std::move(why); }

  /// Starts, and waits until the trainable is loaded; its error if it does not.
  Result<TrainableInfo> start();
  /// Runs the loop until `condition` holds; false after half a minute.
  bool until(const std::function<bool()>& condition);
  /// Assigns, and waits for the end.
  DoneMessage run(Assign assign);
  const DoneMessage* done(std::int64_t trial) const;
  std::vector<ReportMessage> reports(std::int64_t trial) const;
  pid_t pid(std::int64_t trial) const;  ///< of its last start
  pid_t worker_pid() const;

  boost::asio::io_context io{1};
  ProcessWorkersOptions options;
  MemoryChannel channel{io};
  std::unique_ptr<ProcessWorkers> workers;
  bool answers = true;
  std::function<Ack(Ack)> answer;  ///< changes the usual answer
  std::optional<Result<TrainableInfo>> ready;
  std::vector<WorkerMessage> messages;
  std::map<std::uint64_t, std::size_t> large;  ///< channel keys, by place in messages
  std::vector<std::pair<TrialId, Attempt>> lost;
  std::string lost_why;
  std::optional<Error> unusable;
  std::vector<std::string> log;
};

/// Whether a process of this number is there and no zombie.
bool is_alive(pid_t pid);

}  // namespace tune

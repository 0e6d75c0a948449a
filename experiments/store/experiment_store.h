#pragma once

// The writing side of one experiment (Store of store.h). Private to this folder.

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "experiments/store/blob_channel.h"
#include "experiments/store/locks.h"
#include "experiments/store/space_watch.h"
#include "experiments/store/store.h"
#include "experiments/store/turn_writer.h"

namespace tune {

class ExperimentStore final : public Store {
 public:
  /// Requires: `lock` is that of the experiment. Reads what it must know from the database.
  static Result<std::unique_ptr<Store>> open(std::string db, HeldLock lock, ExperimentRow row, StoreOptions options,
                                             Post post, sql::Connection connection);
  ~ExperimentStore() override;

  const ExperimentRow& experiment() const override { return row_; }
  Result<void> begin_run(const RunRow& run) override;
  Result<void> set_workers(const std::string& worker_json) override;
  Result<void> commit(const TurnRows& turn) override;
  Result<void> read_log(const std::function<Result<void>(const LogEntry&)>& sink) const override;
  Result<std::optional<Metrics>> committed_metrics(TrialId trial, Step step) const override;
  Result<std::vector<CommandRow>> commands() override;
  Result<std::string> read_checkpoint(CheckpointId id) const override;
  CheckpointChannel& channel() override { return *channel_; }
  Result<std::vector<RunRow>> runs() const override;
  Result<void> change_words(const std::string& source, const std::string& description) override;
  void close() override;

 private:
  /// A connection with all that is prepared on it. Gone after a failure, until the next call makes it anew.
  struct Open {
    sql::Connection connection;
    TurnWriter writer;
    sql::Statement data_version;
    std::optional<std::int64_t> seen_version;  ///< data_version at the last look at the command table
  };

  ExperimentStore(std::string db, HeldLock lock, ExperimentRow row, StoreOptions options)
      : db_(std::move(db)),
        lock_(std::move(lock)),
        row_(std::move(row)),
        options_(std::move(options)),
        space_(std::filesystem::path(db_).parent_path().string()) {}
  Result<void> prepare(sql::Connection connection) const;
  Result<sql::Connection*> connected() const;
  /// After a failure: is what the file holds what this process believes? Takes over the turn that did get in.
  Result<void> compare_tail();
  bool is_stored(const TurnRows& turn) const;
  void committed(const TurnRows& turn);
  void keep_wal_small();
  void watch_space();
  Result<void> still_there() const;
  /// One statement in a transaction of its own.
  Result<void> change(const std::function<Result<void>(const sql::Connection&)>& what);

  std::string db_;
  HeldLock lock_;
  ExperimentRow row_;
  StoreOptions options_;
  std::unique_ptr<BlobChannel> channel_;
  mutable std::optional<Open> open_;
  LogTail tail_;
  bool closed_ = false;
  bool suspicious_ = false;  ///< a write failed: compare before the next
  bool was_busy_ = false;
  std::int64_t run_ = 0;
  SpaceWatch space_;

  std::vector<CommandRow> waiting_;  ///< commands
  bool quiet_ = true;                ///< no commit since the last call of commands()
  std::int64_t last_pages_ = 0, next_checkpoint_ = 0, idle_done_ = 0, next_warning_ = 0;
};

}  // namespace tune

#pragma once

// Large checkpoints on their way to and from the file beside the database: a thread of its own with its own connection,
// so that hundreds of megabytes hold up no turn. Chunks are gathered up to 8 MiB and written in one transaction;
// nothing is answered before it is with the writer, so memory stays flat however fast the sender is.
//
// The thread starts with the first call that needs it. All public functions belong to the loop's thread.

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "core/sha256.h"
#include "core/workers.h"
#include "experiments/store/blob_file.h"
#include "experiments/store/store.h"

namespace tune {

class BlobChannel final : public CheckpointChannel {
 public:
  /// `stored`: the external checkpoints that are not released, and the key of each. `last_key`: the highest key that
  /// any checkpoint of the experiment ever had.
  BlobChannel(std::string path, ExperimentId experiment, std::string vfs, Post post,
              std::map<CheckpointId, std::int64_t> stored, std::int64_t last_key);
  ~BlobChannel() override;
  /// Finishes what is under way, answers nothing any more.
  void close();

  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override;
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override;
  void abandon(std::uint64_t key) override;
  void read(CheckpointId id, std::uint64_t offset, std::size_t size,
            std::function<void(Result<std::string>)> done) override;

  /// The stored key of what was finished under `key`.
  std::optional<std::int64_t> finished(std::uint64_t key) const;
  /// The row of checkpoint `id` is committed: it names the bytes from now on.
  void link(CheckpointId id, std::uint64_t key);
  /// The row says released: the bytes go.
  void release(CheckpointId id);

 private:
  /// A checkpoint that arrives (writer's thread).
  struct Flight {
    std::int64_t stored_key = 0;
    Sha256 hash;
    std::uint64_t size = 0;
    std::int64_t next_position = 0;
    std::string buffer;  ///< less than a chunk
    std::optional<Error> failed;
  };

  void enqueue(std::function<void()> job);
  void work();
  template <class T>
  void answer(std::function<void(Result<T>)> done, Result<T> result);

  // On the writer's thread.
  Result<BlobFile*> file(bool create);
  Result<Flight*> flight(std::uint64_t key);
  Result<void> take(std::uint64_t key, std::string bytes);
  Result<CheckpointInfo> complete(std::uint64_t key, std::int64_t& stored_key);
  void drop(std::uint64_t key);
  Result<void> flush(const std::optional<BlobFile::Finished>& finished);
  Result<std::string> fetch(std::int64_t stored_key, std::uint64_t offset, std::size_t size);
  void remove_bytes(std::int64_t stored_key);
  void sweep(const std::set<std::int64_t>& alive);

  const std::string path_;
  const ExperimentId experiment_;
  const std::string vfs_;
  Post post_;

  // The loop's thread.
  std::map<CheckpointId, std::int64_t> stored_;
  std::map<std::uint64_t, std::int64_t> finished_;
  const std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  ///< answers that come after close() fall away
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool stop_ = false;                       // guarded by mutex_

  // The writer's thread.
  std::optional<BlobFile> file_;
  std::int64_t last_key_;
  bool last_key_is_known_ = false;  ///< last_key_ counts what the file holds, too
  std::map<std::uint64_t, Flight> flights_;
  std::vector<BlobFile::Chunk> pending_;
  std::size_t pending_bytes_ = 0;
  struct {
    std::int64_t key = 0;
    std::uint64_t offset = 0;
    std::string bytes;
  } last_read_;  ///< the chunk read last, for senders that read in small pieces
};

}  // namespace tune

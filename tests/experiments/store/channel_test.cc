// Large checkpoints: through the channel into the file beside the database, and back.

#include <gmock/gmock.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <random>

#include "core/sha256.h"
#include "experiments/store/blob_file.h"
#include "tests/experiments/store/fault_vfs.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::FaultVfs;
using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;

/// The loop's thread: functions are run by the test, one after the other.
class Loop {
 public:
  Post post() {
    return [this](std::function<void()> what) {
      const std::lock_guard guard(mutex_);
      queue_.push_back(std::move(what));
      wake_.notify_one();
    };
  }
  /// Runs what is posted until `done`.
  void until(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      auto what = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      what();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
};

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 chance(seed);
  std::string bytes(size, 0);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t x = chance();
    std::memcpy(bytes.data() + i, &x, 8);
  }
  return bytes;
}

class LargeCheckpoints : public ::testing::Test {
 protected:
  void create() { store_ = must(create_experiment(db_, new_experiment("one"), options_, loop_.post())); }
  void open() { store_ = must(open_experiment(db_, "one", options_, loop_.post())); }

  Result<CheckpointInfo> send(std::uint64_t key, const std::string& bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      std::optional<Result<void>> written;
      store_->channel().write(key, bytes.substr(at, piece), [&](Result<void> result) { written = std::move(result); });
      loop_.until([&] { return written.has_value(); });
      if (!*written) return tl::unexpected<Error>(written->error());
    }
    std::optional<Result<CheckpointInfo>> finished;
    store_->channel().finish(key, [&](Result<CheckpointInfo> result) { finished = std::move(result); });
    loop_.until([&] { return finished.has_value(); });
    return *std::move(finished);
  }

  Result<std::string> read(CheckpointId id, std::uint64_t offset, std::size_t size) {
    std::optional<Result<std::string>> bytes;
    store_->channel().read(id, offset, size, [&](Result<std::string> result) { bytes = std::move(result); });
    loop_.until([&] { return bytes.has_value(); });
    return *std::move(bytes);
  }

  Result<std::string> read_all(CheckpointId id, std::size_t piece) {
    std::string all;
    for (;;) {
      auto part = read(id, all.size(), piece);
      if (!part) return part;
      all += *part;
      if (part->size() < piece) return all;
    }
  }

  /// A turn whose last event names the checkpoint that was sent under `key`.
  TurnRows turn_naming(std::uint64_t key, const CheckpointInfo& info) {
    TurnRows turn = script_.turn();
    turn.checkpoints.clear();
    const EventNumber n = turn.entries.back().event.n;
    turn.checkpoints.push_back({CheckpointRow{n, 0, 1, info.size, info.sha256, true, false}, ""});
    turn.large.emplace_back(n, key);
    return turn;
  }
  CheckpointId store_one(std::uint64_t key, const std::string& bytes) {
    const CheckpointInfo info = must(send(key, bytes, BlobFile::kChunk));
    const TurnRows turn = turn_naming(key, info);
    must(store_->commit(turn));
    return turn.checkpoints.front().first.id;
  }
  void release(CheckpointId id) {
    TurnRows turn = script_.turn();
    turn.released = {id};
    must(store_->commit(turn));
  }
  std::string blobs() { return test::query(db_ + ".checkpoints", "SELECT group_concat(key) FROM blob"); }
  std::string chunks() { return test::query(db_ + ".checkpoints", "SELECT count(*) FROM chunk"); }

  Folder folder_;
  std::string db_ = folder_.file();
  StoreOptions options_;
  Loop loop_;
  Script script_;
  std::unique_ptr<Store> store_;
};

TEST_F(LargeCheckpoints, ComeBackInPiecesOfAnySize) {
  create();
  unsigned seed = 0;
  std::uint64_t key = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, BlobFile::kChunk - 1, BlobFile::kChunk,
                                 BlobFile::kChunk + 1, 3 * BlobFile::kChunk + 77}) {
    for (const std::size_t piece : {BlobFile::kChunk, std::size_t{300'000}}) {
      const std::string bytes = random_bytes(size, ++seed);
      const CheckpointInfo info = must(send(++key, bytes, piece));
      EXPECT_EQ(info.size, size);
      EXPECT_EQ(info.sha256, sha256_hex(bytes));
      EXPECT_TRUE(info.external);
      const TurnRows turn = turn_naming(key, info);
      must(store_->commit(turn));
      const CheckpointId id = turn.checkpoints.front().first.id;
      EXPECT_EQ(must(read_all(id, 700'001)), bytes);
      EXPECT_EQ(must(read(id, size / 2, 10)), bytes.substr(size / 2, 10));
      EXPECT_EQ(must(read(id, size + 5, 10)), "");
      std::string streamed;
      must(must(open_reader(db_))->checkpoint_bytes(ExperimentId{1}, id, [&](std::string_view part) -> Result<void> {
        streamed += part;
        return {};
      }));
      EXPECT_EQ(streamed, bytes);
    }
  }
}

TEST_F(LargeCheckpoints, MayArriveAllAtOnce) {
  create();
  std::vector<std::string> bytes;
  for (unsigned i = 0; i < 3; ++i) bytes.push_back(random_bytes(5 * BlobFile::kChunk + i, i));
  int answers = 0;
  std::vector<CheckpointInfo> infos(3);
  for (std::size_t at = 0; at < 6; ++at) {
    for (std::size_t i = 0; i < 3; ++i) {
      store_->channel().write(i, bytes[i].substr(at * BlobFile::kChunk, BlobFile::kChunk), [&](Result<void> result) {
        EXPECT_TRUE(result);
        ++answers;
      });
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    store_->channel().finish(i, [&, i](Result<CheckpointInfo> result) {
      infos[i] = must(std::move(result));
      ++answers;
    });
  }
  loop_.until([&] { return answers == 21; });
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(infos[i].sha256, sha256_hex(bytes[i]));
    const TurnRows turn = turn_naming(i, infos[i]);
    must(store_->commit(turn));
    EXPECT_EQ(must(read_all(turn.checkpoints.front().first.id, BlobFile::kChunk)), bytes[i]);
  }
}

TEST_F(LargeCheckpoints, SurviveReopeningAndKeysAreNeverUsedAgain) {
  create();
  const std::string bytes = random_bytes(2 * BlobFile::kChunk, 3);
  const CheckpointId first = store_one(9, bytes);
  const CheckpointId second = store_one(9, "another under the same channel key");
  release(second);
  store_.reset();
  open();
  EXPECT_EQ(must(read_all(first, BlobFile::kChunk)), bytes);
  EXPECT_EQ(blobs(), "1");
  const CheckpointId third = store_one(9, "third");
  EXPECT_EQ(test::query(db_, "SELECT blob_key FROM checkpoint WHERE id = " + std::to_string(third.value)), "3");
}

TEST_F(LargeCheckpoints, AreReleasedAndTheirPagesUsedAgain) {
  create();
  const std::string bytes = random_bytes(20 * BlobFile::kChunk, 4);
  CheckpointId last = store_one(1, bytes);
  const auto size = std::filesystem::file_size(db_ + ".checkpoints");
  for (std::uint64_t key = 2; key < 6; ++key) {
    release(last);
    EXPECT_EQ(read(last, 0, 10).error().code, ErrorCode::kNotFound);
    last = store_one(key, bytes);
  }
  EXPECT_LE(std::filesystem::file_size(db_ + ".checkpoints"), size + size / 10);
  EXPECT_EQ(must(read_all(last, BlobFile::kChunk)), bytes);
}

TEST_F(LargeCheckpoints, WithoutARowAreSweptAtTheNextStart) {
  create();
  const CheckpointId kept = store_one(1, "kept");
  must(send(2, "finished, and then the controller dies", 10));
  store_->channel().write(3, random_bytes(9 * BlobFile::kChunk, 1), [](const Result<void>&) {});
  std::unique_ptr<Store> other = must(create_experiment(db_, new_experiment("two"), {}, loop_.post()));
  std::swap(store_, other);
  must(send(1, "of another experiment, whose row is not in yet", 100));
  std::swap(store_, other);
  store_.reset();
  EXPECT_NE(chunks(), "2");

  open();
  EXPECT_EQ(must(read_all(kept, 100)), "kept");
  EXPECT_EQ(test::query(db_ + ".checkpoints", "SELECT count(*) FROM blob WHERE experiment = 1"), "1");
  EXPECT_EQ(chunks(), "2");  // the kept one and the other experiment's
}

TEST_F(LargeCheckpoints, MayBeAbandonedAtAnyPoint) {
  create();
  store_->channel().abandon(77);
  store_->channel().write(1, random_bytes(9 * BlobFile::kChunk, 1), [](const Result<void>&) {});
  store_->channel().abandon(1);
  must(send(2, "finished", 100));
  store_->channel().abandon(2);
  const CheckpointId id = store_one(1, "the key again");
  EXPECT_EQ(must(read_all(id, 100)), "the key again");
  EXPECT_EQ(chunks(), "1");
}

TEST_F(LargeCheckpoints, AreNotNamedBeforeTheyAreStored) {
  create();
  EXPECT_EQ(store_->commit(turn_naming(5, {10, "hash", true})).error().code, ErrorCode::kInternal);
}

TEST_F(LargeCheckpoints, ATurnThatFailsKeepsItsBytesForTheNextTry) {
  FaultVfs vfs("tune-channel");
  options_.vfs = vfs.name();
  create();
  const CheckpointInfo info = must(send(1, "bytes", 10));
  const TurnRows turn = turn_naming(1, info);
  vfs.fail(1, FaultVfs::kSync, SQLITE_IOERR, false);
  EXPECT_FALSE(store_->commit(turn));
  must(store_->commit(turn));
  EXPECT_EQ(must(read_all(turn.checkpoints.front().first.id, 10)), "bytes");
  store_.reset();
}

TEST_F(LargeCheckpoints, AFullDiskSpoilsOnlyWhatItHit) {
  FaultVfs vfs("tune-channel");
  options_.vfs = vfs.name();
  create();
  const CheckpointId before = store_one(1, "before");
  const std::string bytes = random_bytes(20 * BlobFile::kChunk, 2);
  for (std::int64_t n = 1; n < 60; n += 7) {
    vfs.fail(n, FaultVfs::kAll, SQLITE_FULL, true);
    const auto sent = send(2, bytes, BlobFile::kChunk);
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().code, testing::AnyOf(ErrorCode::kDiskFull, ErrorCode::kIo));
    vfs.heal();
    store_->channel().abandon(2);
    EXPECT_EQ(must(read_all(before, 100)), "before");
  }
  const CheckpointId after = store_one(2, bytes);
  EXPECT_EQ(must(read_all(after, BlobFile::kChunk)), bytes);
  store_.reset();
}

TEST_F(LargeCheckpoints, ADeletedFileIsNoCheckpointAndNoCrash) {
  create();
  const CheckpointId id = store_one(1, "gone");
  std::filesystem::remove(db_ + ".checkpoints");
  EXPECT_EQ(read(id, 0, 10).error().code, ErrorCode::kNotFound);
  const auto nothing = [](std::string_view) -> Result<void> { return {}; };
  EXPECT_EQ(must(open_reader(db_))->checkpoint_bytes(ExperimentId{1}, id, nothing).error().code, ErrorCode::kNotFound);
  const CheckpointId next = store_one(2, "a new file");
  EXPECT_EQ(must(read_all(next, 100)), "a new file");
  EXPECT_EQ(read(id, 0, 10).error().code, ErrorCode::kNotFound);
  store_.reset();
  std::filesystem::remove(db_ + ".checkpoints");
  open();
  EXPECT_EQ(read(next, 0, 10).error().code, ErrorCode::kNotFound);
}

TEST_F(LargeCheckpoints, DamageIsFound) {
  create();
  const CheckpointId id = store_one(1, random_bytes(2 * BlobFile::kChunk, 1));
  const auto nothing = [](std::string_view) -> Result<void> { return {}; };
  for (const char* damage : {"UPDATE chunk SET bytes = zeroblob(length(bytes)) WHERE position = 1",
                             "DELETE FROM chunk WHERE position = 1"}) {
    test::execute(db_ + ".checkpoints", damage);
    EXPECT_TRUE(read(id, 0, 10));
    EXPECT_EQ(read(id, BlobFile::kChunk, 10).error().code, ErrorCode::kDamaged);
    EXPECT_EQ(must(open_reader(db_))->checkpoint_bytes(ExperimentId{1}, id, nothing).error().code, ErrorCode::kDamaged);
  }
}

TEST_F(LargeCheckpoints, TurnsGoOnWhileOneIsWritten) {
  create();
  bool finished = false;
  for (int i = 0; i < 64; ++i) {
    store_->channel().write(1, random_bytes(BlobFile::kChunk, static_cast<unsigned>(i)), [](const Result<void>&) {});
  }
  store_->channel().finish(1, [&](const Result<CheckpointInfo>& result) {
    EXPECT_TRUE(result);
    finished = true;
  });
  for (int i = 0; i < 50; ++i) must(store_->commit(script_.turn()));
  loop_.until([&] { return finished; });
}

}  // namespace
}  // namespace tune

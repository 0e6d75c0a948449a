// Every write, sync, truncation and opening fails once, or from then on for good: what was acknowledged is there, what
// was not may be committed again, and nothing is there twice.

#include <gmock/gmock.h>

#include <fstream>

#include "experiments/store/schema.h"
#include "tests/experiments/store/fault_vfs.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::FaultVfs;
using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;

constexpr int kTurns = 5;

StoreOptions on(const FaultVfs& vfs) {
  StoreOptions options;
  options.vfs = vfs.name();
  return options;
}

std::vector<TurnRows> small_experiment() {
  Script script(7);
  std::vector<TurnRows> turns;
  for (int i = 0; i < kTurns; ++i) turns.push_back(script.turn(3));
  return turns;
}

std::vector<LogEntry> entries_of(const std::vector<TurnRows>& turns, std::size_t n) {
  std::vector<LogEntry> all;
  for (std::size_t i = 0; i < n; ++i) all.insert(all.end(), turns[i].entries.begin(), turns[i].entries.end());
  return all;
}

void expect_sound(const std::string& db, const std::vector<TurnRows>& turns, std::size_t acknowledged) {
  const auto reader = must(open_reader(db));
  const auto fault = must(reader->verify_hash(ExperimentId{1}));
  EXPECT_FALSE(fault) << (fault ? fault->what : "");
  EXPECT_TRUE(test::same(test::log_of(*reader, ExperimentId{1}), entries_of(turns, acknowledged)));
}

/// Commits all turns, each until it is in; how often it did not get in at once.
int commit_all(Store& store, const std::vector<TurnRows>& turns) {
  int failures = 0;
  for (const TurnRows& turn : turns) {
    for (int tries = 0;; ++tries) {
      const auto stored = store.commit(turn);
      if (stored) break;
      ++failures;
      EXPECT_THAT(stored.error().code, testing::AnyOf(ErrorCode::kIo, ErrorCode::kDiskFull)) << stored.error().message;
      if (tries == 5) {
        ADD_FAILURE() << "does not get over it: " << stored.error().message;
        return failures;
      }
    }
  }
  return failures;
}

class Faults : public ::testing::TestWithParam<int> {
 protected:
  FaultVfs vfs_{"tune-fault"};
  const std::vector<TurnRows> turns_ = small_experiment();
};

TEST_P(Faults, OnceAtEveryOperationCostsNothing) {
  int reached = 0;
  for (std::int64_t n = 1;; ++n) {
    const Folder folder;
    auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs_), {}));
    vfs_.fail(n, FaultVfs::kAll, GetParam(), false);
    reached += commit_all(*store, turns_);
    const bool over = !vfs_.has_failed();
    vfs_.heal();
    store.reset();
    expect_sound(folder.file(), turns_, turns_.size());
    if (over || HasFailure()) break;
  }
  EXPECT_GT(reached, kTurns);
}

TEST_P(Faults, ForGoodAtEveryOperationLeavesWhatWasAcknowledged) {
  for (std::int64_t n = 1;; ++n) {
    const Folder folder;
    auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs_), {}));
    vfs_.fail(n, FaultVfs::kAll, GetParam(), true);
    std::size_t acknowledged = 0;
    while (acknowledged < turns_.size() && store->commit(turns_[acknowledged])) ++acknowledged;
    if (acknowledged < turns_.size()) {
      EXPECT_FALSE(store->commit(turns_[acknowledged]));
    }
    const bool over = !vfs_.has_failed();
    store.reset();  // the program ends, and can still write nothing
    vfs_.heal();
    // What failed may be in or not; as many events as one of the two.
    auto reopened = must(open_experiment(folder.file(), "one", on(vfs_), {}));
    const auto in = static_cast<std::size_t>(reopened->experiment().last_turn);
    EXPECT_TRUE(in == acknowledged || in == acknowledged + 1) << in << " of " << acknowledged;
    EXPECT_EQ(commit_all(*reopened, {turns_.begin() + static_cast<std::ptrdiff_t>(in), turns_.end()}), 0);
    reopened.reset();
    expect_sound(folder.file(), turns_, turns_.size());
    if (over || HasFailure()) break;
  }
}

TEST_P(Faults, WhileTheDatabaseIsMadeLeaveNothingHalf) {
  for (std::int64_t n = 1;; ++n) {
    const Folder folder;
    vfs_.fail(n, FaultVfs::kAll, GetParam(), false);
    auto made = create_experiment(folder.file(), new_experiment("one"), on(vfs_), {});
    const bool over = !vfs_.has_failed();
    vfs_.heal();
    if (made) {
      must((*made)->commit(turns_[0]));
    } else {
      EXPECT_FALSE(made.error().message.empty());
      auto again = create_experiment(folder.file(), new_experiment("one"), on(vfs_), {});
      if (!again) again = open_experiment(folder.file(), "one", on(vfs_), {});  // it did get in
      ASSERT_TRUE(again) << n << ": " << again.error().message;
      must((*again)->commit(turns_[0]));
    }
    if (over) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, Faults, testing::Values(SQLITE_IOERR, SQLITE_FULL, FaultVfs::kShortWrite),
                         [](const auto& info) {
                           if (info.param == FaultVfs::kShortWrite) return std::string("ShortWrite");
                           return info.param == SQLITE_FULL ? std::string("FullDisk") : std::string("BrokenDisk");
                         });

TEST(FullDisk, IsSaidInPlainWords) {
  FaultVfs vfs("tune-full");
  const Folder folder;
  const auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs), {}));
  vfs.fail(1, FaultVfs::kWrite, SQLITE_FULL, true);
  Script script;
  const TurnRows turn = script.turn();
  const auto stored = store->commit(turn);
  EXPECT_EQ(stored.error().code, ErrorCode::kDiskFull);
  EXPECT_THAT(stored.error().message, testing::HasSubstr("the disk is full: cannot write " + folder.file()));
  EXPECT_EQ(store->experiment().last_turn, 0);
  vfs.heal();
  EXPECT_TRUE(store->commit(turn));
}

// After the plug is pulled, of what was not synced any part may be there.
TEST(PowerLoss, AtEveryOperationKeepsEveryAcknowledgedTurn) {
  const std::vector<TurnRows> turns = small_experiment();
  int losses = 0;
  for (std::size_t acknowledged = 0; acknowledged < turns.size(); ++acknowledged) {
    for (std::int64_t n = 1;; ++n) {
      FaultVfs vfs("tune-power");
      const Folder folder;
      auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs), {}));
      for (std::size_t i = 0; i < acknowledged; ++i) must(store->commit(turns[i]));
      vfs.fail(n, FaultVfs::kAll, SQLITE_IOERR, true);  // the plug goes at the n-th operation of this turn
      const bool committed = store->commit(turns[acknowledged]).has_value();
      const bool over = !vfs.has_failed();
      for (const std::uint64_t seed : {std::uint64_t{0}, static_cast<std::uint64_t>(n)}) {
        const Folder after;
        for (const char* name : {"tune.db", "tune.db-wal"}) {
          std::ofstream(after.file(name), std::ios::binary) << vfs.after_power_loss(folder.file(name), seed);
        }
        auto reopened = must(open_experiment(after.file(), "one", {}, {}));
        const auto in = static_cast<std::size_t>(reopened->experiment().last_turn);
        EXPECT_TRUE(in == acknowledged + 1 || (in == acknowledged && !committed)) << n << ": " << in;
        reopened.reset();
        expect_sound(after.file(), turns, in);
        ++losses;
      }
      store.reset();
      if (HasFailure()) return;
      if (over) break;
    }
  }
  EXPECT_GT(losses, 4 * static_cast<int>(turns.size()));
}

TEST(PowerLoss, DuringLongRunsWithWalCheckpoints) {
  FaultVfs vfs("tune-power");
  Folder folder;
  auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs), {}));
  Script script;
  std::vector<TurnRows> turns;
  for (int i = 0; i < 400; ++i) {
    TurnRows turn = script.turn(4);
    if (i % 3 == 0) {  // fat ones, so that the WAL is moved many times
      turn.checkpoints.clear();
      const EventNumber n = turn.entries.back().event.n;
      turn.checkpoints.push_back({CheckpointRow{n, 0, 1, 200'000, "", false, false}, std::string(200'000, 'c')});
      if (i >= 3) turn.released = {turns[static_cast<std::size_t>(i) - 3].entries.back().event.n};
    }
    turns.push_back(turn);
    must(store->commit(turn));
    if (i % 50 != 49) continue;
    const Folder after;
    for (const char* name : {"tune.db", "tune.db-wal"}) {
      std::ofstream(after.file(name), std::ios::binary)
          << vfs.after_power_loss(folder.file(name), static_cast<std::uint64_t>(i));
    }
    expect_sound(after.file(), turns, turns.size());
  }
}

TEST(Syncs, AreOneATurn) {
  FaultVfs vfs("tune-count");
  const Folder folder;
  auto store = must(create_experiment(folder.file(), new_experiment("one"), on(vfs), {}));
  Script script;
  const std::int64_t before = vfs.count(FaultVfs::kSync);
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) {
    must(store->commit(script.report()));
    if (i % 100 == 0) must(store->commands());
  }
  store->close();
  const std::int64_t syncs = vfs.count(FaultVfs::kSync) - before;
  EXPECT_GE(syncs, kMany);
  EXPECT_LE(syncs, kMany + 100);
  RecordProperty("syncs", static_cast<int>(syncs));
}

TEST(Syncs, AreLeftOutWhereAskedFor) {
  FaultVfs vfs("tune-count");
  const Folder folder;
  StoreOptions options = on(vfs);
  options.sync = SyncMode::kNormal;
  auto store = must(create_experiment(folder.file(), new_experiment("one"), options, {}));
  Script script;
  const std::int64_t before = vfs.count(FaultVfs::kSync);
  for (int i = 0; i < 500; ++i) must(store->commit(script.report()));
  EXPECT_LE(vfs.count(FaultVfs::kSync) - before, 10);
}

}  // namespace
}  // namespace tune

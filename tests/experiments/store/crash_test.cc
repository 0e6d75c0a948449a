// Processes that are killed while they write, and processes that write at once.

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;

/// Commits turns of the script from where the log ends until it is killed; writes a byte for each acknowledged turn.
int write_until_killed(const std::string& db, int acknowledgements) {
  auto store = must(open_experiment(db, "one", {}, {}));
  Script script;
  for (std::int64_t turn = 1;; ++turn) {
    const TurnRows rows = script.turn(static_cast<int>(1 + turn % 5));
    if (turn <= store->experiment().last_turn) continue;
    must(store->commit(rows));
    if (write(acknowledgements, "a", 1) != 1) return 1;
  }
}

TEST(Kill, LosesNothingThatWasAcknowledged) {
  const Folder folder;
  const std::string db = folder.file();
  must(create_experiment(db, new_experiment("one"), {}, {})).reset();
  constexpr unsigned kSeed = 20261121;
  std::mt19937 chance(kSeed);
  std::int64_t acknowledged = 0;
  for (int round = 0; round < 40; ++round) {
    int acks[2];
    ASSERT_EQ(pipe(acks), 0);
    const int child = test::fork_child([&] {
      close(acks[0]);
      return write_until_killed(db, acks[1]);
    });
    close(acks[1]);
    // A number of turns, and a number of microseconds into the next one.
    char byte = 0;
    for (unsigned i = chance() % 20; i > 0 && read(acks[0], &byte, 1) == 1; --i) ++acknowledged;
    usleep(chance() % 400);
    kill(child, SIGKILL);
    ASSERT_EQ(test::wait_for(child), 128 + SIGKILL);
    while (read(acks[0], &byte, 1) == 1) ++acknowledged;
    close(acks[0]);

    const auto reader = must(open_reader(db));
    const std::int64_t stored = must(reader->experiment("one")).last_turn;
    ASSERT_GE(stored, acknowledged) << "round " << round;
    ASSERT_LE(stored, acknowledged + 1) << "round " << round;
    const auto fault = must(reader->verify_hash(ExperimentId{1}));
    ASSERT_FALSE(fault) << fault->what;
    acknowledged = stored;
  }
  EXPECT_GT(acknowledged, 100);

  Script script;
  std::vector<LogEntry> expected;
  for (std::int64_t turn = 1; turn <= acknowledged; ++turn) {
    const TurnRows rows = script.turn(static_cast<int>(1 + turn % 5));
    expected.insert(expected.end(), rows.entries.begin(), rows.entries.end());
  }
  EXPECT_TRUE(test::same(test::log_of(*must(open_reader(db)), ExperimentId{1}), expected));
}

TEST(TwoControllers, WriteOneDatabaseSideBySide) {
  const Folder folder;
  const std::string db = folder.file();
  must(create_experiment(db, new_experiment("e0"), {}, {})).reset();
  must(create_experiment(db, new_experiment("e1"), {}, {})).reset();
  constexpr int kTurns = 1500;
  int children[2];
  for (int i = 0; i < 2; ++i) {
    children[i] = test::fork_child([&] {
      const auto store = must(open_experiment(db, "e" + std::to_string(i), {}, {}));
      Script script(static_cast<std::uint64_t>(i) + 5);
      for (int turn = 0; turn < kTurns; ++turn) must(store->commit(script.turn(2)));
      return 0;
    });
  }
  // And somebody reads all the while.
  const auto reader = must(open_reader(db));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(must(reader->verify_hash(ExperimentId{1 + i % 2})));
    EXPECT_EQ(must(reader->experiments()).size(), 2u);
  }
  for (const int child : children) EXPECT_EQ(test::wait_for(child), 0);
  for (int i = 0; i < 2; ++i) {
    Script script(static_cast<std::uint64_t>(i) + 5);
    std::vector<LogEntry> expected;
    for (int turn = 0; turn < kTurns; ++turn) {
      const TurnRows rows = script.turn(2);
      expected.insert(expected.end(), rows.entries.begin(), rows.entries.end());
    }
    EXPECT_TRUE(test::same(test::log_of(*reader, ExperimentId{1 + i}), expected));
    EXPECT_FALSE(must(reader->verify_hash(ExperimentId{1 + i})));
  }
}

TEST(SomebodysTransaction, IsNamedAndNotFatal) {
  const Folder folder;
  const std::string db = folder.file();
  must(create_experiment(db, new_experiment("one"), {}, {})).reset();
  int ready[2], go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  const int child = test::fork_child([&] {
    const auto person = must(sql::Connection::open(db, sql::Access::kWrite));
    must(person.execute("BEGIN IMMEDIATE"));
    char byte = 'r';
    if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) return 1;
    must(person.execute("ROLLBACK"));
    return 0;
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  StoreOptions options;
  options.patience = 0.01;
  const auto store = must(open_experiment(db, "one", options, {}));
  Script script;
  const TurnRows turn = script.turn(3);
  for (int i = 0; i < 2; ++i) {
    const auto stored = store->commit(turn);
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().code, ErrorCode::kBusy);
    EXPECT_THAT(stored.error().message, testing::HasSubstr("process " + std::to_string(child)));
  }
  ASSERT_EQ(write(go[1], "g", 1), 1);
  ASSERT_EQ(test::wait_for(child), 0);
  must(store->commit(turn));
  EXPECT_EQ(store->experiment().last_event, 3);
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) close(fd);
}

TEST(AnOpenReader, LetsTheWalGrowAndIsNamed) {
  const Folder folder;
  const std::string db = folder.file();
  std::vector<std::string> warnings;
  StoreOptions options;
  options.warn = [&](const std::string& text) { warnings.push_back(text); };
  const auto store = must(create_experiment(db, new_experiment("one"), options, {}));
  Script script;
  must(store->commit(script.turn()));
  const auto reader = must(sql::Connection::open(db, sql::Access::kWrite));
  must(reader.execute("BEGIN; SELECT count(*) FROM event"));
  for (int i = 0; i < 300; ++i) {
    TurnRows turn = script.turn();
    turn.checkpoints.clear();
    turn.checkpoints.push_back(
        {CheckpointRow{turn.entries[0].event.n, 0, 1, 1 << 20, "", false, false}, std::string(1 << 20, 'x')});
    must(store->commit(turn));
  }
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0],
              testing::HasSubstr("a reader keeps a transaction open: process " + std::to_string(getpid())));
}

}  // namespace
}  // namespace tune

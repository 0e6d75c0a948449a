// The chain finds any change of any stored row of the log, and tells its turn.

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;

class HashChain : public ::testing::Test {
 protected:
  static constexpr int kTurns = 30, kEvents = 5;

  HashChain() {
    const auto store = must(create_experiment(original_, new_experiment("one"), {}, {}));
    Script script;
    for (int i = 0; i < kTurns; ++i) must(store->commit(script.turn(kEvents)));
  }

  /// What the check says after `sql` was done to a fresh copy.
  std::optional<HashFault> after(const std::string& sql) {
    std::filesystem::copy_file(original_, copy_, std::filesystem::copy_options::overwrite_existing);
    test::execute(copy_, sql);
    return must(must(open_reader(copy_))->verify_hash(ExperimentId{1}));
  }

  Folder folder_;
  std::string original_ = folder_.file(), copy_ = folder_.file("copy.db");
};

TEST_F(HashChain, HoldsForWhatWasWritten) { EXPECT_FALSE(after("SELECT 1")); }

TEST_F(HashChain, FindsAChangeOfAnyColumnOfAnEvent) {
  for (const std::string change :
       {"turn = turn + 1", "kind = kind || ' '", "trial = coalesce(trial, -2) + 1", "attempt = attempt + 1",
        "seq = seq + 1", "step = step - 1", "at = at + 1e-12", "elapsed = elapsed + 1e-9", "replayed = 1 - replayed",
        "replayed = 2", "payload = payload || ' '", "extra = extra || ' '", "at = NULL"}) {
    for (const int n : {1, 77, kTurns * kEvents}) {
      const auto fault = after("UPDATE event SET " + change + " WHERE n = " + std::to_string(n));
      ASSERT_TRUE(fault) << change << " of event " << n;
      EXPECT_EQ(fault->turn, (n - 1) / kEvents + 1) << change;
      EXPECT_LE(fault->first_event.value, n);
      EXPECT_GE(fault->last_event.value, n);
    }
  }
}

TEST_F(HashChain, FindsOneFlippedDigitOfAMetricThatNobodyJudges) {
  const auto fault = after(
      "UPDATE event SET payload = replace(payload, 'accuracy', 'accuracz') WHERE n = "
      "(SELECT max(n) FROM event WHERE kind = 'reported' AND replayed = 1)");
  EXPECT_TRUE(fault);
}

TEST_F(HashChain, FindsAChangeOfAnyColumnOfADecision) {
  for (const std::string change : {"kind = kind || ' '", "trial = coalesce(trial, -2) + 1", "args = args || ' '",
                                   "reason = reason || '!'", "k = k + 1", "n = n + 100000"}) {
    for (const char* which : {"(SELECT min(n) FROM decision)", "(SELECT max(n) FROM decision)"}) {
      EXPECT_TRUE(after("UPDATE decision SET " + change + " WHERE n = " + which)) << change << " of " << which;
    }
  }
}

TEST_F(HashChain, FindsAChangeOfATurn) {
  for (const std::string change : {"turn = turn + 100", "first_n = first_n + 1", "last_n = last_n - 1",
                                   "committed_at = committed_at + 1", "hash = zeroblob(16)", "hash = x'00'"}) {
    for (const int turn : {1, 17, kTurns}) {
      EXPECT_TRUE(after("UPDATE turn SET " + change + " WHERE turn = " + std::to_string(turn)))
          << change << " " << turn;
    }
  }
}

TEST_F(HashChain, FindsDeletedRows) {
  for (const char* what :
       {"event WHERE n = 1", "event WHERE n = 42", "event WHERE n = 150",
        "decision WHERE n = (SELECT max(n) FROM decision)", "decision WHERE n = (SELECT min(n) FROM decision)",
        "turn WHERE turn = 1", "turn WHERE turn = 12", "turn WHERE turn = 30", "event", "turn"}) {
    EXPECT_TRUE(after(std::string("DELETE FROM ") + what)) << what;
  }
  EXPECT_TRUE(
      after("DELETE FROM event WHERE n > 145; DELETE FROM decision WHERE n > 145; DELETE FROM turn WHERE turn = 30"));
}

TEST_F(HashChain, FindsInsertedRows) {
  const std::string columns = "turn, kind, trial, attempt, seq, step, at, elapsed, replayed, payload, extra";
  for (const int n : {-5, 0, 151, 1000}) {
    EXPECT_TRUE(after("INSERT INTO event SELECT 1, " + std::to_string(n) + ", " + columns + " FROM event WHERE n = 9"))
        << n;
    EXPECT_TRUE(after("INSERT INTO decision VALUES(1, " + std::to_string(n) + ", 0, 'end', NULL, '{}', 'why')")) << n;
  }
  EXPECT_TRUE(after("INSERT INTO decision VALUES(1, 150, 9, 'end', NULL, '{}', 'why')"));
  EXPECT_TRUE(after("INSERT INTO turn VALUES(1, 31, 151, 151, x'00', 0)"));
}

TEST_F(HashChain, OfAnotherExperimentIsItsOwn) {
  EXPECT_FALSE(
      after("INSERT INTO event SELECT 2, n, turn, kind, trial, attempt, seq, step, at, elapsed, replayed, payload, "
            "extra FROM event"));
}

TEST_F(HashChain, GoesOnAfterReopening) {
  {
    const auto store = must(open_experiment(original_, "one", {}, {}));
    Script script;
    for (int i = 0; i < kTurns; ++i) script.turn(kEvents);
    must(store->commit(script.turn(kEvents)));
    must(store->commit(script.turn(2)));
  }
  EXPECT_FALSE(after("SELECT 1"));
  EXPECT_TRUE(after("UPDATE event SET step = step + 1 WHERE n = 157"));
}

TEST_F(HashChain, ADamagedRowIsSaidWhenTheLogIsRead) {
  test::execute(original_,
                "UPDATE event SET payload = 'no json' WHERE n = (SELECT max(n) FROM event WHERE kind = 'reported')");
  const auto store = must(open_experiment(original_, "one", {}, {}));
  const auto read = store->read_log([](const LogEntry&) -> Result<void> { return {}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kDamaged);
  EXPECT_THAT(read.error().message, testing::HasSubstr("event "));
}

}  // namespace
}  // namespace tune

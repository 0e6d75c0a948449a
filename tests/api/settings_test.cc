// What becomes of settings that a person, or the program's next version, changes between two runs of one experiment.

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

/// An experiment over a lambda, one trial at a time. While it is `endless`, its first trial ends by interruption only.
Experiment over_a_lambda(std::int64_t trials, bool endless) {
  Experiment experiment = square(trials);
  experiment.budget.concurrency = 1;
  experiment.trainable = [endless](Trial& trial) {
    while (trial.report({{"loss", trial.real("x")}}) && endless) ::usleep(1000);
  };
  return experiment;
}

/// Runs it until its first report, and interrupts it.
void run_for_a_while(const Experiment& experiment, const ScratchDatabase& scratch) {
  auto run = start_until_first_report(experiment, scratch);
  ASSERT_TRUE(run) << run.failure().text();
  run->interrupt();
  const auto grid = run->wait();
  ASSERT_TRUE(grid) << grid.failure().text();
  ASSERT_TRUE(grid->interrupted());
}

/// `tune set square budget.trials=N`, as any program may send it.
void set_trials(const ScratchDatabase& scratch, std::int64_t trials) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(scratch.path().c_str(), &db), SQLITE_OK);
  const std::string sql = "insert into command(experiment, kind, args, sent_at) select id, 'set', '[\"budget.trials=" +
                          std::to_string(trials) + "\"]', 0 from experiment";
  char* what = nullptr;
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &what), SQLITE_OK) << what;
  sqlite3_close(db);
}

TEST(Settings, OfALambdaMayBeEditedAndEditedBack) {
  const ScratchDatabase scratch;
  run_for_a_while(over_a_lambda(3, true), scratch);
  run_for_a_while(over_a_lambda(5, true), scratch);
  const auto grid = Tuner(over_a_lambda(3, false), scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 3u);
  EXPECT_EQ(grid->status(), "finished");
}

TEST(Settings, OfAnUnchangedAggregateTakeNoCommandBack) {
  const ScratchDatabase scratch;
  run_for_a_while(over_a_lambda(3, true), scratch);
  set_trials(scratch, 5);
  run_for_a_while(over_a_lambda(3, true), scratch);
  const auto grid = Tuner(over_a_lambda(3, false), scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 5u);
}

TEST(Settings, OfAChangedAggregateHoldOverAnEarlierCommand) {
  const ScratchDatabase scratch;
  run_for_a_while(over_a_lambda(3, true), scratch);
  set_trials(scratch, 5);
  const auto grid = Tuner(over_a_lambda(4, false), scratch.options()).run();
  ASSERT_TRUE(grid) << grid.failure().text();
  EXPECT_EQ(grid->size(), 4u);
}

}  // namespace
}  // namespace tune::testing

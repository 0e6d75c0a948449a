#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>

#include "tests/api/support.h"

namespace tune::testing {
namespace {

/// Trial n reports these losses.
ResultGrid grid_of(const ScratchDatabase& scratch, const std::vector<std::vector<double>>& losses) {
  Experiment experiment = square(static_cast<std::int64_t>(losses.size()));
  experiment.trainable = [&losses](Trial& trial) {
    for (const double loss : losses[static_cast<std::size_t>(trial.number())]) trial.report({{"loss", loss}});
  };
  return Tuner(experiment, scratch.options()).run().value();
}

TEST(ResultGrid, ComparesByLastBestAndAverageOfTheLast) {
  const ScratchDatabase scratch;
  const ResultGrid grid = grid_of(scratch, {{1, 9, 9}, {5, 5, 2}, {4, 3, 3}, {std::nan(""), std::nan("")}});
  EXPECT_EQ(grid.best()->number, 0);
  EXPECT_EQ(grid.best({.scope = Scope::kLast})->number, 1);
  EXPECT_EQ(grid.best({.scope = Scope::kAverage, .last = 2})->number, 2);
  EXPECT_EQ(grid.best({.mode = "max"})->number, 0);
  EXPECT_EQ(grid.best({.metric = "accuracy"}), nullptr);
}

TEST(ResultGrid, FindsTrialsByNumber) {
  const ScratchDatabase scratch;
  const ResultGrid grid = grid_of(scratch, {{1}, {2}, {3}});
  EXPECT_EQ(grid[2].number, 2);
  EXPECT_EQ(grid[2].metric("loss"), 3);
  EXPECT_EQ(grid.find(3), nullptr);
  EXPECT_EQ(grid.find(-1), nullptr);
  EXPECT_EQ(grid[3].number, -1);
  EXPECT_EQ(grid[3].status, "");
}

TEST(ResultGrid, FindsTrialsByNumberWhereSomeWereWithdrawn) {
  const ScratchDatabase scratch;
  (void)grid_of(scratch, {{1}, {2}, {3}});
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(scratch.path().c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "update trial set status = 'withdrawn' where number = 1", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  const ResultGrid grid = ResultGrid::open(scratch.path(), "square").value();
  EXPECT_EQ(grid.size(), 2u);
  EXPECT_EQ(grid[2].number, 2);
  EXPECT_EQ(grid.find(1), nullptr);
}

TEST(ResultGrid, HasNoBestByAModeThatIsNone) {
  const ScratchDatabase scratch;
  const ResultGrid grid = grid_of(scratch, {{1, 9}, {5, 5}});
  EXPECT_EQ(grid.best({.mode = "bogus"}), nullptr);
  EXPECT_EQ(grid.best({.scope = Scope::kAverage, .last = -1})->number, 1);
}

TEST(ResultGrid, GivesTheTableOfTheCommandLine) {
  const ScratchDatabase scratch;
  const ResultGrid grid = grid_of(scratch, {{1}, {2}});
  const auto table = grid.table("csv");
  ASSERT_TRUE(table) << table.failure().text();
  EXPECT_THAT(*table, ::testing::HasSubstr("config/x"));
  EXPECT_FALSE(grid.table("xml"));
}

TEST(ResultGrid, SaysThatATrialHasNoCheckpoint) {
  const ScratchDatabase scratch;
  const ResultGrid grid = grid_of(scratch, {{1}});
  const auto saved = grid.checkpoint(grid[0]);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.failure().code, "not-found");
}

TEST(ResultGrid, OfAnExperimentThatDoesNotExistIsNotFound) {
  const auto grid = ResultGrid::open("/nowhere/tune.db", "x");
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.failure().code, "not-found");
}

}  // namespace
}  // namespace tune::testing

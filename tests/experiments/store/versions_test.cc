// Databases of earlier versions, as their programs left them: versions/*.sql. Whoever changes a table without a
// migration, or a migration that has been released, fails here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "experiments/store/schema.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using namespace test;
using ::testing::HasSubstr;

/// Runs what is posted never: nothing here has large checkpoints.
const Post kNoLoop = [](const std::function<void()>&) {};

void make_version(const std::string& db, int version) {
  std::ifstream in(std::string(VERSIONS_DIR) + "/version" + std::to_string(version) + ".sql");
  ASSERT_TRUE(in);
  std::ofstream(db).close();
  execute(db, {std::istreambuf_iterator<char>(in), {}});
}

/// Every table, index and view as SQL, blanks aside.
std::string tables_of(const std::string& db) {
  return query(
      db,
      "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)");
}

TEST(Versions, Version1IsGoneOnWith) {
  const Folder folder;
  const std::string db = folder.file();
  make_version(db, 1);
  const std::string events = query(db, "SELECT count(*) FROM event");

  auto store = must(open_experiment(db, "old", {}, kNoLoop));
  EXPECT_EQ(query(db, "PRAGMA user_version"), std::to_string(kSchemaVersion));
  EXPECT_EQ(std::to_string(log_of(*store).size()), events);
  EXPECT_EQ(store->experiment().status, "running");
  EXPECT_EQ(must(store->runs()).size(), 1u);
  store->close();

  const auto reader = must(open_reader(db));
  EXPECT_FALSE(must(reader->verify_hash(ExperimentId{1})));
  EXPECT_EQ(must(reader->experiments()).size(), 1u);
  int trials = 0;
  must(reader->trials(ExperimentId{1}, [&](const TrialRow&) { ++trials; }));
  EXPECT_EQ(std::to_string(trials), query(db, "SELECT count(*) FROM trial"));
}

TEST(Versions, Version1IsRead) {
  const Folder folder;
  const std::string db = folder.file();
  make_version(db, 1);
  const auto reader = must(open_reader(db));
  EXPECT_EQ(must(reader->experiment("old")).trials, 5);
  EXPECT_FALSE(must(reader->verify_hash(ExperimentId{1})));
}

TEST(Versions, AnUpgradedDatabaseHasTheTablesOfANewOne) {
  const Folder folder;
  make_version(folder.file("old.db"), 1);
  must(open_experiment(folder.file("old.db"), "old", {}, kNoLoop))->close();
  must(create_experiment(folder.file("new.db"), new_experiment("new"), {}, kNoLoop))->close();
  EXPECT_EQ(tables_of(folder.file("old.db")), tables_of(folder.file("new.db")));
}

TEST(Versions, OfTheFutureAreRefusedAndLeftAlone) {
  const Folder folder;
  const std::string db = folder.file();
  make_version(db, 1);
  execute(db, "PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  const auto store = open_experiment(db, "old", {}, kNoLoop);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kNewerVersion);
  EXPECT_THAT(store.error().message, HasSubstr("newer tune"));
  EXPECT_FALSE(open_reader(db));
  EXPECT_EQ(query(db, "PRAGMA user_version"), std::to_string(kSchemaVersion + 1));
}

}  // namespace
}  // namespace tune

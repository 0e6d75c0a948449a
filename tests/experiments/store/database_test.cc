// What may lie where the database should be, who may hold it, and how it grows older.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "experiments/store/locks.h"
#include "experiments/store/schema.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;
using testing::HasSubstr;

Error create_error(const std::string& db) {
  auto store = create_experiment(db, new_experiment("one"), {}, {});
  return store ? Error{ErrorCode::kInternal, "no error", {}} : store.error();
}
Error open_error(const std::string& db) {
  auto store = open_experiment(db, "one", {}, {});
  return store ? Error{ErrorCode::kInternal, "no error", {}} : store.error();
}
Error read_error(const std::string& db) {
  auto reader = open_reader(db);
  return reader ? Error{ErrorCode::kInternal, "no error", {}} : reader.error();
}

void make(const std::string& db, int turns = 20) {
  const auto store = must(create_experiment(db, new_experiment("one"), {}, {}));
  Script script;
  for (int i = 0; i < turns; ++i) must(store->commit(script.turn(10)));
}

TEST(Database, IsMadeWhenNeededOnly) {
  const Folder folder;
  EXPECT_EQ(open_error(folder.file()).code, ErrorCode::kNotFound);
  EXPECT_EQ(read_error(folder.file()).code, ErrorCode::kNotFound);
  EXPECT_EQ(send_command(folder.file(), "one", CommandRow{0, CommandKind::kStop, std::nullopt, {}}).error().code,
            ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder.file()));
  make(folder.file());
  EXPECT_EQ(test::query(folder.file(), "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(test::query(folder.file(), "PRAGMA user_version"), std::to_string(kSchemaVersion));
}

TEST(Database, LeavesNoFilesBesideButTheLock) {
  const Folder folder;
  make(folder.file());
  (void)must(must(open_reader(folder.file()))->experiments());
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files.insert(entry.path().filename());
  EXPECT_THAT(files, testing::ElementsAre("tune.db", "tune.db-lock"));
}

TEST(Database, MayLieInAPathThatIsLongAndOdd) {
  const Folder folder;
  std::string path = folder.path();
  for (int i = 0; i < 4; ++i) path += "/a folder with spaces, 100% #odd? äöü " + std::string(40, 'x');
  std::filesystem::create_directories(path);
  make(path + "/tune.db");
  EXPECT_EQ(must(must(open_reader(path + "/tune.db"))->experiments()).size(), 1u);
}

TEST(Database, SaysThatAFolderIsMissing) {
  const Folder folder;
  const Error error = create_error(folder.path() + "/nowhere/tune.db");
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_THAT(error.message, HasSubstr("there is no folder " + folder.path() + "/nowhere"));
  EXPECT_THAT(create_error(folder.path()).message, HasSubstr("is a folder"));
}

TEST(Database, SaysThatAFolderCannotBeWritten) {
  const Error error = create_error("/sys/tune.db");  // sysfs takes no new file, not even from root
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_THAT(error.message, HasSubstr("/sys"));
}

TEST(Database, IsReadInAFolderThatCannotBeWritten) {
  const Folder folder;
  make(folder.file());
  std::filesystem::remove(folder.file("tune.db-lock"));
  ::chmod(folder.path().c_str(), 0555);
  ::chmod(folder.file().c_str(), 0444);
  const int child = test::fork_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) return 1;
    auto reader = open_reader(folder.file());
    if (!reader) return 2;
    if (must((*reader)->experiments()).size() != 1) return 3;
    if (test::log_of(**reader, ExperimentId{1}).size() != 200) return 4;
    if (must((*reader)->verify_hash(ExperimentId{1}))) return 5;
    if (create_error(folder.file()).code != ErrorCode::kIo) return 6;
    const Error error = open_error(folder.file());
    return error.code == ErrorCode::kIo && error.message.find("read-only") != std::string::npos ? 0 : 7;
  });
  EXPECT_EQ(test::wait_for(child), 0);
  ::chmod(folder.path().c_str(), 0755);
}

TEST(Database, SaysThatAFileIsNoDatabase) {
  const Folder folder;
  std::ofstream(folder.file()) << std::string(5000, 'x');
  for (const Error& error : {create_error(folder.file()), open_error(folder.file()), read_error(folder.file())}) {
    EXPECT_EQ(error.code, ErrorCode::kDamaged);
    EXPECT_THAT(error.message, HasSubstr("no tune database"));
  }
}

TEST(Database, OfAnotherProgramIsLeftAlone) {
  const Folder folder;
  must(must(sql::Connection::open(folder.file(), sql::Access::kCreate)).execute("CREATE TABLE mine(x)"));
  for (const Error& error : {create_error(folder.file()), open_error(folder.file()), read_error(folder.file())}) {
    EXPECT_EQ(error.code, ErrorCode::kBadInput);
    EXPECT_THAT(error.message, HasSubstr("another program"));
  }
  EXPECT_EQ(test::query(folder.file(), "SELECT count(*) FROM sqlite_schema"), "1");
}

TEST(Database, CutOffIsSaidAtEveryLength) {
  const Folder folder;
  make(folder.file());
  const auto whole = std::filesystem::file_size(folder.file());
  for (const double part : {0.9, 0.5, 0.2, 0.01}) {
    std::filesystem::copy_file(folder.file(), folder.file("cut.db"), std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder.file("cut.db"), static_cast<std::uintmax_t>(static_cast<double>(whole) * part));
    for (const Error& error : {open_error(folder.file("cut.db")), read_error(folder.file("cut.db"))}) {
      EXPECT_EQ(error.code, ErrorCode::kDamaged) << part << ": " << error.message;
      EXPECT_THAT(error.message, testing::AnyOf(HasSubstr("cut off"), HasSubstr("no tune database")));
    }
  }
  std::filesystem::resize_file(folder.file("cut.db"), 0);
  EXPECT_THAT(open_error(folder.file("cut.db")).message, HasSubstr("empty"));
  EXPECT_THAT(read_error(folder.file("cut.db")).message, HasSubstr("empty"));
}

TEST(Database, OfANewerVersionIsRefusedAndUntouched) {
  const Folder folder;
  make(folder.file());
  test::execute(folder.file(), "PRAGMA user_version = 99");
  for (const Error& error : {create_error(folder.file()), open_error(folder.file()), read_error(folder.file())}) {
    EXPECT_EQ(error.code, ErrorCode::kNewerVersion);
    EXPECT_THAT(error.message, HasSubstr("99"));
  }
  EXPECT_EQ(test::query(folder.file(), "SELECT count(*) FROM experiment"), "1");
}

TEST(Database, UpgradedUnderARunIsRefusedAtTheNextTurn) {
  const Folder folder;
  const auto store = must(create_experiment(folder.file(), new_experiment("one"), {}, {}));
  Script script;
  must(store->commit(script.turn()));
  test::execute(folder.file(), "PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  const TurnRows turn = script.turn();
  EXPECT_EQ(store->commit(turn).error().code, ErrorCode::kNewerVersion);
  EXPECT_EQ(store->commit(turn).error().code, ErrorCode::kNewerVersion);
}

TEST(Database, MovedUnderARunIsNoticedAndIsWholeWhereItIs) {
  const Folder folder;
  const std::string db = folder.file(), moved = folder.file("moved.db");
  {
    const auto store = must(create_experiment(db, new_experiment("one"), {}, {}));
    Script script;
    must(store->commit(script.turn(3)));
    std::filesystem::rename(db, moved);
    EXPECT_EQ(store->commands().error().code, ErrorCode::kDamaged);
    const auto stored = store->commit(script.turn(3));
    EXPECT_EQ(stored.error().code, ErrorCode::kDamaged);
    EXPECT_THAT(stored.error().message, HasSubstr(db + " was deleted, moved or replaced"));
  }
  EXPECT_FALSE(std::filesystem::exists(db));
  std::filesystem::remove(db + "-wal");
  EXPECT_EQ(test::query(moved, "SELECT count(*) FROM event"), "3");
  EXPECT_EQ(test::query(moved, "PRAGMA integrity_check"), "ok");
}

TEST(Database, ReplacedUnderARunIsLeftAlone) {
  const Folder folder, other;
  make(other.file());
  const std::string before = test::query(other.file(), "SELECT count(*) FROM event");
  {
    const auto store = must(create_experiment(folder.file(), new_experiment("mine"), {}, {}));
    Script script;
    must(store->commit(script.turn(3)));
    std::filesystem::rename(other.file(), folder.file());
    EXPECT_EQ(store->commit(script.turn(3)).error().code, ErrorCode::kDamaged);
  }
  EXPECT_EQ(test::query(folder.file(), "SELECT count(*) FROM event"), before);
  EXPECT_EQ(test::query(folder.file(), "PRAGMA integrity_check"), "ok");
}

TEST(Database, OfAnOlderVersionIsTakenThroughEveryStep) {
  const Folder folder;
  const Migration steps[] = {{1, "CREATE TABLE a(x); INSERT INTO a VALUES(1)"},
                             {2, "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1"},
                             {3, "CREATE TABLE b AS SELECT x + y AS z FROM a"}};
  const auto connection = must(sql::Connection::open(folder.file(), sql::Access::kCreate));
  must(migrate(connection, "db", std::span(steps, 1), "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 'old' AS w"));
  must(connection.execute("CREATE VIEW somebodys AS SELECT 7 AS w"));
  EXPECT_EQ(must(connection.integer("PRAGMA user_version")), 1);
  must(migrate(connection, "db", steps, "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT z AS w FROM b"));
  EXPECT_EQ(must(connection.integer("PRAGMA user_version")), 3);
  EXPECT_EQ(must(connection.integer("SELECT w FROM v")), 3);
  EXPECT_EQ(must(connection.integer("SELECT w FROM somebodys")), 7);
  must(migrate(connection, "db", steps, "syntax error: not run again"));
  EXPECT_EQ(migrate(connection, "db", std::span(steps, 2), "").error().code, ErrorCode::kNewerVersion);
}

TEST(Database, StaysAsItWasWhenAStepFails) {
  const Folder folder;
  const Migration steps[] = {{1, "CREATE TABLE a(x)"}, {2, "CREATE TABLE b(x); INSERT INTO nowhere VALUES(1)"}};
  const auto connection = must(sql::Connection::open(folder.file(), sql::Access::kCreate));
  must(migrate(connection, "db", std::span(steps, 1), ""));
  const auto failed = migrate(connection, "db", steps, "");
  EXPECT_THAT(failed.error().message, HasSubstr("from database version 1 to 2"));
  EXPECT_EQ(must(connection.integer("PRAGMA user_version")), 1);
  EXPECT_EQ(must(connection.integer("SELECT count(*) FROM sqlite_schema")), 1);
}

TEST(Database, IsMadeOnceByManyAtATime) {
  const Folder folder;
  constexpr int kChildren = 8;
  std::vector<int> children;
  for (int i = 0; i < kChildren; ++i) {
    children.push_back(test::fork_child([&] {
      auto store = create_experiment(folder.file(), new_experiment("e" + std::to_string(i)), {}, {});
      if (!store) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());  // the child's only voice
        return 1;
      }
      Script script;
      return (*store)->commit(script.turn()) ? 0 : 2;
    }));
  }
  for (const int child : children) EXPECT_EQ(test::wait_for(child), 0);
  const auto rows = must(must(open_reader(folder.file()))->experiments());
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(kChildren));
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].id.value, static_cast<std::int64_t>(i) + 1);
}

// --- Locks -----------------------------------------------------------------------------------------------------------

TEST(Locks, ASecondControllerIsRefusedNamingTheFirst) {
  const Folder folder;
  make(folder.file());
  const auto store = must(open_experiment(folder.file(), "one", {}, {}));
  const std::string me = "process " + std::to_string(getpid());
  const Error here = open_error(folder.file());
  EXPECT_EQ(here.code, ErrorCode::kBusy);
  EXPECT_THAT(here.message, HasSubstr("experiment 'one' is being run by " + me));
  EXPECT_EQ(must(open_reader(folder.file()))->holder(ExperimentId{1}), getpid());
  EXPECT_EQ(open_error(folder.file()).code, ErrorCode::kBusy);  // the questions above freed nothing
  const Error made_twice = create_error(folder.file());         // `tune run FILE` twice at one moment
  EXPECT_EQ(made_twice.code, ErrorCode::kBusy);
  EXPECT_THAT(made_twice.message, HasSubstr("experiment 'one' is being run by " + me));
}

TEST(Locks, HoldAcrossProcessesAndEndWithThem) {
  const Folder folder;
  make(folder.file());
  int ready[2], stay[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(stay), 0);
  const int child = test::fork_child([&] {
    auto store = open_experiment(folder.file(), "one", {}, {});
    // A child of the holder, as a trial would be, keeps nothing when the holder dies.
    close(stay[1]);
    char never = 0;
    if (fork() == 0) {
      (void)!read(stay[0], &never, 1);
      _exit(0);
    }
    (void)!write(ready[1], store ? "y" : "n", 1);
    (void)!read(stay[0], &never, 1);
    return 0;
  });
  char said = 0;
  ASSERT_EQ(read(ready[0], &said, 1), 1);
  ASSERT_EQ(said, 'y');
  {
    const auto reader = must(open_reader(folder.file()));
    EXPECT_EQ(reader->holder(ExperimentId{1}), child);
    EXPECT_EQ(reader->holder(ExperimentId{2}), 0);
    const Error error = open_error(folder.file());
    EXPECT_EQ(error.code, ErrorCode::kBusy);
    EXPECT_THAT(error.message, HasSubstr("process " + std::to_string(child)));
    EXPECT_TRUE(create_experiment(folder.file(), new_experiment("two"), {}, {}));  // another one is free
  }
  kill(child, SIGKILL);
  EXPECT_EQ(test::wait_for(child), 128 + SIGKILL);
  EXPECT_TRUE(open_experiment(folder.file(), "one", {}, {}));
  for (const int fd : {ready[0], ready[1], stay[0], stay[1]}) close(fd);
}

TEST(Locks, AnUpgradeNeedsThatNobodyRuns) {
  const Folder folder;
  const std::string db = folder.file();
  {
    const auto held = must(take_experiment_lock(db, ExperimentId{7}, "seven"));
    EXPECT_EQ(take_all_experiments_lock(db).error().code, ErrorCode::kBusy);
    const int child = test::fork_child([&] { return take_all_experiments_lock(db) ? 1 : 0; });
    EXPECT_EQ(test::wait_for(child), 0);
    EXPECT_TRUE(take_setup_lock(db));
  }
  const auto all = must(take_all_experiments_lock(db));
  EXPECT_EQ(take_experiment_lock(db, ExperimentId{8}, "eight").error().code, ErrorCode::kBusy);
}

// --- Commands --------------------------------------------------------------------------------------------------------

TEST(Commands, AreSeenUntilTheirTurnIsIn) {
  const Folder folder;
  const auto store = must(create_experiment(folder.file(), new_experiment("one"), {}, {}));
  Script script;
  EXPECT_TRUE(must(store->commands()).empty());
  const std::int64_t first =
      must(send_command(folder.file(), "one", CommandRow{0, CommandKind::kStop, TrialId{4}, {}}));
  const std::int64_t second =
      must(send_command(folder.file(), "one", CommandRow{0, CommandKind::kCancel, std::nullopt, {}}));
  EXPECT_EQ(send_command(folder.file(), "two", CommandRow{0, CommandKind::kStop, std::nullopt, {}}).error().code,
            ErrorCode::kNotFound);
  auto waiting = must(store->commands());
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].id, first);
  EXPECT_EQ(waiting[0].trial, TrialId{4});
  EXPECT_EQ(waiting[1].kind, CommandKind::kCancel);
  EXPECT_FALSE(waiting[1].trial);
  EXPECT_EQ(must(store->commands()).size(), 2u);

  TurnRows turn = script.turn();
  turn.commands_done = {first};
  must(store->commit(turn));
  waiting = must(store->commands());
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].id, second);
}

TEST(Commands, OutliveTheController) {
  const Folder folder;
  make(folder.file());
  must(send_command(folder.file(), "one", CommandRow{0, CommandKind::kPause, std::nullopt, {}}));
  const auto store = must(open_experiment(folder.file(), "one", {}, {}));
  EXPECT_EQ(must(store->commands()).size(), 1u);
}

// --- Views -----------------------------------------------------------------------------------------------------------

TEST(Views, AnswerWhatPeopleAsk) {
  const Folder folder;
  const std::string db = folder.file();
  const auto store = must(create_experiment(db, new_experiment("one"), {}, {}));
  Script script;
  for (int i = 0; i < 50; ++i) {
    TurnRows turn = script.turn(4);
    turn.summary.best_trial = turn.trials.empty() ? -1 : turn.trials.front().number;
    turn.summary.best_value = 0.25;
    must(store->commit(turn));
  }
  TurnRows turn = script.report();
  turn.summary.best_trial = turn.trials.front().number;
  turn.summary.best_value = 0.25;
  must(store->commit(turn));

  EXPECT_EQ(test::query(db, "SELECT experiment || status || seed FROM experiments"), "onerunning18446744073709551615");
  EXPECT_EQ(test::query(db, "SELECT value || metric || mode || experiment FROM best"), "0.25lossminone");
  EXPECT_EQ(test::query(db, "SELECT json_extract(config, '$.lr') FROM trials WHERE trial_number = 1"), "0.1");
  EXPECT_EQ(test::query(db, "SELECT trial_id FROM trials ORDER BY trial_number LIMIT 1"), "one-00000");
  EXPECT_EQ(test::query(db, "SELECT json_extract(metrics, '$.loss') FROM reports ORDER BY event DESC LIMIT 1"), "0.25");
  EXPECT_EQ(test::query(db, "SELECT timestamp FROM reports ORDER BY event DESC LIMIT 1"), "2023-11-14T22:14:11.000Z");
  EXPECT_EQ(test::query(db, "SELECT count(*) > 10 FROM decisions WHERE decision = 'start' AND trial_id IS NOT NULL"),
            "1");
  EXPECT_EQ(test::query(db, "SELECT count(*) FROM reports"),
            test::query(db, "SELECT count(*) FROM event WHERE kind = 'reported' AND replayed = 0"));
  EXPECT_EQ(test::query(db, "SELECT stored_in FROM checkpoints LIMIT 1"), "tune.db");
}

}  // namespace
}  // namespace tune

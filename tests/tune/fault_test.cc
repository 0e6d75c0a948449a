// A machine that does not play along: no place, no permission, damaged files, libraries that are none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// A file system of its own, of so many bytes, for as long as this lives.
class SmallDisk {
 public:
  SmallDisk(std::string path, const std::string& size) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = mount("tune-test", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!mounted_) why_ = std::string("no file system can be mounted here: ") + std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::string& why() const { return why_; }
  bool make_read_only() const { return mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }
  /// Takes all room but so many bytes.
  void fill(std::uintmax_t but) const {
    const std::uintmax_t room = std::filesystem::space(path_).available;
    std::ofstream(path_ + "/filler", std::ios::binary) << std::string(room > but ? room - but : 0, 'f');
  }
  void free() const { std::filesystem::remove(path_ + "/filler"); }

 private:
  std::string path_, why_;
  bool mounted_ = false;
};

TEST(Faults, AFolderThatIsNotThereIsNamed) {
  Workbench bench;
  const Outcome outcome = bench.run("a", branin("a", 1), {"--db", "no/such/tune.db"});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_THAT(outcome.err, HasSubstr("no/such"));
  EXPECT_FALSE(std::filesystem::exists(bench / "no"));
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Faults, ADatabaseDeletedUnderARunEndsIt) {
  Workbench bench;
  bench.write("long.yaml", curve("long", 2, 100'000, 0.005));
  Program run = bench.start({"run", "long.yaml"});
  ASSERT_TRUE(eventually([&] { return !bench.value("select 1 from event where kind = 'reported'").empty(); }));
  for (const char* file : {"tune.db", "tune.db-wal", "tune.db-shm"}) std::filesystem::remove(bench / file);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 6);
  EXPECT_THAT(outcome.err, HasSubstr("tune.db was deleted, moved or replaced under this run"));
  EXPECT_EQ(bench.left_behind(), "");
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
}

TEST(Faults, ATransactionOfAnotherProgramIsWaitedFor) {
  Workbench bench;
  ASSERT_EQ(bench.run("first", branin("first", 1)).code, 0);
  bench.write("second.yaml", branin("second", 2));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((bench / "tune.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  Program run = bench.start({"run", "second.yaml"});
  const std::string me = "process " + std::to_string(getpid());
  EXPECT_TRUE(eventually([&] { return run.err().find("waiting: ") != std::string::npos; })) << run.err();
  EXPECT_THAT(run.err(), AllOf(HasSubstr("tune.db is locked"), HasSubstr(me)));
  EXPECT_FALSE(run.is_over());
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(Faults, AReadOnlyFolderIsSaidToBe) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "4m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("a.yaml", branin("a", 2));
  ASSERT_EQ(bench.tune({"run", "a.yaml", "--db", "disk/kept.db"}).code, 0);
  ASSERT_TRUE(disk.make_read_only());
  const Outcome fresh = bench.tune({"run", "a.yaml", "--db", "disk/new.db"});
  EXPECT_EQ(fresh.code, 6) << fresh.err;
  EXPECT_THAT(fresh.err, AllOf(HasSubstr("/disk"), AnyOf(HasSubstr("read-only"), HasSubstr("Read-only"))));
  const Outcome again = bench.tune({"run", "a.yaml", "--fresh", "--db", "disk/kept.db"});
  EXPECT_EQ(again.code, 6) << again.err;
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Faults, AReadOnlyDatabaseIsStillRead) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "4m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("a.yaml", branin("a", 2));
  ASSERT_EQ(bench.tune({"run", "a.yaml", "--db", "disk/kept.db"}).code, 0);
  const std::string table = bench.tune({"export", "a", "--db", "disk/kept.db"}).out;
  ASSERT_TRUE(disk.make_read_only());
  EXPECT_EQ(bench.tune({"export", "a", "--db", "disk/kept.db"}).out, table);
  EXPECT_EQ(bench.tune({"replay", "a", "--db", "disk/kept.db"}).code, 0);
}

TEST(Faults, ATruncatedDatabaseIsSaidToBeDamagedAndLeftAlone) {
  Workbench bench;
  ASSERT_EQ(bench.run("cut", curve("cut", 20, 10, 0, "checkpoint: {every: 1, keep: all}\n")).code, 0);
  std::filesystem::resize_file(bench / "tune.db", std::filesystem::file_size(bench / "tune.db") / 2);
  const std::string before = bench.read("tune.db");
  bench.write("other.yaml", branin("other", 2));
  for (const Arguments& arguments : {Arguments{"export", "cut", "--history"}, Arguments{"replay", "cut"},
                                     Arguments{"run", "other.yaml"}, Arguments{"resume", "cut"}}) {
    const Outcome outcome = bench.tune(arguments);
    EXPECT_EQ(outcome.code, 6) << arguments[0] << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("tune.db is damaged or cut off")) << arguments[0];
  }
  EXPECT_EQ(bench.read("tune.db"), before);
}

TEST(Faults, AFileThatIsNoDatabaseIsLeftAlone) {
  Workbench bench;
  bench.write("a.yaml", branin("a", 1));
  for (const std::string& content :
       {std::string("this is a letter to my aunt, not a database\n"), std::string(5000, 'x')}) {
    bench.write("tune.db", content);
    for (const Arguments& arguments : {Arguments{"ls"}, Arguments{"run", "a.yaml"}}) {
      const Outcome outcome = bench.tune(arguments);
      EXPECT_EQ(outcome.code, 6) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr("tune.db is no tune database"));
    }
    EXPECT_EQ(bench.read("tune.db"), content);
  }
}

TEST(Faults, ADatabaseOfANewerVersionIsNotTouched) {
  Workbench bench;
  ASSERT_EQ(bench.run("old", branin("old", 2)).code, 0);
  bench.change("PRAGMA user_version = 9999");
  const std::string before = bench.read("tune.db");
  bench.write("new.yaml", branin("new", 2));
  for (const Arguments& arguments : {Arguments{"ls"}, Arguments{"best", "old"}, Arguments{"run", "new.yaml"},
                                     Arguments{"resume", "old"}, Arguments{"stop", "old"}}) {
    const Outcome outcome = bench.tune(arguments);
    EXPECT_EQ(outcome.code, 6) << arguments[0] << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("newer")) << arguments[0];
  }
  EXPECT_EQ(bench.read("tune.db"), before);
}

// A preloaded library tells the program a time of its own.
TEST(Faults, AWallClockThatIsADayAheadOrBehindHurtsNobody) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer wants to be loaded first itself";
#endif
  for (const std::string seconds : {"62", "86400", "-86400"}) {
    Workbench bench;
    bench.write("clock.yaml", shell("clock", 2, "printf '{\"loss\": 1}\\n'"));
    const std::string plan = "controller.clock:1:" + seconds + " worker.clock:1:" + seconds;
    const Environment clock = {
        {"LD_PRELOAD", TORTURE_LIBRARY}, {"TUNE_TORTURE_FOLDER", bench / ""}, {"TUNE_TORTURE_PLAN", plan}};
    const Outcome run = bench.tune({"run", "clock.yaml"}, clock);
    EXPECT_EQ(run.code, 0) << seconds << ": " << run.err;
    EXPECT_EQ(bench.left_behind(), "");
  }
}

// A preloaded library tells the program that every file system is this one.
TEST(Faults, ADatabaseOnANetworkFileSystemDrawsAWarning) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer wants to be loaded first itself";
#endif
  Workbench bench;
  bench.write("a.yaml", branin("a", 1));
  const Environment nfs = {{"LD_PRELOAD", TORTURE_LIBRARY}, {"TUNE_TORTURE_FILESYSTEM", "0x6969"}};
  const Outcome run = bench.tune({"run", "a.yaml"}, nfs);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("lies on a network file system, NFS"));
  EXPECT_THAT(bench.tune({"doctor"}, nfs).out, HasSubstr("lies on a network file system, NFS"));
}

TEST(Faults, LibrariesThatAreMissingOrNoneLeaveNoTrace) {
  Workbench bench;
  bench.write("text.so", "I am no library\n");
  const auto with = [](const std::string& trainable) {
    return "version: 1\nname: lib\ntrainable: " + trainable +
           "\nobjective: {metric: loss, mode: min}\nsearch_space: {x: {uniform: [0, 1]}}\nbudget: {trials: 2}\n";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"./absent.so:Net", "absent.so"},
      {"./text.so:Net", "text.so"},
      {NOTHING_LIBRARY ":Net", "libtune_test_nothing.so"},
      {MISBEHAVING_LIBRARY ":misbehavin", "misbehaving"},
  };
  for (const auto& [trainable, named] : cases) {
    const Outcome outcome = bench.run("lib", with(trainable));
    EXPECT_EQ(outcome.code, 2) << trainable << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(named));
    EXPECT_THAT(outcome.err, HasSubstr("lib.yaml:3:12: error: ")) << trainable;
    EXPECT_FALSE(std::filesystem::exists(bench / "tune.db")) << trainable;
  }
  EXPECT_EQ(bench.left_behind(), "");
}

TEST(Faults, AProgramThatIsNotThereFailsItsTrialsWithItsName) {
  Workbench bench;
  const Outcome outcome =
      bench.run("gone",
                "version: 1\nname: gone\ntrainable: {command: [./no-such-program, \"${x}\"]}\n"
                "objective: {metric: loss, mode: min}\nsearch_space: {x: {uniform: [0, 1]}}\nbudget: {trials: 2}\n");
  EXPECT_THAT(outcome.code, AnyOf(1, 2));
  EXPECT_THAT(outcome.err, HasSubstr("no-such-program"));
}

TEST(Faults, AFullDiskStopsNothingThatIsStoredAndGoesOnWhenThereIsRoom) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "32m");  // the write-ahead log takes up to 16 MiB
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("full.yaml", curve("full", 4, 60, 0.02, "checkpoint: {every: 1, keep: all}\n"));
  Program run = bench.start({"run", "full.yaml", "--db", "disk/tune.db"});
  ASSERT_TRUE(
      eventually([&] { return !bench.value("select 1 from event where kind = 'reported'", "disk/tune.db").empty(); }));
  disk.fill(16 << 10);
  ASSERT_TRUE(eventually([&] { return run.is_over() || run.err().find("disk is full") != std::string::npos; }));
  EXPECT_FALSE(run.is_over()) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("nothing is lost"));
  EXPECT_THAT(run.err(), HasSubstr("is left on the disk of"));  // said before
  const std::string stored = bench.value("select count(*) from reports", "disk/tune.db");
  EXPECT_GT(stored, "0");
  disk.free();
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("takes writes again"));
  EXPECT_EQ(bench.value("select count(*) from reports", "disk/tune.db"), "240");
  EXPECT_EQ(bench.tune({"replay", "full", "--db", "disk/tune.db"}).code, 0);
}

// A report at a rung waits for its answer, and tune report with it.
TEST(Faults, NothingIsAcknowledgedThatIsNotStored) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "32m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("asks.yaml",
              shell("asks", 1, "touch here\nwhile [ ! -e go ]; do sleep 0.02; done\ntune report loss=2\ntouch answered",
                    "scheduler: {type: asha, max_t: 9, grace_period: 1, reduction_factor: 3}\n"));
  Program run = bench.start({"run", "asks.yaml", "--db", "disk/tune.db"});
  ASSERT_TRUE(eventually([&] { return run.is_over() || std::filesystem::exists(bench / "here"); }));
  disk.fill(0);
  bench.write("go", "");
  ASSERT_TRUE(eventually([&] { return run.is_over() || run.err().find("disk is full") != std::string::npos; }));
  const Outcome meanwhile = bench.tune({"ls", "--db", "disk/tune.db"});  // time in which an answer would arrive
  EXPECT_EQ(meanwhile.code, 0) << meanwhile.err;
  EXPECT_FALSE(std::filesystem::exists(bench / "answered"));
  EXPECT_EQ(bench.value("select count(*) from reports", "disk/tune.db"), "0");
  disk.free();
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(bench / "answered"));
  EXPECT_EQ(bench.value("select count(*) from reports", "disk/tune.db"), "1");
}

// Its program writes beside the database, and finds no room before tune does. What it began is kept elsewhere.
TEST(Faults, ATrialThatFindsNoRoomIsLostAndNotFailed) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "32m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write(
      "writes.yaml",
      shell("writes", 6,
            "set -e\ni=$(cat $TUNE_CHECKPOINT_DIR/i 2>/dev/null || echo 0)\necho ${x} from $i >> began\n"
            "while [ $i -lt 4 ]; do\n"
            "  i=$((i+1))\n"
            "  while [ $i = 3 ] && [ ! -e go ]; do sleep 0.02; done\n"
            "  head -c $((i / 3 * 400000 + 1)) /dev/zero > $TUNE_CHECKPOINT_DIR/state-$i || { echo ${x} >> lacked; "
            "exit 1; }\n"
            "  echo $i > $TUNE_CHECKPOINT_DIR/i\n"
            "  echo \"{\\\"loss\\\": $i, \\\"checkpoint\\\": true}\"\ndone\n",
            "resources: {cpu: 0.01}\nbudget: {concurrency: 2}\n"));
  Program run = bench.start({"run", "writes.yaml", "--db", "disk/tune.db"});
  ASSERT_TRUE(eventually([&] { return bench.value("select count(*) from reports", "disk/tune.db") == "4"; }))
      << run.err();
  disk.fill(0);
  bench.write("go", "");
  ASSERT_TRUE(eventually([&] { return run.is_over() || run.err().find("no trial is started") != std::string::npos; }));
  ASSERT_TRUE(eventually([&] { return run.is_over() || bench.read("lacked").size() == 4; }));  // both of them
  const Outcome meanwhile = bench.tune({"ls", "--db", "disk/tune.db"});  // time in which another would begin
  EXPECT_EQ(meanwhile.code, 0) << meanwhile.err;
  EXPECT_THAT(bench.read("began"), AnyOf("1 from 0\n2 from 0\n", "2 from 0\n1 from 0\n"));
  EXPECT_FALSE(run.is_over()) << run.err();
  disk.free();
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("there is room on the disk again"));
  EXPECT_THAT(bench.read("began"), AllOf(HasSubstr("1 from 2\n"), HasSubstr("2 from 2\n")));
  EXPECT_EQ(bench.query("select status, sum(retries), count(*) from trials group by status", "disk/tune.db"),
            (Rows{{"completed", "0", "6"}}));
  EXPECT_EQ(bench.value("select count(*) from reports", "disk/tune.db"), "24");
  EXPECT_THAT(bench.tune({"show", "writes/0", "--db", "disk/tune.db"}).out,
              AllOf(HasSubstr("attempt 1 lost: the disk of "), HasSubstr("is full: the program ended with exit code"),
                    HasSubstr("is full: goes on from "), Not(HasSubstr("worker was lost"))));
  EXPECT_EQ(bench.tune({"replay", "writes", "--db", "disk/tune.db"}).code, 0);
}

TEST(Faults, AfterADeathOnAFullDiskResumeGoesOn) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "32m");  // the write-ahead log takes up to 16 MiB
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("full.yaml", curve("full", 4, 60, 0.02, "checkpoint: {every: 1, keep: all}\n"));
  Program run = bench.start({"run", "full.yaml", "--db", "disk/tune.db"});
  ASSERT_TRUE(
      eventually([&] { return !bench.value("select 1 from event where kind = 'reported'", "disk/tune.db").empty(); }));
  disk.fill(16 << 10);
  ASSERT_TRUE(eventually([&] { return run.is_over() || run.err().find("disk is full") != std::string::npos; }));
  run.signal(SIGKILL);
  run.wait();
  const Outcome full = bench.tune({"ls", "--db", "disk/tune.db"});
  EXPECT_EQ(full.code, 0) << full.err;
  disk.free();
  const Outcome outcome = bench.tune({"resume", "full", "--db", "disk/tune.db"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from reports", "disk/tune.db"), "240");
  EXPECT_EQ(bench.tune({"replay", "full", "--db", "disk/tune.db"}).code, 0);
  EXPECT_EQ(bench.value("pragma integrity_check", "disk/tune.db"), "ok");
}

TEST(Faults, ABackupOntoAFullDiskNamesItsTarget) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "1m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  ASSERT_EQ(bench.run("kept", branin("kept", 2)).code, 0);
  disk.fill(0);
  const Outcome outcome = bench.tune({"backup", "tune.db", "disk/copy.db"});
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("disk is full"), HasSubstr("disk/copy.db")));
  EXPECT_FALSE(std::filesystem::exists(bench / "disk/copy.db"));
}

TEST(Faults, ADatabaseThatNobodyRunsIsReadOnAFullDisk) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "4m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  bench.write("read.yaml", branin("read", 2));
  ASSERT_EQ(bench.tune({"run", "read.yaml", "--db", "disk/tune.db"}).code, 0);
  disk.fill(0);
  for (const Arguments& read : std::vector<Arguments>{{"ls"},
                                                      {"status", "read"},
                                                      {"trials", "read"},
                                                      {"show", "read/0"},
                                                      {"best", "read"},
                                                      {"export", "read", "-f", "csv"},
                                                      {"doctor"}}) {
    Arguments arguments = read;
    arguments.insert(arguments.end(), {"--db", "disk/tune.db"});
    const Outcome outcome = bench.tune(arguments);
    EXPECT_EQ(outcome.code, 0) << read.front() << ": " << outcome.err;
    EXPECT_NE(outcome.out, "") << read.front();
  }
  // As a killed run leaves it, and without the -shm file: changes wait in the -wal file.
  disk.free();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((bench / "disk/tune.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "update trial set reason = 'in the -wal file'", nullptr, nullptr, nullptr), SQLITE_OK);
  for (const char* end : {"", "-wal"}) {
    std::filesystem::copy_file(bench / "disk/tune.db" + end, bench / "disk/left.db" + end);
  }
  sqlite3_close(other);
  disk.fill(0);
  const Outcome story = bench.tune({"show", "read/0", "--db", "disk/left.db"});
  EXPECT_EQ(story.code, 0) << story.err;
  EXPECT_THAT(story.out, HasSubstr("because    in the -wal file"));
}

/// `tune ARGUMENTS` with what a shell does with its output.
Outcome redirected(const Workbench& bench, const std::string& where, const Arguments& arguments) {
  Start start;
  start.command = {"/bin/sh", "-c", "exec \"$0\" \"$@\" " + where, TUNE_PROGRAM};
  start.command.insert(start.command.end(), arguments.begin(), arguments.end());
  start.folder = bench.path();
  start.output = bench / "redirected";
  return Program(start).wait();
}

TEST(Faults, ALogThatTakesNoMoreEndsNoRun) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  Workbench bench;
  int number = 0;
  for (const std::string where : {"2> /dev/full", "> /dev/full 2>&1", "2>&-"}) {
    for (const bool as_json : {false, true}) {
      const std::string name = "run" + std::to_string(++number);
      bench.write(name + ".yaml", branin(name, 3));
      Arguments arguments{"run", name + ".yaml"};
      if (as_json) arguments.emplace_back("--json");
      const Outcome outcome = redirected(bench, where, arguments);
      EXPECT_EQ(outcome.signal, 0) << where << outcome.out << outcome.err;
      EXPECT_EQ(bench.value("select status from experiments where experiment = '" + name + "'"), "finished") << where;
    }
  }
}

TEST(Faults, OutputThatCannotBeWrittenIsAFailure) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  Workbench bench;
  ASSERT_EQ(bench.run("a", branin("a", 2)).code, 0);
  for (const Arguments& arguments : {Arguments{"ls"}, Arguments{"export", "a"}, Arguments{"show", "a/0"}}) {
    const Outcome outcome = redirected(bench, "> /dev/full", arguments);
    EXPECT_EQ(outcome.code, 6) << arguments[0];
    EXPECT_THAT(outcome.err, HasSubstr("tune: ")) << arguments[0];
  }
}

TEST(Faults, ADiskThatIsFullFromTheStartIsSaidToBe) {
  Workbench bench;
  SmallDisk disk(bench / "disk", "1m");
  if (!disk.mounted()) GTEST_SKIP() << disk.why();
  disk.fill(0);
  const Outcome outcome = bench.run("full", branin("full", 2), {"--db", "disk/tune.db"});
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("disk is full"));
  EXPECT_EQ(bench.left_behind(), "");
}

}  // namespace
}  // namespace tune

// The program on a database of the first version, killed in the middle of a run: read, exported, replayed, and gone on
// with to the table of an unbroken run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(OldDatabase, IsReadReplayedAndGoneOnWith) {
  Workbench bench;
  std::ifstream in(VERSIONS_DIR "/version1.sql");
  bench.write("tune.db", "");
  bench.change({std::istreambuf_iterator<char>(in), {}});
  bench.write("old.yaml", bench.value("select source from experiment"));

  EXPECT_THAT(bench.tune({"ls"}).out, AllOf(HasSubstr("old"), HasSubstr("interrupted")));
  const Outcome table = bench.tune({"export", "old", "-f", "csv"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_EQ(lines(table.out).size(), 6u);
  EXPECT_EQ(bench.tune({"replay", "old"}).code, 0);
  const Outcome resumed = bench.tune({"resume", "old"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(bench.tune({"replay", "old"}).code, 0);

  ASSERT_EQ(bench.tune({"run", "old.yaml", "--lockstep", "-j", "2", "--db", "unbroken.db"}).code, 0);
  for (const Arguments& more : {Arguments{}, Arguments{"--history"}}) {
    Arguments old{"export", "old", "--stable"}, unbroken{"export", "old", "--stable", "--db", "unbroken.db"};
    old.insert(old.end(), more.begin(), more.end());
    unbroken.insert(unbroken.end(), more.begin(), more.end());
    EXPECT_EQ(bench.tune(old).out, bench.tune(unbroken).out);
  }
}

}  // namespace
}  // namespace tune

// Commands about a file that start nothing, and wrong usage of all of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(Validate, TellsTheSpaceOfAValidFileInWords) {
  Workbench bench;
  bench.write("good.yaml", branin("good", 3));
  const Outcome outcome = bench.tune({"validate", "good.yaml"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("good: valid"), HasSubstr("x1"), HasSubstr("x2")));
  EXPECT_TRUE(json(bench.tune({"validate", "good.yaml", "--json"}).out).list().empty());
}

TEST(Validate, TellsAllFaultsWithTheirPlaces) {
  Workbench bench;
  bench.write("bad.yaml",
              "version: 1\nname: bad\ntrainable: brannin\nobjective: {metric: loss, mode: min}\n"
              "search_space:\n  x1: {loguniform: [0, 1]}\n  x2: {unifrom: [0, 15]}\nbudgt: {trials: 3}\n");
  const Outcome outcome = bench.tune({"validate", "bad.yaml"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("bad.yaml:3:"), HasSubstr("branin"), HasSubstr("bad.yaml:6:"), HasSubstr("lower > 0"),
                    HasSubstr("bad.yaml:7:"), HasSubstr("uniform"), HasSubstr("bad.yaml:8:"), HasSubstr("budget")));
  const Outcome run = bench.tune({"run", "bad.yaml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("nothing was started"));
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));

  const Value faults = json(bench.tune({"validate", "bad.yaml", "--json"}).out);
  ASSERT_TRUE(faults.is_list());
  EXPECT_GE(faults.list().size(), 4u);
  for (const Value& fault : faults.list()) {
    EXPECT_EQ(at(fault, "file"), "bad.yaml");
    EXPECT_NE(at(fault, "code"), "-");
    EXPECT_NE(at(fault, "message"), "-");
  }
}

TEST(Validate, LoadsTheTrainableAndHoldsTheFileAgainstIt) {
  Workbench bench;
  const std::string rest =
      "objective: {metric: loss, mode: min}\nsearch_space: {lr: {uniform: [0, 1]}}\nbudget: {trials: 3}\n";
  bench.write("other.yaml", "version: 1\nname: other\ntrainable: branin\n" + rest);
  bench.write("broken.so", "not a library");
  bench.write("broken.yaml", "version: 1\nname: broken\ntrainable: ./broken.so:Net\n" + rest);
  for (const Arguments& command : {Arguments{"validate"}, Arguments{"run", "--dry-run"}}) {
    Arguments other = command, broken = command;
    other.push_back("other.yaml");
    broken.push_back("broken.yaml");
    const Outcome faults = bench.tune(other);
    EXPECT_EQ(faults.code, 2);
    EXPECT_THAT(faults.err, AllOf(HasSubstr("needs the parameter 'x1'"), HasSubstr("needs the parameter 'x2'"),
                                  HasSubstr("other.yaml:5:"), HasSubstr("has no parameter 'lr'")));
    const Outcome unloadable = bench.tune(broken);
    EXPECT_EQ(unloadable.code, 2);
    EXPECT_THAT(unloadable.err, AllOf(HasSubstr("broken.yaml:3:"), HasSubstr("broken.so")));
  }
  EXPECT_EQ(json(bench.tune({"validate", "other.yaml", "--json"}).out).list().size(), 3u);
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
}

TEST(Validate, AFileThatIsNotThereIsSaidToBe) {
  Workbench bench;
  for (const std::string command : {"validate", "run", "sample"}) {
    const Outcome outcome = bench.tune({command, "absent.yaml"});
    EXPECT_EQ(outcome.code, 2) << command;
    EXPECT_THAT(outcome.err, HasSubstr("absent.yaml")) << command;
  }
}

TEST(Sample, IsWhatTheRunThenDraws) {
  Workbench bench;
  const std::string space =
      "search_space:\n  layers: {int: [1, 4]}\n  opt:\n    name: {choice: [sgd, adam]}\n"
      "    lr: {loguniform: [1e-4, 1e-1]}\n    momentum: {uniform: [0, 1], when: {opt.name: sgd}}\n"
      "  x: {grid_search: [a, b, c]}\n";
  for (const std::string search : {"{algorithm: random, seed: 11}",
                                   "{algorithm: random, seed: 11, "
                                   "points_to_evaluate: [{layers: 2}, {opt: {name: adam}}]}"}) {
    const std::string text =
        "version: 1\nname: drawn\ntrainable: {builtin: empty}\n"
        "objective: {metric: loss, mode: min}\n" +
        space + "search: " + search + "\nbudget: {trials: 20}\n";
    ASSERT_EQ(bench.run("drawn", text, {"--fresh"}).code, 0);
    std::vector<std::string> stored;
    for (const auto& row : bench.query("select config from trials where experiment = 'drawn' order by trial_number")) {
      stored.push_back(row[0]);
    }
    ASSERT_THAT(stored, SizeIs(20));
    EXPECT_EQ(lines(bench.tune({"sample", "drawn.yaml", "-n", "20"}).out), stored);

    const std::string table = bench
                                  .tune({"export", "drawn", "--columns",
                                         "trial_number,config/layers,config/opt/name,config/opt/lr,"
                                         "config/opt/momentum,config/x"})
                                  .out;
    EXPECT_EQ(bench.tune({"sample", "drawn.yaml", "-n", "20", "-f", "csv"}).out, table);
  }
}

TEST(Sample, EndsWithTheGrid) {
  Workbench bench;
  bench.write("grid.yaml",
              "version: 1\nname: grid\ntrainable: empty\nobjective: {metric: loss, mode: min}\n"
              "search_space: {a: {grid_search: [1, 2]}, b: {grid_search: [x, y]}}\nsearch: {algorithm: grid}\n");
  const Outcome outcome = bench.tune({"sample", "grid.yaml", "-n", "100"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "{\"a\":1,\"b\":\"x\"}\n{\"a\":1,\"b\":\"y\"}\n{\"a\":2,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n");
  EXPECT_THAT(outcome.err, HasSubstr("used up"));
}

TEST(Sample, StartsNothingAndTakesASeed) {
  Workbench bench;
  bench.write("seeds.yaml", branin("seeds", 3));
  const std::string seven = bench.tune({"sample", "seeds.yaml", "-n", "3"}).out;
  EXPECT_EQ(bench.tune({"sample", "seeds.yaml", "-n", "3", "--seed", "7"}).out, seven);
  EXPECT_NE(bench.tune({"sample", "seeds.yaml", "-n", "3", "--seed", "8"}).out, seven);
  EXPECT_EQ(bench.tune({"sample", "seeds.yaml", "-n", "0"}).out, "");
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
}

TEST(Schema, IsJsonAndKnowsTheKeys) {
  Workbench bench;
  const Outcome outcome = bench.tune({"schema"});
  EXPECT_EQ(outcome.code, 0);
  const Value schema = json(outcome.out);
  for (const std::string key : {"trainable", "objective", "search_space", "scheduler", "budget", "checkpoint"}) {
    EXPECT_NE(at(schema, "properties." + key), "-") << key;
  }
}

TEST(Usage, WrongCommandsAndOptionsAreExitCodeTwo) {
  Workbench bench;
  bench.write("a.yaml", branin("a", 1));
  for (const Arguments& arguments :
       {Arguments{"rnu", "a.yaml"}, Arguments{"run"}, Arguments{"run", "a.yaml", "--no-such-option"},
        Arguments{"run", "a.yaml", "--sync", "never"}, Arguments{"export", "-f", "xls"}, Arguments{"show"},
        Arguments{"run", "a.yaml", "extra"}, Arguments{"sample", "a.yaml", "-n", "many"},
        Arguments{"sample", "a.yaml", "-n", "-1"}, Arguments{"checkpoint", "a/0"}, Arguments{"help", "nothing"},
        Arguments{"show", "a"}, Arguments{"run", "a.yaml", "--set", "no.such.key=1"},
        Arguments{"run", "a.yaml", "--trials", "none"}}) {
    const Outcome outcome = bench.tune(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments[0] << " " << arguments.back() << "\n" << outcome.err;
    EXPECT_NE(outcome.err, "") << arguments[0];
  }
  EXPECT_FALSE(std::filesystem::exists(bench / "tune.db"));
}

TEST(Usage, HelpAndVersionAreThere) {
  Workbench bench;
  EXPECT_THAT(bench.tune({"--version"}).out, StartsWith("tune "));
  EXPECT_EQ(bench.tune({"--version"}).code, 0);
  EXPECT_THAT(bench.tune({"--help"}).out, AllOf(HasSubstr("run"), HasSubstr("resume"), HasSubstr("replay")));
  EXPECT_THAT(bench.tune({"run", "--help"}).out, HasSubstr("--lockstep"));
  EXPECT_THAT(bench.tune({"help", "exit-codes"}).out, HasSubstr("130"));
  EXPECT_THAT(bench.tune({"help", "trainables"}).out, HasSubstr("branin"));
  EXPECT_EQ(bench.tune({}).code, 0);
}

}  // namespace
}  // namespace tune

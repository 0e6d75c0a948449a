// The README as a person follows it: its experiment is valid and its commands do what they say, in their order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AnyOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

/// A folder that looks like the root of the project.
void furnish(const Workbench& bench) {
  for (const char* name : {"experiments", "scripts", "README.md", "docs"}) {
    fs::create_symlink(fs::path(TUNE_SOURCE) / name, bench / name);
  }
}

/// The n-th block between ``` fences of this kind.
std::string block(const std::string& text, const std::string& kind, int n = 1) {
  std::size_t begin = 0;
  for (; n > 0; --n) begin = text.find("```" + kind + "\n", begin) + kind.size() + 4;
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST(Readme, ShowsAValidExperiment) {
#ifndef TUNE_WITH_TORCH
  GTEST_SKIP() << "its network needs LibTorch";
#endif
  Workbench bench;
  furnish(bench);
  bench.write("shown.yaml", block(bench.read("README.md"), "yaml"));
  const Outcome outcome = bench.tune({"validate", "shown.yaml"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(Readme, NamesScriptsThatAreThere) {
  Workbench bench;
  furnish(bench);
  for (const std::string& line : lines(bench.read("README.md"))) {
    if (!line.starts_with("    scripts/")) continue;
    Program check({.command = {"/bin/bash", "-n", bench / line.substr(4)},
                   .folder = bench.path(),
                   .environment = {},
                   .output = bench / "o"});
    EXPECT_EQ(check.wait().code, 0) << line;
    EXPECT_EQ(::access((bench / line.substr(4)).c_str(), X_OK), 0) << line;
  }
}

TEST(Readme, ShowsValidCommands) {
  Workbench bench;
  furnish(bench);
  bench.write("train.py", "");
  const std::string rest =
      "version: 1\nobjective: {metric: loss, mode: min}\nbudget: {trials: 1}\n"
      "search_space: {lr: {uniform: [0, 1]}, layers: {choice: [1, 2]}}\n";
  bench.write("readme.yaml", rest + block(bench.read("README.md"), "yaml", 2));
  bench.write("guide.yaml", rest + block(bench.read("docs/trainables.md"), "yaml", 2));
  for (const std::string file : {"readme.yaml", "guide.yaml"}) {
    EXPECT_THAT(bench.read(file), HasSubstr("train.py"));
    const Outcome outcome = bench.tune({"validate", file});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
}

/// docs/trainables.md: the first class, compiled by the line that stands below it, and tuned by the file between.
TEST(Guide, ItsFirstTrainableIsBuiltAndTunedAsItSays) {
  Workbench bench;
  furnish(bench);
  const std::string guide = bench.read("docs/trainables.md");
  const std::size_t at = guide.find("`g++ ") + 1;
  std::string line = guide.substr(at, guide.find('`', at) - at);
  const std::string include = "<prefix>/include";
  ASSERT_NE(line.find(include), std::string::npos) << line;
  line.replace(line.find(include), include.size(), std::string(TUNE_SOURCE) + "/trainables/include");
  bench.write("mine.cc", block(guide, "cpp"));
  bench.write("mine.yaml", block(guide, "yaml"));
  fs::create_directory(bench / "build");
  Program compile({.command = {"/bin/sh", "-c", line + " && mv libmine.so build"},
                   .folder = bench.path(),
                   .environment = {},
                   .output = bench / "compiler"});
  const Outcome compiled = compile.wait();
  ASSERT_EQ(compiled.code, 0) << line << "\n" << compiled.err;
  const Outcome run = bench.tune({"run", "mine.yaml"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'completed' and training_iteration = 50"), "20");
}

#ifdef TUNE_WITH_TORCH  // they are about iris
TEST(Readme, ItsCommandsWork) {
  Workbench bench;
  furnish(bench);
  int count = 0;
  for (std::string line : lines(bench.read("README.md"))) {
    if (!line.starts_with("    tune ")) continue;
    if (const auto file = line.find(" FILE"); file != std::string::npos) {
      line.replace(file, 5, " experiments/gallery/quickstart.yaml");
    }
    line = line.substr(0, line.find("  #"));
    for (std::size_t from = 4; from < line.size(); ++count) {  // `a | b`: one or the other
      const std::size_t to = std::min(line.find(" | ", from), line.size());
      const std::string command = line.substr(from, to - from);
      from = to + 3;
      const Environment path{{"PATH", fs::path(TUNE_PROGRAM).parent_path().string() + ":/usr/bin:/bin"}};
      Program program({.command = {"/bin/sh", "-c", command},
                       .folder = bench.path(),
                       .environment = path,
                       .output = bench / "output"});
      const Outcome outcome = program.wait();
      // The experiment has finished by then: what makes no sense any more is refused.
      const bool may_refuse =
          command.starts_with("tune pause") || command.starts_with("tune stop") || command.starts_with("tune retry");
      EXPECT_THAT(outcome.code, AnyOf(0, may_refuse ? 7 : 0)) << command << "\n" << outcome.err;
    }
  }
  EXPECT_GT(count, 20);
  EXPECT_EQ(bench.value("select budget_trials from (select json_extract(resolved, '$.budget.trials') as budget_trials "
                        "from experiment where name = 'iris-asha')"),
            "80");
  EXPECT_TRUE(fs::exists(bench / "my-project"));
}
#endif

}  // namespace
}  // namespace tune

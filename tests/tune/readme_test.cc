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
  for (const char* name : {"experiments", "scripts", "README.md"}) {
    fs::create_symlink(fs::path(TUNE_SOURCE) / name, bench / name);
  }
}

/// The first block between ``` fences of this kind.
std::string block(const std::string& text, const std::string& kind) {
  const std::size_t begin = text.find("```" + kind + "\n") + kind.size() + 4;
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

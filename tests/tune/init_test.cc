// The projects that `tune init` writes run as they are; the C++ ones are built first, against this build installed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

constexpr double kBuildPatience = 280;  // a compiler, and a LibTorch to read

TEST(Init, ListsItsTemplates) {
  Workbench bench;
  const Outcome outcome = bench.tune({"init", "--list"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* name : {"libtorch", "function", "python", "bash", "command"}) {
    EXPECT_THAT(outcome.out, HasSubstr(name));
  }
  EXPECT_EQ(bench.tune({"init"}).code, 2);
  EXPECT_THAT(bench.tune({"init"}).err, HasSubstr("libtorch, function, python, bash, command"));
  const Outcome misspelt = bench.tune({"init", "--template", "pyhton"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("did you mean 'python'?"));
  EXPECT_TRUE(fs::is_empty(bench.path()));
}

TEST(Init, OverwritesNothingUnlessTold) {
  Workbench bench;
  bench.write("mine/train.py", "my own work\n");
  const Outcome refused = bench.tune({"init", "mine", "--template", "python"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("train.py"), HasSubstr("--force")));
  EXPECT_EQ(bench.read("mine/train.py"), "my own work\n");
  EXPECT_FALSE(fs::exists(bench / "mine/experiment.yaml"));
  EXPECT_EQ(bench.tune({"init", "mine", "--template", "python", "--force"}).code, 0);
  EXPECT_THAT(bench.read("mine/train.py"), HasSubstr("import tune_report"));
}

TEST(Init, NamesTheExperimentAfterItsFolder) {
  Workbench bench;
  EXPECT_EQ(bench.tune({"init", "-my first (try)", "--template=command"}).code, 2);  // looks like an option
  EXPECT_EQ(bench.tune({"init", "./_my first (try)", "--template=command"}).code, 0);
  EXPECT_THAT(bench.read("_my first (try)/experiment.yaml"), HasSubstr("\nname: my-first--try-\n"));
  EXPECT_EQ(bench.tune({"validate", "_my first (try)/experiment.yaml"}).code, 0);
}

TEST(Init, AFolderThatCannotBeMadeIsNamed) {
  Workbench bench;
  bench.write("file", "");
  const Outcome outcome = bench.tune({"init", "file/below", "--template=bash"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("file/below"));
}

class TemplateProject : public ::testing::TestWithParam<const char*> {
 protected:
  /// Runs a program in the project's folder.
  Outcome sh(const std::string& command) {
    Program program({.command = {"/bin/sh", "-c", command},
                     .folder = bench / "project",
                     .environment = {},
                     .output = bench / "output"});
    return program.wait(kBuildPatience);
  }
  Workbench bench;
};

TEST_P(TemplateProject, BuildsAndRunsAsItIs) {
  const std::string name = GetParam();
  const Outcome written = bench.tune({"init", "project", "--template", name});
  ASSERT_EQ(written.code, 0) << written.err;
  EXPECT_THAT(written.out, AllOf(HasSubstr("experiment.yaml"), HasSubstr("tune run experiment.yaml")));
  EXPECT_THAT(bench.read("project/experiment.yaml"), HasSubstr("CHANGE"));

  const bool built = fs::exists(bench / "project/CMakeLists.txt");
  EXPECT_EQ(written.out.find("cmake") != std::string::npos, built);
  if (built) {
    const Outcome installed = sh("cmake --install " TUNE_BUILD " --prefix ../prefix");
    ASSERT_EQ(installed.code, 0) << installed.out << installed.err;
    const Outcome build = sh("cmake -B build -DCMAKE_PREFIX_PATH=\"$PWD/../prefix\" && cmake --build build");
    ASSERT_EQ(build.code, 0) << build.out << build.err;
  }
  const Outcome run = sh(TUNE_PROGRAM " run experiment.yaml -j 2");
  EXPECT_EQ(run.code, 0) << run.out << run.err;
  EXPECT_THAT(run.err, Not(HasSubstr("warning")));
  EXPECT_EQ(bench.value("select status from experiments", "project/tune.db"), "finished");
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed'", "project/tune.db"), "0") << run.err;
  EXPECT_EQ(sh(TUNE_PROGRAM " replay").code, 0);
}

INSTANTIATE_TEST_SUITE_P(Each, TemplateProject,
                         ::testing::Values("python", "bash", "command", "function"
#ifdef TUNE_WITH_TORCH
                                           ,
                                           "libtorch"
#endif
                                           ),
                         [](const auto& test) { return std::string(test.param); });

TEST(Init, ThePythonProgramRunsByHandToo) {
  Workbench bench;
  ASSERT_EQ(bench.tune({"init", "project", "--template", "python"}).code, 0);
  Program program({.command = {"/usr/bin/env", "python3", "train.py"},
                   .folder = bench / "project",
                   .environment = {},
                   .output = bench / "output"});
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines(outcome.out).size(), 27u);
}

}  // namespace
}  // namespace tune

// The gallery: every file is valid, and the programs in it that know nothing of tune run, or say what they lack.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

TEST(Gallery, HoldsValidExperimentsThatItsReadmeNames) {
  Workbench bench;
  fs::copy(TUNE_GALLERY, bench / "gallery");
  const std::string readme = bench.read("gallery/README.md");
  for (const auto& entry : fs::directory_iterator(bench / "gallery")) {
    const std::string name = entry.path().filename();
    if (name == "README.md" || !entry.is_regular_file()) continue;
    EXPECT_THAT(readme, HasSubstr("(" + name + ")"));
    if (entry.path().extension() != ".yaml") continue;
    const Outcome outcome = bench.tune({"validate", entry.path()});
#ifndef TUNE_WITH_TORCH
    if (outcome.err.find("no built-in trainable 'iris'") != std::string::npos) continue;
    if (outcome.err.find("no built-in trainable 'digits'") != std::string::npos) continue;
#endif
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
}

class GalleryProgram : public ::testing::TestWithParam<const char*> {};

TEST_P(GalleryProgram, Runs) {
  Workbench bench;
  fs::copy(TUNE_GALLERY, bench / "gallery");
  const Outcome outcome = bench.tune({"run", "gallery/" + std::string(GetParam()) + ".yaml", "--trials", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(bench.value("select count(*) from trials where status = 'failed'"), "0") << outcome.err;
  EXPECT_EQ(bench.left_behind(), "");
}

INSTANTIATE_TEST_SUITE_P(Each, GalleryProgram,
                         ::testing::Values("command-python", "command-shell", "gcc-flags", "nested", "pi",
                                           "sqlite-pragmas"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Gallery, SaysWhatIsMissing) {
  Workbench bench;
  fs::copy(TUNE_GALLERY, bench / "gallery");
  bench.write("gallery/xgboost.py", "raise ImportError(\"No module named 'xgboost'\")\n");
  bench.write("gallery/numpy.py", "");
  EXPECT_EQ(bench.tune({"run", "gallery/xgboost-digits.yaml", "--trials", "1"}).code, 1);
  EXPECT_THAT(bench.tune({"logs", "xgboost-digits/0"}).out, HasSubstr("pip install xgboost"));
}

}  // namespace
}  // namespace tune

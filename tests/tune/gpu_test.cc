// GPUs of a machine that has none: tune takes the devices that CUDA_VISIBLE_DEVICES names, and gives each trial its
// own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tune/support/experiments.h"
#include "tests/tune/support/workbench.h"

namespace tune {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Tells its device, and stays until `together` trials have begun. `held.DEVICE` says who has the device for itself.
std::string script(int together, bool alone) {
  std::string text = "touch begun.$TUNE_TRIAL_ID\nd=$CUDA_VISIBLE_DEVICES\n";
  if (alone) text += "mkdir held.$d || touch clash\n";
  text += "while [ $(ls -d begun.* | wc -l) -lt " + std::to_string(together) + " ]; do sleep 0.01; done\n";
  if (alone) text += "rmdir held.$d\n";
  return text + "echo \"device $d\"\nprintf '{\"loss\": 1}\\n'\n";
}

/// The devices that trials 0 to n - 1 were given.
std::vector<std::string> devices(Workbench& bench, const std::string& experiment, int n) {
  std::vector<std::string> all;
  for (int i = 0; i < n; ++i) {
    const std::string printed = bench.tune({"logs", experiment + "/" + std::to_string(i)}).out;
    const std::size_t at = printed.find("device ");
    all.push_back(at == std::string::npos ? "none" : printed.substr(at + 7, printed.find('\n', at) - at - 7));
  }
  return all;
}

TEST(Gpu, WholeDevicesAreNeverShared) {
  Workbench bench;
  bench.write("whole.yaml", shell("whole", 6, script(2, true), "resources: {cpu: 0.01, gpu: 1}\n"));
  const Outcome outcome = bench.tune({"run", "whole.yaml"}, {{"CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b"}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("2 slots"));
  auto given = devices(bench, "whole", 6);
  EXPECT_NE(given[0], given[1]);
  for (const std::string& device : given) EXPECT_TRUE(device == "GPU-a" || device == "GPU-b") << device;
  EXPECT_EQ(bench.query("select 1 from trial where status <> 'completed'").size(), 0u);
  EXPECT_NE(bench.tune({"logs", "whole/0"}).code, 4);
  EXPECT_FALSE(std::filesystem::exists(bench / "clash"));
}

TEST(Gpu, HalvesAreSharedByTwo) {
  Workbench bench;
  bench.write("half.yaml", shell("half", 4, script(4, false), "resources: {cpu: 0.01, gpu: 0.5}\n"));
  const Outcome outcome = bench.tune({"run", "half.yaml"}, {{"CUDA_VISIBLE_DEVICES", "2,5"}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("4 slots"));
  auto given = devices(bench, "half", 4);
  std::ranges::sort(given);
  EXPECT_THAT(given, ElementsAre("2", "2", "5", "5"));
}

TEST(Gpu, SeveralBelongToOneTrial) {
  Workbench bench;
  bench.write("pair.yaml", shell("pair", 2, script(2, true), "resources: {cpu: 0.01, gpu: 2}\n"));
  EXPECT_EQ(bench.tune({"run", "pair.yaml"}, {{"CUDA_VISIBLE_DEVICES", "0,1,2,3"}}).code, 0);
  auto given = devices(bench, "pair", 2);
  std::ranges::sort(given);
  EXPECT_THAT(given, ElementsAre("0,1", "2,3"));
}

TEST(Gpu, MoreThanThereAreIsRefusedBeforeTheStart) {
  Workbench bench;
  bench.write("many.yaml", shell("many", 1, script(1, false), "resources: {gpu: 3}\n"));
  const Outcome outcome = bench.tune({"run", "many.yaml"}, {{"CUDA_VISIBLE_DEVICES", "0,1"}});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("gpu: 3 requested, 2 present"));
  EXPECT_THAT(outcome.err, HasSubstr("many.yaml:"));
  EXPECT_TRUE(bench.query("select 1").empty());  // no database
}

}  // namespace
}  // namespace tune

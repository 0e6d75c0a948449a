// Resources against the machine: said where they stand, before anything starts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> faults(const std::string& resources, std::vector<std::string> gpus = {}) {
  ReaderContext context = testing::test_context();
  context.machine = Machine{.cpus = 2, .gpus = std::move(gpus), .memory = 1u << 30};
  return testing::lines(
      read_experiment(testing::complete("resources: " + resources + "\n"), "f", "/", "f", context).diagnostics);
}

TEST(Resources, ThatTheMachineHasAreFine) {
  EXPECT_THAT(faults("{cpu: 2}"), IsEmpty());
  EXPECT_THAT(faults("{cpu: 0.5, gpu: 0.25}", {"0"}), IsEmpty());
}

TEST(Resources, ThatTheMachineLacksAreNamedWhereTheyStand) {
  EXPECT_THAT(faults("{cpu: 64, gpu: 1}", {"0"}), ElementsAre("6:18 resources cpu: 64 requested, 2 present"));
  EXPECT_THAT(faults("{cpu: 64, gpu: 1}"), ElementsAre("6:18 resources cpu: 64 requested, 2 present",
                                                       "6:27 resources gpu: 1 requested, no GPU found"));
  EXPECT_THAT(faults("{cpu: 1, gpu: 1}"), ElementsAre("6:26 resources gpu: 1 requested, no GPU found"));
  EXPECT_THAT(faults("{gpu: 3}", {"0", "1"}), ElementsAre("6:18 resources gpu: 3 requested, 2 present"));
}

TEST(Resources, OfAnotherMachineAreNotLookedAt) {
  EXPECT_THAT(testing::errors(testing::read(testing::complete("resources: {gpu: 8}\n"))), IsEmpty());
}

}  // namespace
}  // namespace tune

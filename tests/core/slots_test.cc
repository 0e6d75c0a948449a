#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/workers.h"

namespace tune {
namespace {

Machine machine(int cpus, int gpus) {
  Machine machine;
  machine.cpus = cpus;
  for (int i = 0; i < gpus; ++i) machine.gpus.push_back(std::to_string(i));
  machine.memory = std::uint64_t{8} << 30;
  return machine;
}

std::int64_t slots(Resources need, std::optional<std::int64_t> concurrency, const Machine& on) {
  return plan_slots(need, concurrency, on).value().slots;
}

std::string complaint(Resources need, const Machine& on) {
  const Result<SlotPlan> plan = plan_slots(need, std::nullopt, on);
  if (plan) return "planned";
  EXPECT_EQ(plan.error().code, ErrorCode::kBadInput);
  return plan.error().message;
}

TEST(SlotPlan, FillsTheCpus) {
  EXPECT_EQ(slots({.cpu = 1}, std::nullopt, machine(2, 0)), 2);
  EXPECT_EQ(slots({.cpu = 0.5}, std::nullopt, machine(2, 0)), 4);
  EXPECT_EQ(slots({.cpu = 0.1}, std::nullopt, machine(1, 0)), 10);
  EXPECT_EQ(slots({.cpu = 3}, std::nullopt, machine(8, 0)), 2);
}

TEST(SlotPlan, TakesTheScarcerOfCpusAndGpus) {
  EXPECT_EQ(slots({.cpu = 1, .gpu = 1}, std::nullopt, machine(8, 2)), 2);
  EXPECT_EQ(slots({.cpu = 4, .gpu = 1}, std::nullopt, machine(8, 4)), 2);
  EXPECT_EQ(slots({.cpu = 0, .gpu = 2}, std::nullopt, machine(1, 5)), 2);
}

TEST(SlotPlan, SharesAGpuButSplitsNoTrialOverTwo) {
  EXPECT_EQ(slots({.cpu = 1, .gpu = 0.5}, std::nullopt, machine(16, 2)), 4);
  EXPECT_EQ(slots({.cpu = 1, .gpu = 0.4}, std::nullopt, machine(16, 2)), 4);
  EXPECT_EQ(slots({.cpu = 1, .gpu = 1.0 / 3}, std::nullopt, machine(16, 1)), 3);
  EXPECT_EQ(slots({.cpu = 1, .gpu = 0.7}, std::nullopt, machine(16, 2)), 2);
}

TEST(SlotPlan, LetsConcurrencyCapAndNeverOversubscribe) {
  EXPECT_EQ(slots({.cpu = 1}, 3, machine(8, 0)), 3);
  EXPECT_EQ(slots({.cpu = 1}, 100, machine(8, 0)), 8);
  EXPECT_EQ(slots({.cpu = 0}, 100, machine(8, 0)), 100);
  EXPECT_EQ(slots({.cpu = 0}, std::nullopt, machine(8, 0)), 8);
  EXPECT_FALSE(plan_slots({}, 0, machine(8, 0)));
}

TEST(SlotPlan, SaysWhichOfTheTwoBinds) {
  const auto note = [](Resources need, std::optional<std::int64_t> concurrency, const Machine& on) {
    return plan_slots(need, concurrency, on).value().note;
  };
  EXPECT_EQ(note({.cpu = 1}, std::nullopt, machine(2, 0)), "2 trials at a time, as many as 2 CPUs hold");
  EXPECT_EQ(note({.cpu = 1}, 2, machine(2, 0)), "2 trials at a time, as many as 2 CPUs hold");
  EXPECT_EQ(note({.cpu = 1}, 8, machine(2, 0)), "2 trials at a time, as many as 2 CPUs hold; budget.concurrency is 8");
  EXPECT_EQ(note({.cpu = 1}, 1, machine(2, 0)), "1 trial at a time, as budget.concurrency says; 2 CPUs would hold 2");
  EXPECT_EQ(note({.cpu = 1, .gpu = 1}, std::nullopt, machine(2, 1)), "1 trial at a time, as many as 1 GPU holds");
  EXPECT_EQ(note({.cpu = 0}, std::nullopt, machine(2, 0)), "2 trials at a time, one a CPU, as none asks for any");
}

TEST(SlotPlan, RefusesWhatIsNotThereWithBothNumbers) {
  EXPECT_EQ(complaint({.cpu = 16}, machine(2, 0)), "cpu: 16 requested, 2 present");
  EXPECT_EQ(complaint({.cpu = 2.5}, machine(2, 0)), "cpu: 2.5 requested, 2 present");
  EXPECT_EQ(complaint({.cpu = 1, .gpu = 1}, machine(2, 0)), "gpu: 1 requested, no GPU found");
  EXPECT_EQ(complaint({.cpu = 1, .gpu = 4}, machine(2, 2)), "gpu: 4 requested, 2 present");
}

TEST(SlotPlan, RefusesWhatIsNoAmount) {
  EXPECT_EQ(complaint({.cpu = -1}, machine(2, 0)), "cpu must be a number that is 0 or more, got -1");
  EXPECT_NE(complaint({.cpu = std::nan("")}, machine(2, 0)), "planned");
  EXPECT_NE(complaint({.cpu = 1, .gpu = -0.5}, machine(2, 1)), "planned");
  EXPECT_EQ(complaint({.cpu = 1, .gpu = 1.5}, machine(2, 2)), "gpu: 1.5 is neither a whole number nor a part of one");
}

TEST(SlotPlan, SurvivesAmountsNearNothing) {
  EXPECT_GT(slots({.cpu = 1e-300}, std::nullopt, machine(2, 0)), 0);
  EXPECT_GT(slots({.cpu = 0, .gpu = 1e-300}, std::nullopt, machine(2, 2)), 0);
}

TEST(VisibleGpus, GoSideBySide) {
  SlotPlan plan;
  plan.gpu = 2;
  plan.gpus = {"0", "1", "GPU-abc", "3"};
  EXPECT_EQ(visible_gpus(plan, 0), "0,1");
  EXPECT_EQ(visible_gpus(plan, 1), "GPU-abc,3");
  EXPECT_EQ(visible_gpus(plan, 2), "");
}

TEST(VisibleGpus, AreSharedBySlotsOfAFraction) {
  SlotPlan plan;
  plan.gpu = 0.4;
  plan.gpus = {"4", "7"};
  EXPECT_EQ(visible_gpus(plan, 0), "4");
  EXPECT_EQ(visible_gpus(plan, 1), "4");
  EXPECT_EQ(visible_gpus(plan, 2), "7");
  EXPECT_EQ(visible_gpus(plan, 3), "7");
  EXPECT_EQ(visible_gpus(plan, 4), "");
}

TEST(VisibleGpus, OfSeveralSlotsAreNamedOnceEach) {
  Machine two = machine(8, 0);
  two.gpus = {"4", "7"};
  const SlotPlan halves = plan_slots({1, 0.5}, {}, two).value();
  EXPECT_EQ(visible_gpus(halves, {0, 1}), "4");
  EXPECT_EQ(visible_gpus(halves, {1, 2}), "4,7");
  const SlotPlan whole = plan_slots({1, 1}, {}, two).value();
  EXPECT_EQ(visible_gpus(whole, {0, 1}), "4,7");
  EXPECT_EQ(visible_gpus(plan_slots({1, 0}, {}, two).value(), {0, 1}), "");
}

TEST(VisibleGpus, AreNoneWithoutNeed) { EXPECT_EQ(visible_gpus(plan_slots({}, {}, machine(2, 2)).value(), 0), ""); }

class ThisMachine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* before = std::getenv(kName)) before_ = before;
  }
  void TearDown() override {
    if (before_) {
      ::setenv(kName, before_->c_str(), 1);
    } else {
      ::unsetenv(kName);
    }
  }
  static std::vector<std::string> gpus(const char* listed) {
    ::setenv(kName, listed, 1);
    return this_machine().gpus;
  }

 private:
  static constexpr const char* kName = "CUDA_VISIBLE_DEVICES";
  std::optional<std::string> before_;
};

TEST_F(ThisMachine, HasACpuAndMemory) {
  EXPECT_GE(this_machine().cpus, 1);
  EXPECT_GT(this_machine().memory, 1u << 20);
}

TEST_F(ThisMachine, ReadsTheListOfGpusAsCudaDoes) {
  EXPECT_EQ(gpus("0,2"), (std::vector<std::string>{"0", "2"}));
  EXPECT_EQ(gpus(" 1 , GPU-ab "), (std::vector<std::string>{"1", "GPU-ab"}));
  EXPECT_EQ(gpus("0,-1,2"), std::vector<std::string>{"0"});
  EXPECT_TRUE(gpus("").empty());
  EXPECT_TRUE(gpus("-1").empty());
  EXPECT_TRUE(gpus("NoDevFiles").empty());
}

}  // namespace
}  // namespace tune

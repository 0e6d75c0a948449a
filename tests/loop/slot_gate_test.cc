// What waits for a slot that budget.concurrency keeps back.

#include "tune/loop/slot_gate.h"

#include <gtest/gtest.h>

namespace tune::test {
namespace {

SlotGate::AttemptKey trial(std::int64_t number, std::int32_t attempt = 1) {
  return {TrialId{number}, Attempt{attempt}};
}

TEST(SlotGate, HoldsNothingBackWhereAllSlotsMayBeUsed) {
  SlotGate gate;
  gate.open(2, 2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(gate.pass(trial(i))) << i;  // granted ahead: the workers queue it
  EXPECT_FALSE(gate.next());
}

TEST(SlotGate, LetsAsManyPassAsThereAreSlotsAndTheRestInTheirOrder) {
  SlotGate gate;
  gate.open(2, 4);
  EXPECT_TRUE(gate.pass(trial(0)));
  EXPECT_TRUE(gate.pass(trial(1)));
  EXPECT_FALSE(gate.pass(trial(2)));
  EXPECT_FALSE(gate.pass(trial(3)));
  EXPECT_FALSE(gate.next());
  gate.left(trial(1));
  EXPECT_EQ(gate.next(), trial(2));
  EXPECT_FALSE(gate.next());
  gate.left(trial(0));
  EXPECT_FALSE(gate.pass(trial(4)));  // 3 waits longer
  EXPECT_EQ(gate.next(), trial(3));
}

TEST(SlotGate, ForgetsWhatIsTakenBackAndOnlyThat) {
  SlotGate gate;
  gate.open(1, 2);
  EXPECT_TRUE(gate.pass(trial(0)));
  EXPECT_FALSE(gate.pass(trial(1)));
  EXPECT_FALSE(gate.pass(trial(2)));
  EXPECT_TRUE(gate.take_back(trial(1)));
  EXPECT_FALSE(gate.take_back(trial(1)));
  EXPECT_FALSE(gate.take_back(trial(0)));  // it is with the workers, who are told
  EXPECT_FALSE(gate.take_back(trial(2, 2)));
  gate.left(trial(0));
  EXPECT_EQ(gate.next(), trial(2));
}

TEST(SlotGate, AnEndThatItNeverLetPassChangesNothing) {
  SlotGate gate;
  gate.open(1, 2);
  EXPECT_TRUE(gate.pass(trial(0, 2)));
  gate.left(trial(0, 1));
  gate.left(trial(7));
  EXPECT_FALSE(gate.pass(trial(1)));
  EXPECT_FALSE(gate.next());
}

TEST(SlotGate, MoreSlotsLetGoWhatWaitsAndFewerHoldBackUntilEnoughHaveLeft) {
  SlotGate gate;
  gate.open(1, 3);
  EXPECT_TRUE(gate.pass(trial(0)));
  EXPECT_FALSE(gate.pass(trial(1)));
  EXPECT_FALSE(gate.pass(trial(2)));
  gate.open(3, 3);
  EXPECT_EQ(gate.next(), trial(1));
  EXPECT_EQ(gate.next(), trial(2));
  gate.open(1, 3);
  EXPECT_FALSE(gate.pass(trial(3)));
  gate.left(trial(0));
  gate.left(trial(1));
  EXPECT_FALSE(gate.next());
  gate.left(trial(2));
  EXPECT_EQ(gate.next(), trial(3));
}

}  // namespace
}  // namespace tune::test

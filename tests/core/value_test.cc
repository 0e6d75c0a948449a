#include "core/value.h"

#include <gtest/gtest.h>

#include "tests/core/numbers.h"

namespace tune {
namespace {

TEST(Value, KeepsIntegersAndRealsApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(true), Value(1));
  EXPECT_TRUE(Value(1).is_number());
  EXPECT_FALSE(Value(true).is_number());
}

TEST(Value, ComparesNaNEqualToItself) {
  EXPECT_EQ(Value(kNaN), Value(kNaN));
  EXPECT_EQ(Value(List{kNaN, 1}), Value(List{kNaN, 1}));
  EXPECT_EQ(Value(Map{{"a", kNaN}}), Value(Map{{"a", kNaN}}));
  EXPECT_NE(Value(kNaN), Value(0.0));
}

TEST(Value, ReadsNumbersOfThreeKinds) {
  EXPECT_EQ(Value(3).number(), 3.0);
  EXPECT_EQ(Value(2.5).number(), 2.5);
  EXPECT_EQ(Value(true).number(), 1.0);
  EXPECT_EQ(Value("3").number(), std::nullopt);
  EXPECT_EQ(Value().number(), std::nullopt);
}

TEST(Value, FindsMembersOfMapsOnly) {
  const Value map = Map{{"a", 1}, {"b", "x"}};
  ASSERT_NE(map.find("b"), nullptr);
  EXPECT_EQ(map.find("b")->text(), "x");
  EXPECT_EQ(map.find("c"), nullptr);
  EXPECT_EQ(Value(List{1}).find("a"), nullptr);
}

}  // namespace
}  // namespace tune

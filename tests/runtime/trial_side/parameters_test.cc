#include "trainables/run/parameters.h"

#include <gtest/gtest.h>

namespace tune {
namespace {

Parameters read(const char* json) {
  auto parameters = Parameters::read(json);
  EXPECT_TRUE(parameters) << (parameters ? "" : parameters.error().message);
  return *parameters;
}

TEST(Parameters, FindsValuesOfGroupsByDottedPath) {
  const auto p = read(R"({"optimizer":{"lr":0.5,"name":"adam","deep":{"x":3}},"a.b":1,"a":{"b":2,"c.d":4}})");
  EXPECT_EQ(p.real("optimizer.lr"), 0.5);
  EXPECT_EQ(*p.text("optimizer.name"), "adam");
  EXPECT_EQ(p.integer("optimizer.deep.x"), 3);
  EXPECT_EQ(p.integer("a.b"), 1);
  EXPECT_EQ(p.integer("a.c.d"), 4);
  EXPECT_FALSE(p.real("optimizer"));
  EXPECT_FALSE(p.real("optimizer.lr.x"));
  EXPECT_FALSE(p.real(""));
  EXPECT_FALSE(p.real("."));
  EXPECT_FALSE(p.real("optimizer."));
  EXPECT_FALSE(p.real(".lr"));
}

TEST(Parameters, TurnsNumbersIntoEachOtherOnlyWithoutLoss) {
  const auto p =
      read(R"({"one":1,"whole":2.0,"part":2.5,"huge":1e300,"edge":9223372036854775808.0,"yes":true,"t":"1"})");
  EXPECT_EQ(p.real("one"), 1.0);
  EXPECT_EQ(p.real("yes"), 1.0);
  EXPECT_EQ(p.integer("whole"), 2);
  EXPECT_FALSE(p.integer("part"));
  EXPECT_FALSE(p.integer("huge"));
  EXPECT_FALSE(p.integer("edge"));
  EXPECT_FALSE(p.integer("yes"));
  EXPECT_FALSE(p.boolean("one"));
  EXPECT_FALSE(p.real("t"));
  EXPECT_EQ(p.text("one"), nullptr);
  EXPECT_EQ(p.boolean("yes"), true);
}

TEST(Parameters, RefuseWhatIsNoObject) {
  EXPECT_FALSE(Parameters::read("[1]"));
  EXPECT_FALSE(Parameters::read("{"));
}

}  // namespace
}  // namespace tune

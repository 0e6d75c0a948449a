// Every row of the table of scalars: what plain text is, and what it is not.

#include "experiments/spec/scalars.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tune {
namespace {

Value typed(std::string_view text) {
  const PlainScalar scalar = read_plain_scalar(text);
  EXPECT_EQ(scalar.fault, "") << text;
  return scalar.value;
}

TEST(PlainScalar, IsNullWhenEmptyOrSaidSo) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(typed(text).is_null()) << text;
  for (const char* text : {"nULL", "none", "None", "nil"}) EXPECT_TRUE(typed(text).is_text()) << text;
}

TEST(PlainScalar, IsBoolInThreeSpellings) {
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(typed(text), Value(true)) << text;
  for (const char* text : {"false", "False", "FALSE"}) EXPECT_EQ(typed(text), Value(false)) << text;
}

TEST(PlainScalar, IsTextForTheBoolsOfOlderYaml) {
  for (const char* text : {"yes", "no", "on", "off", "y", "n", "tRUE"}) EXPECT_EQ(typed(text), Value(text)) << text;
}

TEST(PlainScalar, IsInteger) {
  EXPECT_EQ(typed("0"), Value(0));
  EXPECT_EQ(typed("-7"), Value(-7));
  EXPECT_EQ(typed("+7"), Value(7));
  EXPECT_EQ(typed("010"), Value(10));
  EXPECT_EQ(typed("0o17"), Value(15));
  EXPECT_EQ(typed("0x1F"), Value(31));
  EXPECT_EQ(typed("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(typed("-9223372036854775808"), Value(std::numeric_limits<std::int64_t>::min()));
}

TEST(PlainScalar, RefusesIntegersBeyond64Bits) {
  EXPECT_EQ(read_plain_scalar("9223372036854775808").fault, "9223372036854775808 does not fit 64 bits");
  EXPECT_EQ(read_plain_scalar("0x10000000000000000").fault, "0x10000000000000000 does not fit 64 bits");
}

TEST(PlainScalar, IsReal) {
  EXPECT_EQ(typed("1e-4"), Value(1e-4));
  EXPECT_EQ(typed("1."), Value(1.0));
  EXPECT_EQ(typed(".5"), Value(0.5));
  EXPECT_EQ(typed("-.5e+3"), Value(-500.0));
  EXPECT_EQ(typed("+1.25E2"), Value(125.0));
  EXPECT_EQ(typed("1e3"), Value(1000.0));
  EXPECT_EQ(typed(".inf"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(typed("-.Inf"), Value(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(typed("+.INF"), Value(std::numeric_limits<double>::infinity()));
  for (const char* text : {".nan", ".NaN", ".NAN"}) EXPECT_TRUE(std::isnan(typed(text).real())) << text;
}

TEST(PlainScalar, RefusesRealsBeyond64Bits) {
  EXPECT_EQ(read_plain_scalar("1e999").fault, "1e999 does not fit a 64-bit real");
}

TEST(PlainScalar, IsTextOtherwise) {
  for (const char* text :
       {"1_000", "12:30", "2026-01-01", "1,000", "inf",   "nan", "-",     "+",   ".",     "e5",  "1e",
        "1e+",   "0x",    "0o8",        "0xG",   "-0x1F", "+-1", "1.2.3", "O.1", "-.nan", "1 2", "abc"}) {
    EXPECT_EQ(typed(text), Value(text)) << text;
  }
}

TEST(Lookalike, IsNamedByItsKind) {
  for (const char* text : {"yes", "No", "on", "OFF"}) EXPECT_EQ(looks_like(text), "a bool") << text;
  for (const char* text : {"1_000", "1,000", "inf", "-inf", "nan", "1,000.5"})
    EXPECT_EQ(looks_like(text), "a number") << text;
  EXPECT_EQ(looks_like("12:30"), "a time");
  EXPECT_EQ(looks_like("2026-01-01"), "a date");
  for (const char* text : {"sgd", "", "-", "y", "N", "v1.2", "16x", "a,b", "192.168.0.1/24"})
    EXPECT_EQ(looks_like(text), "") << text;
}

}  // namespace
}  // namespace tune

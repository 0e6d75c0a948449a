#include "core/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>

#include "core/rng.h"
#include "tests/core/numbers.h"

namespace tune {
namespace {

Value parsed(std::string_view text) {
  Result<Value> value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value.value_or(Value("did not parse"));
}

std::string complaint(std::string_view text) {
  const Result<Value> value = parse_json(text);
  if (value) return "parsed";
  EXPECT_EQ(value.error().code, ErrorCode::kBadInput);
  return value.error().message;
}

TEST(JsonWriter, ShowsEveryKind) {
  const Value value =
      Map{{"n", Value()}, {"b", true}, {"i", -3}, {"r", 0.25}, {"t", "x"}, {"l", List{1, Map{}, List{}}}};
  EXPECT_EQ(to_json(value), R"({"n":null,"b":true,"i":-3,"r":0.25,"t":"x","l":[1,{},[]]})");
}

TEST(JsonWriter, MakesRealsLookLikeReals) {
  EXPECT_EQ(to_json(1.0), "1.0");
  EXPECT_EQ(to_json(-0.0), "-0.0");
  EXPECT_EQ(to_json(1e20), "1e+20");
  EXPECT_EQ(to_json(1e-4), "1e-04");
  EXPECT_EQ(to_json(123456.0), "123456.0");
}

TEST(JsonWriter, WritesWhatJsonLacksAsText) {
  EXPECT_EQ(to_json(List{kNaN, -kNaN, kInfinity, -kInfinity}), R"(["NaN","NaN","Infinity","-Infinity"])");
}

TEST(JsonWriter, LeavesNotFiniteNumbersBareForTheLog) {
  std::string out;
  append_json_exact(out, List{kNaN, kInfinity, -kInfinity, "NaN"});
  EXPECT_EQ(out, R"([NaN,Infinity,-Infinity,"NaN"])");
  EXPECT_EQ(parsed(out), Value(List{kNaN, kInfinity, -kInfinity, "NaN"}));
}

TEST(JsonWriter, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(to_json("a\"b\\c\n\r\t\b\f"), R"("a\"b\\c\n\r\t\b\f")");
  EXPECT_EQ(to_json(std::string("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(to_json("ä€😀"), "\"ä€😀\"");
}

TEST(JsonWriter, ReplacesBadUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(to_json("a\xFFz"), "\"a" + replacement + "z\"");
  EXPECT_EQ(to_json("\xC3"), "\"" + replacement + "\"");
  EXPECT_EQ(to_json("\xC0\x80"), "\"" + replacement + replacement + "\"");                    // overlong
  EXPECT_EQ(to_json("\xED\xA0\x80"), "\"" + replacement + replacement + replacement + "\"");  // surrogate
  EXPECT_EQ(to_json("\xE2\x82z"), "\"" + replacement + replacement + "z\"");
}

TEST(JsonParser, ReadsEveryKind) {
  EXPECT_EQ(parsed(R"( { "n" : null , "b" : [ true , false ] , "i" : -3 , "r" : 2.5e1 , "t" : "x" } )"),
            Value(Map{{"n", Value()}, {"b", List{true, false}}, {"i", -3}, {"r", 25.0}, {"t", "x"}}));
  EXPECT_EQ(parsed("[]"), Value(List{}));
  EXPECT_EQ(parsed("{}"), Value(Map{}));
}

TEST(JsonParser, KeepsTheOrderOfKeys) {
  EXPECT_EQ(to_json(parsed(R"({"z":1,"a":2,"m":3})")), R"({"z":1,"a":2,"m":3})");
}

TEST(JsonParser, ReadsIntegersExactlyAndLargerOnesAsReals) {
  EXPECT_EQ(parsed("9223372036854775807"), Value(INT64_MAX));
  EXPECT_EQ(parsed("-9223372036854775808"), Value(INT64_MIN));
  EXPECT_EQ(parsed("9223372036854775808"), Value(0x1p63));
  EXPECT_EQ(parsed("1e3"), Value(1000.0));
  EXPECT_EQ(parsed("0"), Value(0));
  EXPECT_TRUE(std::signbit(parsed("-0").real()));
}

TEST(JsonParser, ReadsBareNotFiniteNumbersAsPythonWritesThem) {
  EXPECT_EQ(parsed(R"({"a":NaN,"b":Infinity,"c":-Infinity})"),
            Value(Map{{"a", kNaN}, {"b", kInfinity}, {"c", -kInfinity}}));
}

TEST(JsonParser, RoundsNumbersBeyondDoubleToInfinityAndZero) {
  EXPECT_EQ(parsed("1e999"), Value(kInfinity));
  EXPECT_EQ(parsed("-1e999"), Value(-kInfinity));
  EXPECT_EQ(parsed("1e-999"), Value(0.0));
  EXPECT_EQ(parsed("1" + std::string(400, '0')), Value(kInfinity));
  EXPECT_EQ(parsed("0." + std::string(400, '0') + "1"), Value(0.0));
  EXPECT_EQ(parsed("1e99999999999999999999"), Value(kInfinity));
  EXPECT_EQ(parsed("1e-99999999999999999999"), Value(0.0));
  EXPECT_EQ(parsed("5e-324"), Value(5e-324));
}

TEST(JsonParser, ReadsEscapes) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")").text(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parsed(R"("\u0041\u00e4\u20AC\ud83d\ude00")").text(), "Aä€😀");
  EXPECT_EQ(parsed(R"("\u0000")").text(), std::string(1, '\0'));
}

TEST(JsonParser, ReplacesWhatIsNoUnicode) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(parsed(R"("\ud800")").text(), replacement);
  EXPECT_EQ(parsed(R"("\ude00x")").text(), replacement + "x");
  EXPECT_EQ(parsed(R"("\ud83dA")").text(), replacement + "A");
  EXPECT_EQ(parsed(R"("\ud83d\u0041")").text(), replacement + "A");
  EXPECT_EQ(parsed("\"\xFF\"").text(), replacement);
}

TEST(JsonParser, SaysWhereItFailed) {
  EXPECT_EQ(complaint(""), "JSON, byte 0: the text ends where a value is due");
  EXPECT_EQ(complaint("[1,]"), "JSON, byte 3: expected a value");
  EXPECT_EQ(complaint("[1 2]"), "JSON, byte 3: expected ',' or ']'");
  EXPECT_EQ(complaint("{\"a\" 1}"), "JSON, byte 5: expected ':'");
  EXPECT_EQ(complaint("{a: 1}"), "JSON, byte 1: expected a key in quotes");
  EXPECT_EQ(complaint("{\"a\":1,}"), "JSON, byte 7: expected a key in quotes");
  EXPECT_EQ(complaint("1 2"), "JSON, byte 2: text after the end of the document");
  EXPECT_EQ(complaint("\"abc"), "JSON, byte 0: a text without an end");
  EXPECT_EQ(complaint("\"a\nb\""), "JSON, byte 2: a control character inside a text");
  EXPECT_EQ(complaint(R"("\x")"), "JSON, byte 2: unknown escape");
  EXPECT_EQ(complaint(R"("\u00g0")"), "JSON, byte 5: expected four hexadecimal digits after \\u");
  EXPECT_EQ(complaint("01"), "JSON, byte 0: a number may not begin with 0");
}

TEST(JsonParser, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"-", "+1", ".5", "1.", "1e", "1e+", "0x10", "nan", "inf", "-N", "--1", "1.e5", "tru", "nul", "Inf"}) {
    EXPECT_NE(complaint(text), "parsed") << text;
  }
}

TEST(JsonParser, RefusesAKeyGivenTwice) {
  EXPECT_EQ(complaint(R"({"a":1,"b":2,"a":3})"), "JSON, byte 13: the key 'a' is given twice");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_EQ(parsed(many + "\"last\":0}").map().size(), 101u);
  EXPECT_NE(complaint(many + "\"k3\":0}").find("'k3' is given twice"), std::string::npos);
  EXPECT_NE(complaint(many + "\"k99\":0}").find("'k99' is given twice"), std::string::npos);
}

TEST(JsonParser, NestsToADepthOf64) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_EQ(complaint(std::string(65, '[') + std::string(65, ']')), "JSON, byte 64: nested deeper than 64");
  EXPECT_NE(complaint(std::string(1'000'000, '[')), "parsed");
  std::string maps;
  for (int i = 0; i < 100'000; ++i) maps += "{\"a\":";
  EXPECT_NE(complaint(maps), "parsed");
}

TEST(Json, BringsBackAnyRealBitForBit) {
  RandomStream stream(3, "reals", 0);
  for (int i = 0; i < 20'000; ++i) {
    const double x = std::bit_cast<double>(stream.next());
    if (!std::isfinite(x)) continue;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(parsed(to_json(x)).real()), std::bit_cast<std::uint64_t>(x));
  }
}

TEST(Json, SurvivesAnyBytes) {
  const std::string document = R"({"a":[1,2.5,"x\u00e4\ud83d\ude00",null,true,NaN],"b":{"c":-Infinity,"d":"e"}})";
  RandomStream stream(3, "bytes", 0);
  for (int i = 0; i < 20'000; ++i) {
    std::string mutant = document.substr(0, 1 + stream.below(document.size()));
    for (std::uint64_t flips = stream.below(4); flips > 0; --flips) {
      mutant[stream.below(mutant.size())] = static_cast<char>(stream.below(256));
    }
    if (const Result<Value> value = parse_json(mutant)) {
      std::string again;
      append_json_exact(again, *value);
      EXPECT_EQ(parsed(again), *value) << mutant;
    }
  }
}

}  // namespace
}  // namespace tune

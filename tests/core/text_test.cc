#include "core/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/utf8.h"
#include "tests/core/numbers.h"

namespace tune {
namespace {

std::string complaint(const Result<double>& result) { return result ? "read" : result.error().message; }
std::string complaint(const Result<std::uint64_t>& result) { return result ? "read" : result.error().message; }

TEST(FormatReal, IsShortestAndReadsBack) {
  EXPECT_EQ(format_real(0.1), "0.1");
  EXPECT_EQ(format_real(1e-4), "1e-04");
  EXPECT_EQ(format_real(1.0), "1");
  EXPECT_EQ(format_real(-0.0), "-0");
  EXPECT_EQ(format_real(std::nan("")), "nan");
  EXPECT_EQ(format_real(-std::nan("")), "nan");
  EXPECT_EQ(format_real(-kInfinity), "-inf");
}

TEST(ParseReal, TakesTheWholeText) {
  EXPECT_EQ(parse_real("1e-4"), 1e-4);
  EXPECT_EQ(parse_real("+2.5"), 2.5);
  EXPECT_EQ(parse_real("-.5"), -0.5);
  EXPECT_EQ(parse_real("1."), 1.0);
  EXPECT_EQ(parse_real("INF"), kInfinity);
  EXPECT_EQ(parse_real("-Infinity"), -kInfinity);
  EXPECT_TRUE(std::isnan(parse_real("NaN").value()));
  EXPECT_EQ(parse_real("1e400"), kInfinity);
  EXPECT_EQ(parse_real("-1e-400"), 0.0);
  for (const char* text :
       {"", " 1", "1 ", "+-1", "--1", "1e", "0x10", "1,5", "infinit", "nan(1)", "+", ".", "e5", "1_000"}) {
    EXPECT_EQ(parse_real(text), std::nullopt) << text;
  }
}

TEST(ParseInteger, TakesTheWholeText) {
  EXPECT_EQ(parse_integer("010"), 10);
  EXPECT_EQ(parse_integer("+7"), 7);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "+-1", "1.0", "9223372036854775808", "1 ", "0x1"})
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
}

TEST(ParseDuration, ReadsEveryUnitAndTheirSums) {
  EXPECT_EQ(parse_duration("250ms"), 0.25);
  EXPECT_EQ(parse_duration("90s"), 90.0);
  EXPECT_EQ(parse_duration("10m"), 600.0);
  EXPECT_EQ(parse_duration("1h30m"), 5400.0);
  EXPECT_EQ(parse_duration("2d"), 172800.0);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms"), 86400 + 7200 + 180 + 4.005);
  EXPECT_EQ(parse_duration("1.5h"), 5400.0);
  EXPECT_EQ(parse_duration("0s"), 0.0);
}

TEST(ParseDuration, RefusesABareNumber) {
  EXPECT_EQ(complaint(parse_duration("600")), "600 has no unit; write 600s");
  EXPECT_EQ(complaint(parse_duration("1.5")), "1.5 has no unit; write 1.5s");
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "10x", "10 m x", "30m1h", "1h1h", "1h30", "-5s", "1..5s", "inf", "nan", "1e3s",
                           "1e999s", "9999999999999d"}) {
    EXPECT_NE(complaint(parse_duration(text)), "read") << text;
  }
}

TEST(ParseSize, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("100B"), 100u);
  EXPECT_EQ(parse_size("512MiB"), 512u << 20);
  EXPECT_EQ(parse_size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("2GB"), 2'000'000'000u);
  EXPECT_EQ(parse_size("1.5KiB"), 1536u);
  EXPECT_EQ(parse_size("2 GiB"), std::uint64_t{2} << 30);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  EXPECT_EQ(complaint(parse_size("512")), "512 has no unit; write 512MiB");
  for (const char* text : {"", "GB", "2G", "2gib", "-1B", "1e5B", "99999999PiB", "nan", "inf"}) {
    EXPECT_NE(complaint(parse_size(text)), "read") << text;
  }
}

TEST(FormatDuration, IsForPeople) {
  EXPECT_EQ(format_duration(0), "0.0s");
  EXPECT_EQ(format_duration(0.012), "12ms");
  EXPECT_EQ(format_duration(2.13), "2.1s");
  EXPECT_EQ(format_duration(9.96), "10s");
  EXPECT_EQ(format_duration(48.2), "48s");
  EXPECT_EQ(format_duration(59.7), "1m00s");
  EXPECT_EQ(format_duration(192), "3m12s");
  EXPECT_EQ(format_duration(7380), "2h03m");
  EXPECT_EQ(format_duration(200000), "2d07h");
  EXPECT_EQ(format_duration(-2.1), "-2.1s");
  EXPECT_EQ(format_duration(std::nan("")), "-");
  EXPECT_EQ(format_duration(kInfinity), "inf");
}

TEST(FormatSize, IsForPeople) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(1288490189), "1.2 GiB");
  EXPECT_EQ(format_size((1u << 20) - 1), "1.0 MiB");
  EXPECT_EQ(format_size(UINT64_MAX), "16.0 EiB");
}

TEST(FormatTime, ShowsTheCivilDateInUtc) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(1795255200.123), "2026-11-21T10:00:00.123Z");
  EXPECT_EQ(format_time(951782400), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(format_time(4107542399.9996), "2100-03-01T00:00:00.000Z");
  EXPECT_EQ(format_time(-0.001), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(std::nan("")), "-");
  EXPECT_EQ(format_time(1e300), "-");
}

TEST(EditDistance, CountsASwapOnce) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("choise", "choice"), 1u);
  EXPECT_EQ(edit_distance("sdg", "sgd"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);  // optimal string alignment: no edit between swapped letters
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(DidYouMean, OffersTheNearestTwoAtMost) {
  const std::vector<std::string> legal{"grace_period", "max_t", "brackets", "bracket", "time_attr"};
  EXPECT_EQ(did_you_mean("grace_perod", legal), std::vector<std::string>{"grace_period"});
  EXPECT_EQ(did_you_mean("bracket_", legal), (std::vector<std::string>{"brackets", "bracket"}));
  EXPECT_TRUE(did_you_mean("anything", legal).empty());
  EXPECT_EQ(did_you_mean_hint("max_d", legal), "did you mean 'max_t'?");
  EXPECT_EQ(did_you_mean_hint("bracket_", legal), "did you mean 'brackets' or 'bracket'?");
  EXPECT_EQ(did_you_mean_hint("anything", legal), "");
}

TEST(DidYouMean, IsDeafToCapitals) {
  const std::vector<std::string> legal = {"asha", "MyNet"};
  EXPECT_EQ(did_you_mean("ASHA", legal), std::vector<std::string>{"asha"});
  EXPECT_EQ(did_you_mean("mynet", legal), std::vector<std::string>{"MyNet"});
}

TEST(DidYouMean, ForgivesOneLetterOfAShortWord) {
  const std::vector<std::string> legal{"lr", "l1", "l2", "momentum"};
  EXPECT_EQ(did_you_mean("l", legal), (std::vector<std::string>{"lr", "l1"}));
  EXPECT_TRUE(did_you_mean("xy", legal).empty());
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join(std::vector<std::string>{}), "");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, "|"), "a|b");
}

TEST(Visible, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(visible("a\x1b[31mb\rc\x7f\xC2\x9B"), "a\\x1b[31mb\\x0dc\\x7f\\x9b");
  EXPECT_EQ(visible("größer ≈ 🎉 \xC2\xA0"), "größer ≈ 🎉 \xC2\xA0");
  EXPECT_EQ(visible("a\xE2\x80\xAE,\xE2\x81\xA6"), "a\\u202e,\\u2066");  // text that runs the other way
  EXPECT_EQ(visible("a\n\tb"), "a\\n\\tb");
  EXPECT_EQ(visible("a\n\tb", true), "a\n\tb");
}

}  // namespace
}  // namespace tune

// The document under the reader: what yaml-cpp would let pass, and where things stand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/spec/document.h"
#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Parsed {
  std::optional<Node> root;
  std::vector<std::string> faults;
};

Parsed parse(std::string_view text) {
  const Source source(text);
  Faults faults("f", source);
  Parsed parsed;
  parsed.root = parse_document(source, faults);
  parsed.faults = testing::lines(faults.take());
  return parsed;
}

TEST(Yaml, KeepsQuotedTextAsText) {
  const Parsed parsed = parse("a: \"yes\"\nb: '1'\nc: 1\n");

  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.scalar, Value("yes"));
  EXPECT_EQ(parsed.root->find("b")->value.scalar, Value("1"));
  EXPECT_EQ(parsed.root->find("c")->value.scalar, Value(1));
}

TEST(Yaml, NamesBothPlacesOfADuplicateKey) {
  EXPECT_THAT(parse("a: 1\nb: {c: 1, c: 2}\na: 3\n").faults,
              ElementsAre("2:11 duplicate-key 'c' is defined twice | first at 2:5",
                          "3:1 duplicate-key 'a' is defined twice | first at 1:1"));
}

TEST(Yaml, RefusesMergeKeys) {
  EXPECT_THAT(parse("x-b: &b {c: 1}\na:\n  <<: *b\n").faults,
              ElementsAre("3:3 merge-key merge keys are not supported | repeat the keys, or use a whole alias"));
}

TEST(Yaml, RefusesTagsWhereTheyStand) {
  EXPECT_THAT(parse("a: !!str 5\nb: &x !mine [1]\n").faults,
              ElementsAre("1:4 tag tags are not supported | quote the text instead",
                          "2:7 tag tags are not supported | quote the text instead"));
}

TEST(Yaml, TellsAMissingValueFromANull) {
  const Parsed parsed = parse("a:\nb: ~\nc: null\nd: {e, f: Null}\n");

  ASSERT_TRUE(parsed.root);
  EXPECT_FALSE(parsed.root->find("a")->value.written);
  EXPECT_TRUE(parsed.root->find("b")->value.written);
  EXPECT_TRUE(parsed.root->find("c")->value.written);
  EXPECT_FALSE(parsed.root->find("d")->value.find("e")->value.written);
  EXPECT_TRUE(parsed.root->find("d")->value.find("f")->value.written);
}

TEST(Yaml, RefusesASecondDocumentAtItsLine) {
  const char* hint = "extra-document a second document begins here | one file holds one experiment";
  EXPECT_THAT(parse("a: 1\n---\nb: 2\n").faults, ElementsAre(std::string("3:1 ") + hint));
  EXPECT_THAT(parse("a: 1\n---\n").faults, IsEmpty());
  EXPECT_THAT(parse("---\na: 1\n...\n").faults, IsEmpty());
}

TEST(Yaml, SaysThatAFileIsEmpty) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n"}) {
    EXPECT_THAT(parse(text).faults, ElementsAre("0:0 yaml-syntax the file is empty")) << text;
  }
}

TEST(Yaml, CountsColumnsInCharacters) {
  const Parsed parsed = parse("näme: {größe: 1}\n");

  ASSERT_TRUE(parsed.root);
  const Node& key = parsed.root->find("näme")->value.find("größe")->key;
  EXPECT_EQ(key.place.column, 8);
  EXPECT_EQ(key.place.end_column, 13);
}

TEST(Yaml, PlacesAnAnchoredValueBehindItsAnchor) {
  const Parsed parsed = parse("a: &x 12\nb: *x\n");

  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.place.column, 7);
  EXPECT_EQ(parsed.root->find("b")->value.place.line, 2);
  EXPECT_EQ(parsed.root->find("b")->value.scalar, Value(12));
}

TEST(Yaml, PlacesTextWithinQuotes) {
  const std::string text = "a: \"x + nope\"\nb: x + nope\n";
  const Source source(text);
  Faults faults("f", source);
  const auto root = parse_document(source, faults);

  ASSERT_TRUE(root);
  EXPECT_EQ(place_within(source, root->find("a")->value, 4, 4).column, 9);
  EXPECT_EQ(place_within(source, root->find("b")->value, 4, 4).column, 8);
}

TEST(Yaml, ExplainsTabs) {
  EXPECT_THAT(parse("a:\n\tb: 1\n").faults, ElementsAre("2:1 yaml-syntax tabs cannot indent YAML | use spaces"));
}

TEST(Yaml, ExplainsBracesInAFlowList) {
  const Parsed parsed = parse("command: [python3, --lr=${lr}]\n");

  ASSERT_EQ(parsed.faults.size(), 1u);
  EXPECT_THAT(parsed.faults[0], ::testing::HasSubstr("yaml-syntax"));
  EXPECT_THAT(parsed.faults[0], ::testing::HasSubstr("quote items that contain { or }, or put one item a line"));
}

TEST(Yaml, TakesByteOrderMarksAndAnyLineBreak) {
  const Parsed parsed = parse(
      "\xEF\xBB\xBF"
      "a: 1\r\nb:\r\n  c: 2\rd: 3\n");

  ASSERT_TRUE(parsed.root);
  EXPECT_THAT(parsed.faults, IsEmpty());
  EXPECT_EQ(parsed.root->find("a")->key.place.column, 1);
  EXPECT_EQ(parsed.root->find("b")->value.find("c")->value.scalar, Value(2));
  EXPECT_EQ(parsed.root->find("d")->key.place.line, 4);
}

TEST(Yaml, RefusesBytesThatAreNoText) {
  EXPECT_THAT(parse(std::string_view("a: 1\nb: \0 2\n", 12)).faults,
              ElementsAre("2:4 yaml-syntax control character 0x00 in the text"));
  EXPECT_THAT(parse("a: \x04 b\n").faults, ElementsAre("1:4 yaml-syntax control character 0x04 in the text"));
  EXPECT_THAT(parse("a: caf\xE9"
                    "\n")
                  .faults,
              ElementsAre("1:7 yaml-syntax byte 0xe9 is not UTF-8 | save the file as UTF-8"));
  EXPECT_THAT(parse(std::string_view("\xFF\xFE"
                                     "a\0",
                                     4))
                  .faults,
              ElementsAre("0:0 yaml-syntax the file is UTF-16 | an experiment is YAML, saved as UTF-8"));
}

TEST(Yaml, RefusesIntegersBeyond64Bits) {
  EXPECT_THAT(parse("a: 12345678901234567890\n").faults,
              ElementsAre("1:4 out-of-range 12345678901234567890 does not fit 64 bits"));
}

TEST(Yaml, RefusesKeysThatAreNoText) {
  EXPECT_THAT(parse("? [1, 2]\n: 3\n").faults, ElementsAre("1:3 yaml-syntax a key must be text"));
  EXPECT_THAT(parse("{~: 3}\n").faults, ElementsAre("1:2 yaml-syntax a key must be text"));
}

TEST(Yaml, BoundsDepthOfEveryKind) {
  EXPECT_EQ(parse(std::string(20'000, '[')).faults.size(), 1u);
  EXPECT_EQ(parse(std::string(20'000, '{')).faults.size(), 1u);
  std::string dashes, questions, indented;
  for (int i = 0; i < 20'000; ++i) dashes += "- ", questions += "? ";
  for (int i = 0; i < 600; ++i) indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_EQ(parse(dashes + "1").faults.size(), 1u);
  EXPECT_EQ(parse(questions + "1").faults.size(), 1u);
  EXPECT_EQ(parse(indented).faults.size(), 1u);
}

TEST(Yaml, BoundsWhatAliasesStandFor) {
  std::string laughs = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) laughs += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  const Parsed parsed = parse(laughs);
  ASSERT_EQ(parsed.faults.size(), 1u);
  EXPECT_THAT(parsed.faults[0], ::testing::HasSubstr("more than 100000 values"));
}

TEST(Yaml, RefusesAnAliasInsideItsAnchor) {
  const Parsed parsed = parse("a: &x [1, *x]\n");
  ASSERT_EQ(parsed.faults.size(), 1u);
  EXPECT_THAT(parsed.faults[0], ::testing::HasSubstr("1:11 yaml-syntax an alias stands inside what it stands for"));
}

TEST(Yaml, RefusesHugeFiles) {
  EXPECT_THAT(parse("a: " + std::string(9u << 20, 'x')).faults,
              ElementsAre("0:0 yaml-syntax the file is larger than 8 MiB"));
}

TEST(Yaml, ReadsJson) {
  const Parsed parsed = parse(R"({"a": [1, 2.5, "x\n\u00e9"], "b": {"c": true, "d": null}})");

  ASSERT_TRUE(parsed.root);
  EXPECT_THAT(parsed.faults, IsEmpty());
  EXPECT_EQ(parsed.root->find("a")->value.items[2].scalar, Value("x\n\xC3\xA9"));
  EXPECT_EQ(parsed.root->find("b")->value.find("c")->value.scalar, Value(true));
}

TEST(Yaml, JoinsTheSurrogatePairsOfJson) {
  const Parsed parsed =
      parse(R"({"k\ud83c\udf89": ["\uD83D\uDE00x\ud83c\udf89", "\ud83c\udf89\ud83c\udf89"], "z": q})");

  ASSERT_TRUE(parsed.root);
  EXPECT_THAT(parsed.faults, IsEmpty());
  const Member* member = parsed.root->find("k\U0001F389");
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->key.place.end_column, 17);
  EXPECT_EQ(member->value.items[0].scalar, Value("\U0001F600x\U0001F389"));
  EXPECT_EQ(member->value.items[1].scalar, Value("\U0001F389\U0001F389"));
  EXPECT_EQ(parsed.root->find("z")->value.place.column, 83);  // as it stands in the file
}

TEST(Yaml, JoinsSurrogatePairsAcrossLinesAndBehindOtherEscapes) {
  const Parsed parsed = parse(
      R"(a: "one
  \"\ud83c\udf89 \\ \\\ud83c\udf89"
b: &x "\ud83c\udf89"
c: *x
)");

  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find("a")->value.scalar, Value("one \"\U0001F389 \\ \\\U0001F389"));
  EXPECT_EQ(parsed.root->find("b")->value.scalar, Value("\U0001F389"));
  EXPECT_EQ(parsed.root->find("c")->value.scalar, Value("\U0001F389"));
}

TEST(Yaml, LeavesSurrogatePairsOutsideDoubleQuotesAsTheyAre) {
  const Parsed parsed = parse(
      R"(p\ud83c\udf89: 5" \ud83c\udf89  # "\ud83c\udf89"
single: '"\ud83c\udf89"'
block: |-
  "\ud83c\udf89"
double: "\\ud83c\\udf89"
)");

  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->find(R"(p\ud83c\udf89)")->value.scalar, Value(R"(5" \ud83c\udf89)"));
  EXPECT_EQ(parsed.root->find("single")->value.scalar, Value(R"("\ud83c\udf89")"));
  EXPECT_EQ(parsed.root->find("block")->value.scalar, Value(R"("\ud83c\udf89")"));
  EXPECT_EQ(parsed.root->find("double")->value.scalar, Value(R"(\ud83c\udf89)"));
}

TEST(Yaml, RefusesEscapesThatAreNoCharacter) {
  const std::string half = R"( is half a character | a pair such as \ud83c\udf89 makes one)";
  EXPECT_THAT(parse(R"(a: "x \ud83c\n")").faults, ElementsAre(R"(1:7 yaml-syntax \ud83c)" + half));
  EXPECT_THAT(parse(R"(a: "\udf89\ud83c")").faults, ElementsAre(R"(1:5 yaml-syntax \udf89)" + half));
  EXPECT_THAT(parse(R"(a: "\\ud83c\udf89")").faults, ElementsAre(R"(1:12 yaml-syntax \udf89)" + half));
  EXPECT_THAT(parse(R"(a: "\U00110000")").faults, ElementsAre(R"(1:5 yaml-syntax \U00110000 is no character)"));
}

}  // namespace
}  // namespace tune

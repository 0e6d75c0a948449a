#include "core/placeholders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `text` for literal text, `{NAME BEGIN END}` for a placeholder.
std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> out;
  for (const PlaceholderPiece& piece : read_placeholders(text).pieces) {
    const std::string place = " " + std::to_string(piece.begin) + " " + std::to_string(piece.end);
    out.push_back(piece.is_placeholder ? "{" + piece.text + place + "}" : piece.text + place);
  }
  return out;
}

TEST(PlaceholderText, IsLiteralTextAndPlaceholdersInTheirPlaces) {
  EXPECT_THAT(pieces_of("--lr=${lr}${x}!"), ElementsAre("--lr= 0 5", "{lr 5 10}", "{x 10 14}", "! 14 15"));
  EXPECT_THAT(pieces_of(""), IsEmpty());
  EXPECT_THAT(pieces_of("${}"), ElementsAre("{ 0 3}"));
}

TEST(PlaceholderText, TakesTwoDollarSignsForOneAndOneForItself) {
  EXPECT_THAT(pieces_of("$$${a}$${b}$c$"), ElementsAre("$ 0 2", "{a 2 6}", "${b}$c$ 6 14"));
}

TEST(PlaceholderText, SaysWhereAPlaceholderHasNoEnd) {
  EXPECT_EQ(read_placeholders("a ${b").unclosed, 2u);
  EXPECT_THAT(pieces_of("a ${b"), ElementsAre("a  0 2"));
  EXPECT_EQ(read_placeholders("a $${b ${c}").unclosed, std::nullopt);
}

TEST(PlaceholderText, NamesVariablesOfTheEnvironment) {
  EXPECT_THAT(environment_names("${env:A} ${b} $${env:C} ${env:} ${env:A} ${env:"), ElementsAre("A", "", "A"));
}

}  // namespace
}  // namespace tune

// How faults are shown: the sample of the reference word by word, as text and as JSON, and the odd lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/experiments/spec/support.h"

namespace tune {
namespace {

using ::testing::HasSubstr;

TEST(Messages, AreThoseOfTheSample) {
  const ReadOutcome outcome = testing::read(testing::read_file(testing::folder("golden") + "/eight_faults.yaml"));

  EXPECT_FALSE(outcome.spec);
  EXPECT_EQ(format_diagnostics(outcome.diagnostics, false),
            testing::read_file(testing::folder("golden") + "/eight_faults.txt"));
}

TEST(Messages, AreThoseOfTheSampleAsJson) {
  const ReadOutcome outcome = testing::read(testing::read_file(testing::folder("golden") + "/eight_faults.yaml"));

  EXPECT_EQ(diagnostics_to_json(outcome.diagnostics) + "\n",
            testing::read_file(testing::folder("golden") + "/eight_faults.json"));
}

TEST(Messages, AreColouredOnlyWhenAsked) {
  const ReadOutcome outcome = testing::read("version: 2\n");

  EXPECT_EQ(format_diagnostics(outcome.diagnostics, false).find('\x1b'), std::string::npos);
  EXPECT_THAT(format_diagnostics(outcome.diagnostics, true), HasSubstr("\x1b[1;31merror:\x1b[0m"));
}

TEST(Messages, CountErrorsAndWarnings) {
  const ReadOutcome outcome = testing::read(testing::complete("budget: {trials: 2, concurrency: 4}\nnope: 1\n"));

  EXPECT_THAT(format_diagnostics(outcome.diagnostics, false), HasSubstr("\n1 error, 1 warning; nothing was started\n"));
}

TEST(Messages, DoNotSayThatNothingWasStartedWithoutErrors) {
  const ReadOutcome outcome = testing::read(testing::complete("budget: {trials: 2, concurrency: 4}\n"));

  ASSERT_TRUE(outcome.spec);
  EXPECT_EQ(format_diagnostics(outcome.diagnostics, false),
            "experiment.yaml:5:34: warning: concurrency 4 is above trials 2\n"
            "    5 | budget: {trials: 2, concurrency: 4}\n"
            "      |                                  ^\n");
}

TEST(Messages, ShowPartOfALongLine) {
  const std::string padding(3'000, ' ');
  const ReadOutcome outcome =
      testing::read("{version: 1, trainable: branin, objective: {metric: loss, mode: min}, " + padding +
                    "search_space: {x: {uniform: [0]}}, " + padding + "budget: {trials: 1}}\n");

  const std::string text = format_diagnostics(outcome.diagnostics, false);
  EXPECT_THAT(text, HasSubstr("uniform takes [lower, upper]; got 1 value"));
  EXPECT_LT(text.size(), 600u);
  const std::size_t source = text.find("| ..."), caret = text.rfind("| ", text.find('^'));
  ASSERT_NE(source, std::string::npos);
  EXPECT_EQ(text[source + 2 + (text.find('^') - caret - 2)], '[');
}

TEST(Messages, KeepTheCaretUnderCharactersOfSeveralBytes) {
  const ReadOutcome outcome = testing::read(testing::complete("objective: {größe: 1, metric: ä, mode: grün}\n"));

  EXPECT_THAT(format_diagnostics(outcome.diagnostics, false),
              HasSubstr("    5 | objective: {größe: 1, metric: ä, mode: grün}\n"
                        "      |                                        ^~~~\n"));
}

TEST(Messages, AreSortedByPositionWithTheFileAsAWholeLast) {
  const ReadOutcome outcome =
      testing::read("zzz: 1\nversion: 1\nobjective: 5\nyyy: 1\nsearch_space: {a: 1}\n", {{"scheduler", "nope"}});

  std::vector<std::string> where;
  for (const Diagnostic& d : outcome.diagnostics) where.push_back(d.file + ":" + std::to_string(d.line));
  EXPECT_THAT(where, ::testing::ElementsAre("experiment.yaml:1", "experiment.yaml:3", "experiment.yaml:4",
                                            "--set scheduler:0", "experiment.yaml:0"));
}

TEST(Messages, StaySmallForAHugeFaultyFile) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += "key" + std::to_string(i) + ": 1, ";
  text += std::string(500, 'k') + ": 1}\n";

  const ReadOutcome outcome = testing::read(text);

  ASSERT_EQ(outcome.diagnostics.size(), 1001u);
  EXPECT_EQ(outcome.diagnostics.back().message, "and 19006 more faults");
  EXPECT_LT(format_diagnostics(outcome.diagnostics, false).size(), 200'000u);
}

}  // namespace
}  // namespace tune

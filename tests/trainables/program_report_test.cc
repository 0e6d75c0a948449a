#include "trainables/command/program_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trainables/command/line_splitter.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

ProgramReport json(const std::string& line) { return read_json_report(line, {}).value().value(); }

TEST(JsonReport, HoldsItsNumbersAndKeepsTheRest) {
  const ProgramReport report = json(R"(  {"loss": 0.5, "epoch": 3, "note": "ok", "done": false, "sizes": [1]} )");

  EXPECT_THAT(report.metrics, ElementsAre(Pair("loss", 0.5), Pair("epoch", 3)));
  EXPECT_EQ(report.extra, R"({"note":"ok","done":false,"sizes":[1]})");
  EXPECT_FALSE(report.step);
  EXPECT_FALSE(report.checkpoint);
}

TEST(JsonReport, TakesItsStepAndItsCheckpoint) {
  const ProgramReport report = json(R"({"training_iteration": 7, "loss": 1, "checkpoint": true})");

  EXPECT_EQ(report.step, 7);
  EXPECT_EQ(report.checkpoint, "");
  EXPECT_THAT(report.metrics, ElementsAre(Pair("loss", 1)));
}

TEST(JsonReport, MayNameItsCheckpoint) {
  EXPECT_EQ(json(R"({"loss": 1, "checkpoint": "epoch-7"})").checkpoint, "epoch-7");
  EXPECT_EQ(json(R"({"loss": 1, "checkpoint": false})").checkpoint, std::nullopt);
}

TEST(JsonReport, TakesNullOfAnObjectiveForNaN) {
  const auto report = read_json_report(R"({"loss": null, "other": null})", {"loss"}).value();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->metrics.size(), 1u);
  EXPECT_TRUE(std::isnan(report->metrics[0].second));
  EXPECT_EQ(report->extra, R"({"other":null})");
  EXPECT_FALSE(read_json_report(R"({"other": null})", {"loss"}).value());
}

TEST(JsonReport, MayFollowAByteOrderMark) {
  EXPECT_EQ(json("\xEF\xBB\xBF{\"loss\": 1}").metrics, (Metrics{{"loss", 1}}));
}

TEST(JsonReport, ReadsWhatPythonWritesForNoNumber) {
  const ProgramReport report = json(R"({"a": NaN, "b": Infinity, "c": -Infinity, "d": "NaN"})");

  ASSERT_EQ(report.metrics.size(), 4u);
  EXPECT_TRUE(std::isnan(report.metrics[0].second));
  EXPECT_EQ(report.metrics[1].second, INFINITY);
  EXPECT_EQ(report.metrics[2].second, -INFINITY);
  EXPECT_TRUE(std::isnan(report.metrics[3].second));
}

TEST(JsonReport, IsNothingElse) {
  for (const std::string line : {"", "hello", "{", "{}", "[1]", "3", R"({"note":"x"})", R"({"loss": 0.5} and more)",
                                 "{\"loss\": 0.5", "\xff{\xfe"}) {
    EXPECT_EQ(read_json_report(line, {}).value(), std::nullopt) << line;
  }
}

TEST(JsonReport, HoldsTheObjectiveIfThatIsKnown) {
  EXPECT_EQ(read_json_report(R"({"lr": 0.5})", {"loss"}).value(), std::nullopt);
  EXPECT_TRUE(read_json_report(R"({"loss": 0.5})", {"loss", "accuracy"}).value());
}

TEST(JsonReport, RefusesAStepThatIsNone) {
  for (const std::string step : {"0", "-1", "2.5", "NaN", "1e300"}) {
    const auto report = read_json_report(R"({"loss": 1, "training_iteration": )" + step + "}", {});
    ASSERT_FALSE(report) << step;
    EXPECT_THAT(report.error().message, HasSubstr("training_iteration"));
  }
  EXPECT_EQ(json(R"({"loss": 1, "training_iteration": 3.0})").step, 3);
}

TEST(JsonReport, ReadsBackWhatWasHeldBack) {
  const ProgramReport report = json(R"({"training_iteration": 7, "loss": 0.1, "bad": Infinity, "note": "it's"})");

  EXPECT_EQ(json(program_report_to_json(report)), report);
}

TEST(PairsReport, ThatIsNoUtf8ReadsBackEqual) {
  const ProgramReport report = read_pairs_report("a\xFF=1 a\xFE=2 n=\xC3 loss=0.5", {}).value().value();
  EXPECT_EQ(report.metrics, (Metrics{{"a\xEF\xBF\xBD", 2}, {"loss", 0.5}}));
  EXPECT_EQ(read_json_report(program_report_to_json(report), {}).value().value(), report);
}

TEST(PairsReport, IsALineOfNothingButPairs) {
  const ProgramReport report = read_pairs_report("epoch=3, loss=0.25 note=ok checkpoint=true", {}).value().value();

  EXPECT_THAT(report.metrics, ElementsAre(Pair("epoch", 3), Pair("loss", 0.25)));
  EXPECT_EQ(report.extra, R"({"note":"ok"})");
  EXPECT_TRUE(report.checkpoint);
  EXPECT_EQ(read_pairs_report("epoch 3: loss=0.25", {}).value(), std::nullopt);
  EXPECT_EQ(read_pairs_report("mode=fast", {}).value(), std::nullopt);
  EXPECT_EQ(read_pairs_report("", {}).value(), std::nullopt);
  EXPECT_EQ(read_pairs_report("=1", {}).value(), std::nullopt);
}

struct Split {
  std::vector<std::string> lines;
  std::vector<std::uint64_t> skipped;
  LineSplitter splitter{[this](std::string_view line) { lines.emplace_back(line); },
                        [this](std::uint64_t size) { skipped.push_back(size); }};
};

TEST(LineSplitter, JoinsWhatArrivesInPieces) {
  Split split;

  for (const char c : std::string("ab\n\ncd\ne")) split.splitter.feed(std::string_view(&c, 1));
  split.splitter.finish();

  EXPECT_THAT(split.lines, ElementsAre("ab", "cd", "e"));
  EXPECT_THAT(split.skipped, IsEmpty());
}

TEST(LineSplitter, SkipsALineThatIsTooLongAndGoesOn) {
  Split split;
  const std::string chunk(1 << 16, 'x');

  split.splitter.feed("before\n");
  for (int i = 0; i < 1600; ++i) split.splitter.feed(chunk);
  split.splitter.feed("\nafter\n");

  EXPECT_THAT(split.lines, ElementsAre("before", "after"));
  EXPECT_THAT(split.skipped, ElementsAre(1600u << 16));
}

}  // namespace
}  // namespace tune

// The reports among a program's lines, and what is said if there are none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainables/command/report_reader.h"

namespace tune {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ReportBy = CommandSpec::ReportBy;

TEST(ReportReader, GivesEachReportOnce) {
  ReportReader reader(ReportBy::kStdout, {"loss"});
  for (const char* line : {"epoch 1", R"({"loss": 1})", R"({"lr": 1})", R"({"loss": 2})"}) reader.read(line);

  EXPECT_THAT(reader.take(), SizeIs(2));
  EXPECT_THAT(reader.take(), IsEmpty());
  EXPECT_FALSE(reader.fault());
}

TEST(ReportReader, ReadsNothingBeyondAFault) {
  ReportReader reader(ReportBy::kStdout, {"loss"});
  for (const char* line : {R"({"loss": 1})", R"({"loss": 2, "training_iteration": 0.5})", R"({"loss": 3})"}) {
    reader.read(line);
  }
  EXPECT_THAT(reader.take(), SizeIs(1));
  ASSERT_TRUE(reader.fault());
  EXPECT_THAT(reader.fault()->message, HasSubstr("training_iteration"));
}

TEST(ReportReader, SaysWhyNothingWasAReport) {
  const auto why = [](ReportBy by, std::vector<std::string> objective, std::vector<std::string> lines) {
    ReportReader reader(by, std::move(objective));
    for (const std::string& line : lines) reader.read(line);
    return reader.why_none();
  };
  EXPECT_EQ(why(ReportBy::kStdout, {"loss"}, {}), "no line on stdout was a JSON object that holds 'loss'");
  EXPECT_EQ(why(ReportBy::kFile, {}, {"x"}), "no line in $TUNE_REPORT_FILE was a JSON object that holds a number");
  EXPECT_EQ(why(ReportBy::kPairs, {"a", "b"}, {}), "no line on stdout was name=value pairs that hold 'a' or 'b'");
  EXPECT_EQ(why(ReportBy::kPairs, {"loss"}, {"acc=1 lr=2", "x=1"}), "it printed acc, lr, and not 'loss'");
  EXPECT_THAT(why(ReportBy::kStdout, {"loss"}, {R"({"acc": 1})", R"({"loss": "low"})"}),
              HasSubstr(R"("low" for 'loss' is no number)"));
}

TEST(ReportReader, TellsAProgramThatWaitsWhatIsWrong) {
  const ReportReader reader(ReportBy::kPairs, {"loss"});
  EXPECT_TRUE(reader.read_sent(R"({"loss": 1})"));
  EXPECT_THAT(reader.read_sent("loss=1").error().message, HasSubstr("no report: "));
  EXPECT_EQ(reader.read_sent("[1]").error().message, "no report: not a JSON object");
  EXPECT_EQ(reader.read_sent(R"({"acc": 1})").error().message, "it reports acc; the objective is 'loss'");
  EXPECT_EQ(reader.read_sent("{}").error().message, "it reports no number; the objective is 'loss'");
  EXPECT_THAT(reader.read_sent(R"({"loss": "low"})").error().message, HasSubstr("is no number"));
}

}  // namespace
}  // namespace tune

#include "experiments/export/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/json.h"
#include "tests/experiments/export/fake_reader.h"

namespace tune {
namespace {

using ::testing::EndsWith;
using testing::FakeReader;
using ::testing::HasSubstr;

FakeReader two_trials() {
  FakeReader reader;
  reader.add_trial(0, R"({"lr":0.5,"net":{"width":8}})", R"({"loss":3.25})", 3.25);
  reader.add_trial(1, R"({"lr":0.25})", R"({"loss":1.0})", 1.0).reason = "worse, by far | \"really\"";
  return reader;
}

TableOptions few() {
  TableOptions options;
  options.columns = {"trial_id", "status", "stop_reason", "loss", "best/loss", "config/lr", "config/net/width"};
  return options;
}

template <class Writer>
std::string written(const FakeReader& reader, TableOptions options, Writer write) {
  const auto table = Table::open(reader, reader.row, options);
  EXPECT_TRUE(table.has_value());
  std::ostringstream out;
  EXPECT_TRUE(write(*table, out).has_value());
  return out.str();
}

TEST(Write, CsvIsAHeaderAndARowATrial) {
  EXPECT_EQ(written(two_trials(), few(), [](const Table& t, std::ostream& out) { return write_csv(t, false, out); }),
            "trial_id,status,stop_reason,loss,best/loss,config/lr,config/net/width\n"
            "exp-00000,completed,its own end,3.25,3.25,0.5,8\n"
            "exp-00001,completed,\"worse, by far | \"\"really\"\"\",1,1,0.25,\n");
}

TEST(Write, CsvForExcelHasAByteOrderMarkAndGuardsFormulas) {
  FakeReader reader = two_trials();
  reader.trial_rows[0].reason = "=1+1";
  const std::string text =
      written(reader, few(), [](const Table& t, std::ostream& out) { return write_csv(t, true, out); });
  EXPECT_TRUE(text.starts_with("\xEF\xBB\xBFtrial_id,"));
  EXPECT_THAT(text, HasSubstr(",'=1+1,"));
}

TEST(Write, CsvForExcelGuardsTheNamesOfMetricsToo) {
  FakeReader reader = two_trials();
  reader.trial_rows[0].metrics_json = R"({"=1+1":1,"a\nb":2})";
  TableOptions all;
  const std::string text =
      written(reader, all, [](const Table& t, std::ostream& out) { return write_csv(t, true, out); });
  EXPECT_THAT(text.substr(0, text.find("best/loss")), HasSubstr(",'=1+1,\"a\nb\","));
}

TEST(Write, JsonLinesAreNestedObjectsWithoutWhatIsAbsent) {
  std::istringstream lines(written(two_trials(), few(), write_json_lines));
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, R"({"trial_id":"exp-00000","status":"completed","stop_reason":"its own end","metrics":{"loss":3.25},)"
                  R"("best":{"loss":3.25},"config":{"lr":0.5,"net":{"width":8}}})");
  ASSERT_TRUE(std::getline(lines, line));
  const auto second = parse_json(line);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(*second->find("config"), (Map{{"lr", 0.25}}));
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(Write, JsonIsOneListOfTheSameObjects) {
  const auto list = parse_json(written(two_trials(), few(), write_json));
  ASSERT_TRUE(list.has_value());
  ASSERT_TRUE(list->is_list());
  std::string lines;
  for (const Value& row : list->list()) lines += to_json(row) + "\n";
  EXPECT_EQ(lines, written(two_trials(), few(), write_json_lines));
}

TEST(Write, AnEmptyTableIsAnEmptyJsonList) { EXPECT_EQ(*parse_json(written(FakeReader(), few(), write_json)), List()); }

TEST(Write, MarkdownShowsTheBestInBoldAndEscapesBars) {
  const std::string text = written(two_trials(), few(), write_markdown);
  EXPECT_THAT(text, HasSubstr("| trial_id | status | stop_reason | loss | best/loss | config/lr | config/net/width |\n"
                              "| --- | --- | --- | --- | --- | --- | --- |\n"));
  EXPECT_THAT(text, HasSubstr("| exp-00000 | completed | its own end | 3.25 | 3.25 | 0.5 | 8 |\n"));
  EXPECT_THAT(text, EndsWith("worse, by far \\| \"really\" | 1 | **1** | 0.25 |  |\n"));
}

TEST(Write, MarkdownOfAMaximisedMetricMarksTheLargest) {
  FakeReader reader = two_trials();
  reader.row.mode = "max";
  EXPECT_THAT(written(reader, few(), write_markdown), HasSubstr("**3.25**"));
}

TEST(Write, InfinitiesAndNaNSurviveJson) {
  FakeReader reader;
  reader.add_trial(0, R"({"lr":1})", R"({"loss":"NaN"})", 0).best_class = 1;
  const auto row = parse_json(written(reader, few(), write_json_lines));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(*row->find("metrics")->find("loss"), Value("NaN"));
}

}  // namespace
}  // namespace tune

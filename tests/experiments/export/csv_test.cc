#include "experiments/export/csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

namespace tune {
namespace {

std::string row(const std::vector<std::string>& cells) {
  std::ostringstream out;
  write_csv_row(out, cells);
  return out.str();
}

TEST(Csv, PlainCellsAreNotQuoted) { EXPECT_EQ(row({"a", "", "1.5", "two words"}), "a,,1.5,two words\n"); }

TEST(Csv, CellsWithSeparatorsAreQuotedAndQuotesDoubled) {
  EXPECT_EQ(row({"a,b", "say \"hi\"", "two\nlines", "cr\r"}), "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\"\n");
}

TEST(Csv, RealsAreTheShortestThatReadBackEqual) {
  EXPECT_EQ(cell_text(0.1), "0.1");
  EXPECT_EQ(std::stod(cell_text(0.1 + 0.2)), 0.1 + 0.2);
  EXPECT_EQ(cell_text(std::nan("")), "nan");
  EXPECT_EQ(cell_text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(cell_text(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(Csv, OtherValuesAreText) {
  EXPECT_EQ(cell_text(Value()), "");
  EXPECT_EQ(cell_text(12), "12");
  EXPECT_EQ(cell_text(true), "true");
  EXPECT_EQ(cell_text("sgd"), "sgd");
  EXPECT_EQ(cell_text(List{1, "a"}), R"([1,"a"])");
  EXPECT_EQ(cell_text(Map{{"a", 1}}), R"({"a":1})");
}

TEST(Csv, ParametersOfGroupsBecomePathsWithSlashes) {
  EXPECT_EQ(config_column("lr"), "config/lr");
  EXPECT_EQ(config_column("optimizer.sgd.momentum"), "config/optimizer/sgd/momentum");
}

TEST(Csv, CellsThatASpreadsheetWouldRunGetAQuote) {
  for (const std::string formula : {"=1+1", "+cmd", "-x", "@sum", "\tx"})
    EXPECT_EQ(guard_formula(formula), "'" + formula);
}

TEST(Csv, NumbersAndPlainTextAreLeftAlone) {
  for (const std::string plain : {"-1.5", "+3", "-inf", "1e-4", "sgd", ""}) EXPECT_EQ(guard_formula(plain), plain);
}

}  // namespace
}  // namespace tune

#include "trainables/command/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using tune::testing::ScratchDirectory;

class TheReportFile : public ::testing::Test {
 protected:
  TheReportFile() { EXPECT_TRUE(file.make(scratch / "reports")); }
  void append(const std::string& text) { std::ofstream(file.path(), std::ios::app) << text; }

  ScratchDirectory scratch;
  ReportFile file;
  std::vector<std::string> read;
  LineSplitter lines{[this](std::string_view line) { read.emplace_back(line); }, [](std::uint64_t) {}};
};

TEST_F(TheReportFile, IsReadFromWhereTheLastReadingEnded) {
  append("one\ntw");
  EXPECT_FALSE(file.read_new(lines));
  append("o\nthree");
  file.read_new(lines);
  file.read_new(lines);
  EXPECT_THAT(read, ElementsAre("one", "two"));
  lines.finish();
  EXPECT_THAT(read, ElementsAre("one", "two", "three"));
}

TEST_F(TheReportFile, IsReadAnewOnceItIsShorter) {
  append("one\ntwo\nhalf a li");
  file.read_new(lines);
  std::filesystem::resize_file(file.path(), 0);
  append("three\n");
  file.read_new(lines);
  EXPECT_THAT(read, ElementsAre("one", "two", "three"));
}

TEST_F(TheReportFile, IsReadAnewOnceItIsAnother) {
  append("one\nhalf");
  file.read_new(lines);
  scratch.write("new", "a longer one\nthan before\n");
  std::filesystem::rename(scratch / "new", file.path());
  file.read_new(lines);
  EXPECT_THAT(read, ElementsAre("one", "a longer one", "than before"));
}

TEST_F(TheReportFile, IsReadInHelpings) {
  append(std::string(9 << 20, 'x') + "\nlast\n");
  EXPECT_TRUE(file.read_new(lines));
  EXPECT_TRUE(file.read_new(lines));
  EXPECT_FALSE(file.read_new(lines));
  EXPECT_THAT(read, ElementsAre("last"));
}

TEST_F(TheReportFile, MayBeGoneOrNoFileAtAll) {
  append("one\n");
  file.read_new(lines);
  std::filesystem::remove(file.path());
  EXPECT_FALSE(file.read_new(lines));
  ASSERT_EQ(mkfifo(file.path().c_str(), 0600), 0);
  EXPECT_FALSE(file.read_new(lines));
  std::filesystem::remove(file.path());
  std::filesystem::create_directory(file.path());
  EXPECT_FALSE(file.read_new(lines));
  EXPECT_THAT(read, ElementsAre("one"));
}

}  // namespace
}  // namespace tune

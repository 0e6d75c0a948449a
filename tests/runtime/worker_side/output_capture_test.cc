#include "core/runtime/output_capture.h"

#include <gtest/gtest.h>

namespace tune {
namespace {

TEST(OutputCapture, KeepsAllOfWhatIsShort) {
  OutputCapture capture;
  capture.add("one\n");
  capture.add("two\n");
  EXPECT_EQ(capture.head(), "one\ntwo\n");
  EXPECT_EQ(capture.tail(), "");
  EXPECT_EQ(capture.total(), 8u);
}

TEST(OutputCapture, KeepsBeginningAndEndOfWhatIsLong) {
  std::string all;
  OutputCapture capture;
  for (int i = 0; all.size() < 3'000'000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    all += line;
    capture.add(line);
  }
  EXPECT_EQ(capture.head(), all.substr(0, OutputCapture::kHead));
  EXPECT_EQ(capture.tail(), all.substr(all.size() - OutputCapture::kTail));
  EXPECT_EQ(capture.total(), all.size());
}

TEST(OutputCapture, TakesOneEnormousLine) {
  std::string line(5'000'000, 'x');
  line.back() = 'y';
  OutputCapture capture;
  capture.add(line);
  EXPECT_EQ(capture.head().size(), OutputCapture::kHead);
  EXPECT_EQ(capture.tail().size(), OutputCapture::kTail);
  EXPECT_EQ(capture.tail().back(), 'y');
}

TEST(OutputCapture, NeitherLosesNorRepeatsAByteBetweenHeadAndTail) {
  const std::string bytes(OutputCapture::kHead + 10, 'a');
  OutputCapture capture;
  capture.add(bytes);
  EXPECT_EQ(capture.head().size() + capture.tail().size(), bytes.size());
}

TEST(OutputCapture, GivesTheLastLines) {
  OutputCapture capture;
  EXPECT_EQ(capture.last_lines(3, 100), "");
  capture.add("a\nb\nc\nd\n\n");
  EXPECT_EQ(capture.last_lines(1, 100), "d");
  EXPECT_EQ(capture.last_lines(3, 100), "b\nc\nd");
  EXPECT_EQ(capture.last_lines(10, 100), "a\nb\nc\nd");
  EXPECT_EQ(capture.last_lines(10, 3), "c\nd");
  EXPECT_EQ(capture.last_lines(0, 100), "");
}

}  // namespace
}  // namespace tune

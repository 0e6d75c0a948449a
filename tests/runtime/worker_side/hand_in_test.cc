// What of a hand-in is taken in: all of a whole one of either version, and of a damaged one what lies before the
// damage.

#include "core/runtime/hand_in.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/sha256.h"
#include "tests/trainables/scratch_directory.h"

namespace tune {
namespace {

constexpr wire::AttemptKey kKey{TrialId{1}, Attempt{1}};
constexpr int kMessages = 5;

ReportMessage report(Seq seq) {
  ReportMessage message;
  message.log.trial = kKey.trial;
  message.log.attempt = kKey.attempt;
  message.log.seq = seq;
  return message;
}

class HandIn : public ::testing::Test {
 protected:
  /// How many messages are taken, and whether the file is said to be whole.
  std::pair<int, bool> read(const std::string& bytes) {
    folder_.write("it", bytes);
    int taken = 0;
    const auto read = read_hand_in(folder_ / "it", [&](const wire::Envelope& envelope) {
      EXPECT_EQ(std::get<ReportMessage>(envelope.body).log.seq, ++taken);
    });
    EXPECT_TRUE(read || read.error().code == ErrorCode::kDamaged);
    return {taken, read.has_value()};
  }
  std::string written() {
    Spool spool;
    for (Seq seq = 1; seq <= kMessages; ++seq) EXPECT_TRUE(spool.add(kKey, seq, report(seq), false));
    EXPECT_TRUE(write_hand_in(folder_ / "new", spool));
    return folder_.read("new");
  }
  testing::ScratchDirectory folder_;
};

TEST_F(HandIn, IsTakenInUpToItsDamage) {
  const std::string whole = written();
  EXPECT_EQ(read(whole), std::pair(kMessages, true));
  EXPECT_EQ(read(""), std::pair(0, false));
  int most = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    const auto [taken, is_whole] = read(flipped);
    EXPECT_FALSE(is_whole) << at;
    most = std::max(most, taken);
    const auto [of_cut, cut_is_whole] = read(whole.substr(0, at));
    EXPECT_FALSE(cut_is_whole) << at;
    EXPECT_LT(of_cut, kMessages) << at;
  }
  EXPECT_EQ(most, kMessages);  // damage in the header alone
}

TEST_F(HandIn, OfVersionOneIsTakenInAsAWhole) {
  std::string frames;
  for (Seq seq = 1; seq <= kMessages; ++seq) ASSERT_TRUE(wire::append_frame(frames, report(seq)));
  const std::string header = fmt::format("tune hand-in 1 {:020} {}\n", frames.size(), sha256_hex(frames));
  EXPECT_EQ(read(header + frames), std::pair(kMessages, true));
  frames.back() = static_cast<char>(frames.back() ^ 1);
  EXPECT_EQ(read(header + frames), std::pair(0, false));
}

}  // namespace
}  // namespace tune

#include "core/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace tune {
namespace {

using Block = std::array<std::uint32_t, 4>;

// The known answers that Random123 ships for philox4x32 with 10 rounds.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, CanBeReadFromAnyPosition) {
  RandomStream stream(7, "suggest", 3, "lr");
  std::vector<std::uint64_t> draws;
  for (int i = 0; i < 9; ++i) draws.push_back(stream.next());
  EXPECT_EQ(stream.position(), 9u);
  for (std::uint64_t at : {8u, 0u, 5u, 4u}) {
    RandomStream other(7, "suggest", 3, "lr");
    other.seek(at);
    EXPECT_EQ(other.next(), draws[at]);
    EXPECT_EQ(other.position(), at + 1);
  }
}

TEST(RandomStream, DependsOnEachPartOfItsKey) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed : {0u, 1u, 2u}) {
    for (const char* purpose : {"", "a", "b", "ab"}) {
      for (std::int64_t trial : {-1, 0, 1, 256}) {
        for (const char* path : {"", "a", "b", "ab", "ba", "a.b"})
          firsts.insert(RandomStream(seed, purpose, trial, path).next());
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3u * 4 * 4 * 6);
}

TEST(RandomStream, DrawsUniformNumbersInTheHalfOpenInterval) {
  RandomStream stream(1, "uniform", 0);
  constexpr int kDraws = 100'000;
  std::array<int, 20> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++counts[static_cast<std::size_t>(u * 20)];
  }
  double chi_square = 0;
  for (int count : counts) chi_square += std::pow(count - kDraws / 20.0, 2) / (kDraws / 20.0);
  EXPECT_LT(chi_square, 43.8);  // 19 degrees of freedom, 0.1 %
}

TEST(RandomStream, OpenUniformNeverTouchesItsEnds) {
  RandomStream stream(1, "open", 0);
  for (int i = 0; i < 100'000; ++i) {
    const double u = stream.uniform_open();
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
  }
}

TEST(RandomStream, DrawsBelowABoundWithoutBias) {
  RandomStream stream(1, "below", 0);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts[stream.below(7)];
  double chi_square = 0;
  for (int count : counts) chi_square += std::pow(count - 10'000, 2) / 10'000;
  EXPECT_LT(chi_square, 22.5);  // 6 degrees of freedom, 0.1 %
  EXPECT_EQ(stream.below(1), 0u);
}

// With plain modulo, the lower half of this bound would come twice as often.
TEST(RandomStream, RejectsWhatWouldBeDrawnOnceTooOften) {
  constexpr std::uint64_t kBound = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  RandomStream stream(1, "reject", 0);
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t x = stream.below(kBound);
    ASSERT_LT(x, kBound);
    lower += x < kBound / 3;
  }
  EXPECT_NEAR(lower, 10'000, 300);
  EXPECT_GT(stream.position(), 35'000u);
}

TEST(RandomStream, DrawsNormalNumbers) {
  RandomStream stream(1, "normal", 0);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.015);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(RandomStream, NeighbouringStreamsAreUncorrelated) {
  double sum = 0;
  constexpr int kStreams = 20'000;
  for (int trial = 0; trial < kStreams; ++trial) {
    sum += (RandomStream(9, "suggest", trial, "x").uniform() - 0.5) *
           (RandomStream(9, "suggest", trial + 1, "x").uniform() - 0.5);
  }
  EXPECT_NEAR(sum / kStreams * 12, 0, 0.03);
}

TEST(StableHash, TellsTextsOfEqualStartApart) {
  std::set<std::uint64_t> hashes;
  std::string text;
  for (int i = 0; i < 40; ++i) {
    hashes.insert(stable_hash(0, text));
    text += '\0';
  }
  EXPECT_EQ(hashes.size(), 40u);
  EXPECT_NE(stable_hash(0, "abcdefgh"), stable_hash(1, "abcdefgh"));
}

TEST(TrialSeed, FitsWhatProgramsTakeAsASeed) {
  std::set<std::uint64_t> seeds;
  for (std::int64_t trial = 0; trial < 1000; ++trial) {
    const std::uint64_t seed = trial_seed(42, TrialId{trial});
    EXPECT_LT(seed, std::uint64_t{1} << 31);
    seeds.insert(seed);
  }
  EXPECT_GE(seeds.size(), 999u);
  EXPECT_NE(trial_seed(1, TrialId{0}), trial_seed(2, TrialId{0}));
}

// Every configuration of every seed hangs on these: they must not move.
TEST(RandomStream, GivesTheGoldenDraws) {
  RandomStream stream(7, "suggest", 3, "model.lr");
  EXPECT_EQ(stream.next(), 0xe9e88d37be86bd95u);
  EXPECT_EQ(stream.next(), 0x5d7bd8a0525d2079u);
  EXPECT_EQ(stream.uniform(), 0x1.4eef67110c78ep-1);
  EXPECT_EQ(stream.uniform_open(), 0x1.26283600f8p-16);
  EXPECT_EQ(stream.below(1000), 753u);
  EXPECT_EQ(stream.normal(), -0x1.575f5ae496a3ep-5);
  EXPECT_EQ(stable_hash(7, "suggest"), 0xfe0fa05b51821e76u);
  EXPECT_EQ(trial_seed(7, TrialId{17}), 767474343u);
}

}  // namespace
}  // namespace tune

#include "schedulers/rung_ranks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/rng.h"

namespace tune {
namespace {

TEST(RungRanks, AgreesWithCountingOneByOne) {
  RandomStream random(7, "ranks", 0);
  RungRanks ranks;
  std::vector<RungEntry> all;
  for (std::int64_t event = 1; event <= 2000; ++event) {
    Score score = Score::of(static_cast<double>(random.below(300)), Mode::kMin, EventNumber{event});
    if (random.below(20) == 0) score = Score::of(NAN, Mode::kMin, EventNumber{event});
    if (random.below(20) == 0) score = Score::failed(EventNumber{event});
    const RungEntry entry{score, TrialId{event}};
    const auto better =
        std::count_if(all.begin(), all.end(), [&](const RungEntry& e) { return strictly_better(e.score, score); });
    const auto before = std::count_if(all.begin(), all.end(), [&](const RungEntry& e) { return e < entry; });
    ASSERT_EQ(ranks.better_than(score), better);
    ASSERT_EQ(ranks.rank(entry), before + 1);
    ranks.insert(entry);
    all.push_back(entry);
    ASSERT_EQ(ranks.size(), event);
    ASSERT_EQ(ranks.rank(entry), before + 1);
  }
}

TEST(RungRanks, KeepsTrialsThatFailAtOneEventApart) {
  RungRanks ranks;
  ranks.insert({Score::failed(EventNumber{5}), TrialId{1}});
  ranks.insert({Score::failed(EventNumber{5}), TrialId{2}});
  EXPECT_EQ(ranks.size(), 2);
}

TEST(RungRanks, TreatsZerosOfBothSignsAsEqual) {
  RungRanks ranks;
  ranks.insert({Score::of(0.0, Mode::kMin, EventNumber{1}), TrialId{1}});
  EXPECT_EQ(ranks.better_than(Score::of(-0.0, Mode::kMin, EventNumber{2})), 0);
  EXPECT_EQ(ranks.better_than(Score::of(0.0, Mode::kMax, EventNumber{2})), 0);
}

}  // namespace
}  // namespace tune

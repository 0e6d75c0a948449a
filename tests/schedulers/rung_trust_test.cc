// What a rung has to show before it stops anybody (grace_period: auto), by hand and against chance.

#include "schedulers/rung_trust.h"

#include <gmock/gmock.h>

#include <limits>

#include "core/rng.h"
#include "schedulers/rungs.h"
#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

using Passage = RungTrust::Passage;
using ::testing::HasSubstr;

const std::vector<double> kLevels = {1, 4, 16};

Score score(double u, std::int64_t event) { return Score::of(u, Mode::kMin, EventNumber{event}); }

/// Trials that all train to the end; `of(trial, level)` is what they report there.
template <class Of>
RungTrust after(std::int64_t trials, Of of, Passage passage = Passage::kKept) {
  RungTrust trust(kLevels, 3);
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < trials; ++trial) {
    for (std::size_t level = 0; level < kLevels.size(); ++level) {
      trust.arrive(TrialId{trial}, level, score(of(trial, level), ++event), passage);
    }
  }
  return trust;
}

double any_order(std::int64_t trial, std::size_t level) {
  return RandomStream(5, "any order", trial * 10 + static_cast<std::int64_t>(level)).uniform();
}

TEST(RungTrust, KeepsAllWhileNothingIsKnown) {
  const RungTrust trust(kLevels, 3);
  EXPECT_EQ(trust.keeps(0, 7), 7);
  EXPECT_FALSE(trust.is_proved(0));
  EXPECT_THAT(trust.words(0), HasSubstr("too few went further"));
}

TEST(RungTrust, TwoTrialsOfThreeAreTooFewToJudgeBy) {
  EXPECT_EQ(after(2, [](auto trial, auto) { return static_cast<double>(trial); }).keeps(0, 12), 12);
}

TEST(RungTrust, ARungThatRanksAsTheEndDoesKeepsOneInEta) {
  const RungTrust trust = after(30, [](auto trial, auto) { return static_cast<double>(trial * 7 % 30); });
  EXPECT_EQ(trust.keeps(0, 30), 10);
  EXPECT_EQ(trust.keeps(1, 31), 10);
  EXPECT_TRUE(trust.is_proved(0));
  EXPECT_THAT(trust.words(0), HasSubstr("its best 1/3 held 8 of 8 winners at 16"));
}

TEST(RungTrust, ARungThatRanksTheOtherWayRoundKeepsAll) {
  const RungTrust trust =
      after(30, [](auto trial, auto level) { return static_cast<double>(level == 0 ? -trial : trial); });
  EXPECT_EQ(trust.keeps(0, 30), 30);
  EXPECT_FALSE(trust.is_proved(0));
  EXPECT_TRUE(trust.is_proved(1)) << "its neighbour's fault is not its own";
}

TEST(RungTrust, ItsNumbersAreThoseOfTheFormula) {
  // Of 12 trials the four best at the end rank 1, 2, 3 and 7 in rung 0. With A = 1 and D = 15 (rung 1 is neutral: it
  // ranks them worst, so it keeps all), h(f)/(1 + 15 f) of the twelfths f: 4/12 gives (1/3 + 3)/5 / 6 = 0.1111, 7/12
  // gives (7/12 + 4)/5 / 9.75 = 0.0940, all give 1/16 = 0.0625.
  const std::vector<double> first = {1, 2, 3, 7, 4, 5, 6, 8, 9, 10, 11, 12};
  const RungTrust trust = after(12, [&](auto trial, auto level) {
    if (level == 0) return first[static_cast<std::size_t>(trial)];
    return level == 1 ? static_cast<double>(-trial) : static_cast<double>(trial);
  });
  EXPECT_EQ(trust.keeps(1, 12), 12);
  EXPECT_EQ(trust.keeps(0, 12), 4);
  EXPECT_THAT(trust.words(0), HasSubstr("held 3 of 4"));
}

TEST(RungTrust, AWinnerThatWasLetThroughCountsForThoseThatWereNot) {
  // Twenty trials, ranked alike everywhere but for the winner, which was last in rung 0 and let through.
  const auto of = [](std::int64_t trial, std::size_t level) {
    return trial == 19 && level > 0 ? -1.0 : static_cast<double>(trial);
  };
  RungTrust trust(kLevels, 3);
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < 20; ++trial) {
    for (std::size_t level = 0; level < 3; ++level) {
      const bool through = trial == 19 && level == 0;
      trust.arrive(TrialId{trial}, level, score(of(trial, level), ++event),
                   through ? Passage::kLetThrough : Passage::kKept);
    }
  }
  EXPECT_THAT(trust.words(0), HasSubstr("held 5 of 13 winners"));
}

TEST(RungTrust, EveryEighthIsLetThrough) {
  RungTrust trust(kLevels, 3);
  int let = 0;
  for (int i = 1; i <= 80; ++i) {
    let += trust.lets_next_through(1);
    trust.turn_away(1);
  }
  EXPECT_EQ(let, 10);
}

TEST(RungTrust, TrialsThatOthersJudgedTellNothing) {
  const RungTrust trust = after(
      30, [](auto trial, auto) { return static_cast<double>(trial); }, Passage::kJudgedApart);
  EXPECT_FALSE(trust.is_proved(0));
}

TEST(RungTrust, AMonotoneMapOfTheMetricChangesNothing) {
  const RungTrust plain = after(40, any_order);
  const RungTrust bent = after(40, [](auto trial, auto level) {
    const double x = any_order(trial, level);
    return x * x * x * 1e6 - 7;
  });
  for (std::size_t rung = 0; rung < 2; ++rung) EXPECT_EQ(plain.keeps(rung, 1000), bent.keeps(rung, 1000));
}

TEST(RungTrust, NaNIsNoWinner) {
  const RungTrust trust =
      after(30, [](auto trial, auto level) { return level == 2 ? std::numeric_limits<double>::quiet_NaN() : trial; });
  EXPECT_EQ(trust.keeps(0, 30), 30);
}

// --- in the schedulers -----------------------------------------------------------------------------------------------

TEST(AutoGrace, StopsNobodyBeforeSomebodyHasGoneFurther) {
  const auto asha = make("asha", {{"max_t", 16}, {"grace_period", "auto"}, {"reduction_factor", 3}});
  for (std::int64_t trial = 0; trial < 10; ++trial) {
    asha->on_started(TrialId{trial}, {}, {});
    const auto verdict = tell(*asha, report_of(trial, 1, static_cast<double>(trial), trial + 1));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->verdict, Verdict::kContinue) << verdict->reason;
    EXPECT_THAT(verdict->reason, HasSubstr("too few went further"));
  }
}

TEST(AutoGrace, ARungThatHasProvedItselfStopsAtOnceAlsoWhoHasPassedIt) {
  const auto asha = make("asha", {{"max_t", 16}, {"grace_period", "auto"}, {"reduction_factor", 3}});
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < 9; ++trial) asha->on_started(TrialId{trial}, {}, {});
  for (std::int64_t trial = 0; trial < 9; ++trial)
    tell(*asha, report_of(trial, 1, static_cast<double>(trial), ++event));
  // The three best go on; that they rank alike at 2 proves rung 1.
  for (std::int64_t trial = 0; trial < 3; ++trial)
    tell(*asha, report_of(trial, 2, static_cast<double>(trial), ++event));
  const auto verdict = tell(*asha, report_of(8, 2, -1, ++event));  // first at 2, though last at 1
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->verdict, Verdict::kStop);
  EXPECT_THAT(verdict->reason, HasSubstr("rank 9 of 9 in rung 1, which by now keeps 3"));
}

TEST(AutoGrace, WatchesAtMostTenLevelsOfEachTwiceTheOneBefore) {
  EXPECT_EQ(auto_levels(52), (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 52}));
  EXPECT_EQ(auto_levels(4), (std::vector<std::int64_t>{1, 2, 4}));
  EXPECT_EQ(auto_levels(1), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(auto_levels(1'000'000).front(), 1024);
  EXPECT_EQ(auto_levels(1'000'000).size(), 11u);
  EXPECT_EQ(auto_levels(std::numeric_limits<std::int64_t>::max()).size(), 11u);
  EXPECT_EQ(real_auto_levels(2).front(), 2.0 / 1024);
}

TEST(AutoGrace, HyperBandOpensNoBracketWhoseLevelsHaveNotProvedThemselves) {
  const auto hyperband = make("hyperband", {{"max_t", 27}, {"grace_period", "auto"}});
  const auto first = hyperband->propose({true, true, false, 0});
  ASSERT_TRUE(first);
  EXPECT_THAT(first->reason, HasSubstr("(s = 0, round 1)"));
  EXPECT_THAT(first->reason, HasSubstr("halves nowhere yet, not even at 9: auto: too few"));
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < 4; ++trial) {
    const auto proposal = hyperband->propose({true, true, false, 0});
    hyperband->on_started(TrialId{trial}, proposal->placement, {});
  }
  for (std::int64_t t = 1; t <= 27; ++t) {
    for (std::int64_t trial = 0; trial < 4; ++trial) {
      tell(*hyperband, report_of(trial, static_cast<double>(t), static_cast<double>(trial), ++event));
    }
  }
  const auto next = hyperband->propose({true, true, false, 0});
  ASSERT_TRUE(next);
  EXPECT_THAT(next->reason, HasSubstr("(s = 3, round 2)")) << "the order never changed, so all levels are proved";
}

}  // namespace
}  // namespace tune::test

// What a rung has to show before it stops anybody (grace_period: auto), by hand and against chance.

#include "schedulers/rung_trust.h"

#include <gmock/gmock.h>

#include <limits>

#include "core/rng.h"
#include "schedulers/rungs.h"
#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

using ::testing::HasSubstr;

const std::vector<double> kLevels = {1, 4, 16};

Score score(double u, std::int64_t event) { return Score::of(u, Mode::kMin, EventNumber{event}); }

/// Trials that all train to the end; `of(trial, level)` is what they report there.
template <class Of>
RungTrust after(std::int64_t trials, Of of) {
  RungTrust trust(kLevels, 3);
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < trials; ++trial) {
    for (std::size_t level = 0; level < kLevels.size(); ++level) {
      trust.arrive(TrialId{trial}, level, score(of(trial, level), ++event));
    }
  }
  return trust;
}

double any_order(std::int64_t trial, std::size_t level) {
  return RandomStream(5, "any order", trial * 10 + static_cast<std::int64_t>(level)).uniform();
}

double in_order(std::int64_t trial, std::size_t) { return static_cast<double>(trial); }

TEST(RungTrust, TheLowestRungKeepsAllWhileNothingIsKnown) {
  const RungTrust trust(kLevels, 3);
  EXPECT_EQ(trust.keeps(0, 7), 7);
  EXPECT_FALSE(trust.is_proved(0));
  EXPECT_THAT(trust.words(0), HasSubstr("its best 1/3 is taken to hold 33% of the winners, none is known yet"));
}

TEST(RungTrust, ARungHalfwayToTheEndIsTakenToKnowHalfOfIt) {
  // (1/2 + 1/2 1/3) / (4 + 12/3) = 1/12 yields more than 1 / (4 + 12).
  const RungTrust trust(kLevels, 3);
  EXPECT_EQ(trust.keeps(1, 30), 10);
  EXPECT_TRUE(trust.is_proved(1));
  EXPECT_THAT(trust.words(1), HasSubstr("is taken to hold 67%"));
}

TEST(RungTrust, TwoTrialsOfThreeAreTooFewToJudgeBy) { EXPECT_EQ(after(2, in_order).keeps(0, 12), 12); }

TEST(RungTrust, AFewWinnersDoNotOutweighWhatWasTakenForGranted) {
  EXPECT_THAT(after(3, in_order).words(0), HasSubstr("held 1 of 1 winners at 16, and is taken to hold 39%"));
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
  // Of 12 trials, one in each part, the four best at the end rank 1, 2, 3 and 7 in rung 0: with a = 1/12 and c = 1/4
  // a part with a winner has the rate (1 + 8/12) / (1 + 8/4), one without (8/12) / 3, so that 4/12 hold 17/36. With A =
  // 1 and D = 15 (rung 1 keeps all, since it ranks the winners last), h(f) / (1 + 15 f): 4/12 yields 0.0787, 7/12
  // 0.0741, all 0.0625.
  const std::vector<double> first = {1, 2, 3, 7, 4, 5, 6, 8, 9, 10, 11, 12};
  const RungTrust trust = after(12, [&](auto trial, auto level) {
    if (level == 0) return first[static_cast<std::size_t>(trial)];
    return level == 1 ? static_cast<double>(-trial) : static_cast<double>(trial);
  });
  EXPECT_EQ(trust.keeps(1, 12), 12);
  EXPECT_EQ(trust.keeps(0, 12), 4);
  EXPECT_THAT(trust.words(0), HasSubstr("held 3 of 4 winners at 16, and is taken to hold 47%"));
}

/// Of 30 trials only the best ten of rung 0 go on, and `probes` of the others; all rank the same everywhere.
RungTrust after_stopping(std::int64_t probes) {
  RungTrust trust(kLevels, 3);
  std::int64_t event = 0;
  for (std::size_t level = 0; level < kLevels.size(); ++level) {
    for (std::int64_t trial = 0; trial < 30; ++trial) {
      if (level > 0 && trial >= 10 && trial < 30 - probes) continue;
      trust.arrive(TrialId{trial}, level, score(static_cast<double>(trial), ++event));
    }
  }
  return trust;
}

TEST(RungTrust, WinnersAmongThoseThatItLetGoOnProveLittle) {
  // All of them are in the best third because nobody else had a chance.
  EXPECT_THAT(after_stopping(0).words(0), HasSubstr("held 3 of 3 winners at 16, and is taken to hold 34%"));
}

TEST(RungTrust, ProbesThatDoNotWinProveMore) {
  EXPECT_THAT(after_stopping(4).words(0), HasSubstr("held 4 of 4 winners at 16, and is taken to hold 41%"));
}

TEST(RungTrust, WhoWasTurnedBackHasHadNoChance) {
  RungTrust trust = after_stopping(3), tried = after_stopping(3);
  for (std::int64_t trial = 27; trial < 30; ++trial) trust.turn_back(TrialId{trial}, 0);
  for (std::size_t level = 0; level < kLevels.size(); ++level) {  // one more is at the end: winners are weighed again
    trust.arrive(TrialId{30}, level, score(30, 1000));
    tried.arrive(TrialId{30}, level, score(30, 1000));
  }
  EXPECT_THAT(tried.words(0), HasSubstr("is taken to hold 40%"));
  EXPECT_THAT(trust.words(0), HasSubstr("is taken to hold 35%"));
}

TEST(RungTrust, ProbesTakeASixteenthOfTheTime) {
  RungTrust trust = after(14, in_order);  // 224 in all; a probe from rung 0 takes 15
  EXPECT_FALSE(trust.wants_probe(0));
  EXPECT_TRUE(trust.wants_probe(1)) << "from there it takes 12";
  trust.arrive(TrialId{14}, 0, score(14, 1000));
  trust.arrive(TrialId{14}, 1, score(14, 1001));
  trust.arrive(TrialId{14}, 2, score(14, 1002));
  EXPECT_TRUE(trust.wants_probe(0));
  trust.make_probe(TrialId{15}, 0);
  EXPECT_TRUE(trust.is_probe(TrialId{15}));
  EXPECT_FALSE(trust.wants_probe(1));
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

const OptionRow kAuto{{"max_t", 16}, {"grace_period", "auto"}, {"reduction_factor", 3}};

/// 24 trials that rank the same at every level have been trained to the end, whatever the rules say.
void train_to_the_end(Scheduler& scheduler) {
  std::int64_t event = 1000;
  for (std::int64_t trial = 0; trial < 24; ++trial) scheduler.on_started(TrialId{trial}, {}, {});
  for (const double t : {1, 2, 4, 8, 16}) {
    for (std::int64_t trial = 0; trial < 24; ++trial) {
      scheduler.on_report(report_of(trial, t, static_cast<double>(trial), ++event), nullptr);
    }
  }
}

std::optional<SchedulerVerdict> begins(Scheduler& scheduler, std::int64_t trial, double score) {
  scheduler.on_started(TrialId{trial}, {}, {});
  return tell(scheduler, report_of(trial, 1, score, 2000 + trial));
}

TEST(AutoGrace, StopsNobodyAtTheLowestRungBeforeSomebodyHasGoneFurther) {
  const auto asha = make("asha", kAuto);
  for (std::int64_t trial = 0; trial < 10; ++trial) {
    const auto verdict = begins(*asha, trial, static_cast<double>(trial));
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->verdict, Verdict::kContinue) << verdict->reason;
    EXPECT_THAT(verdict->reason, HasSubstr("none is known yet"));
  }
}

TEST(AutoGrace, ARungThatHasProvedItselfStopsAtOnceAlsoWhoHasPassedIt) {
  const auto asha = make("asha", kAuto);
  ASSERT_EQ(begins(*asha, 24, 100)->verdict, Verdict::kContinue);
  train_to_the_end(*asha);
  const auto verdict = tell(*asha, report_of(24, 2, 0.5, 3000));  // second at 2, though last at 1
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->verdict, Verdict::kStop);
  EXPECT_THAT(verdict->reason, HasSubstr("rank 25 of 25 in rung 1, which by now keeps 8"));
}

TEST(AutoGrace, TheBestThatHasComeToARungGoesOnWhateverItWasBefore) {
  const auto asha = make("asha", kAuto);
  ASSERT_EQ(begins(*asha, 24, 100)->verdict, Verdict::kContinue);
  train_to_the_end(*asha);
  EXPECT_EQ(tell(*asha, report_of(24, 2, -1, 3000))->verdict, Verdict::kContinue);
}

TEST(AutoGrace, AProbeGoesOnWhateverItsRank) {
  const auto asha = make("asha", kAuto);
  train_to_the_end(*asha);
  const auto probe = begins(*asha, 24, 100);
  EXPECT_EQ(probe->verdict, Verdict::kContinue);
  EXPECT_THAT(probe->reason, HasSubstr("goes on to try the rungs"));
  EXPECT_EQ(begins(*asha, 25, 100)->verdict, Verdict::kStop) << "there is time for one";
  EXPECT_EQ(tell(*asha, report_of(24, 2, 100, 3000))->verdict, Verdict::kContinue);
}

TEST(AutoGrace, PromotionKeepsCheckpointsThatARungWithoutTrustWouldAskFor) {
  OptionRow options = kAuto;
  options.emplace_back("variant", "promote");
  const auto asha = make("asha", options, 30);
  train_to_the_end(*asha);
  ASSERT_EQ(begins(*asha, 24, 100)->verdict, Verdict::kPause);  // a probe
  ASSERT_EQ(begins(*asha, 25, 100)->verdict, Verdict::kPause);
  const auto probe = asha->propose({true, true, false, 0});
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->kind, Proposal::Kind::kResume) << probe->reason;
  EXPECT_EQ(probe->trial, TrialId{24}) << "though it ranks too low";
  asha->on_proposal(*probe);
  EXPECT_TRUE(asha->may_resume(TrialId{25}));
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

TEST(AutoGrace, HyperBandHalvesAtLevelsThatAreKnownToPredictTheEnd) {
  const auto hyperband = make("hyperband", {{"max_t", 27}, {"grace_period", "auto"}});
  const auto first = hyperband->propose({true, true, false, 0});
  ASSERT_TRUE(first);
  EXPECT_THAT(first->reason, HasSubstr("(s = 3, round 1)"));
  EXPECT_THAT(first->reason, HasSubstr("begins to halve at 3: auto: ")) << "nobody knows of 1 yet";
  std::int64_t event = 0;
  for (std::int64_t trial = 0; trial < 28; ++trial) {
    hyperband->on_started(TrialId{trial}, {3}, {});  // brackets of four that are trained in full
    for (const double t : {1, 3, 9, 27}) {
      hyperband->on_report(report_of(trial, t, static_cast<double>(trial), ++event), nullptr);
    }
  }
  const auto next = hyperband->propose({true, true, false, 0});
  ASSERT_TRUE(next);
  EXPECT_THAT(next->reason, HasSubstr("(s = 3, round 2)"));
  EXPECT_THAT(next->reason, HasSubstr("begins to halve at 1: auto: ")) << "the order never changed";
}

}  // namespace
}  // namespace tune::test

// Elastic resources: who holds how many slots, when a trial takes or gives some, and that no scheduler and no kill
// minds.

#include <algorithm>

#include "brain.h"
#include "ruled.h"

namespace tune::test {
namespace {

using namespace testing;

ControllerOptions elastic(Elastic kind, std::int64_t trials) {
  ControllerOptions options = test::trials(trials);
  options.elastic = kind;
  return options;
}

/// On a machine of `capacity` slots, `slots` trials at a time.
std::vector<Decision> begin(Brain& brain, std::int64_t slots, std::int64_t capacity) {
  return brain.on(RunStarted{1, "test", brain.controller().rules(), slots, 0, capacity});
}

std::vector<std::int64_t> held(Brain& brain) {
  std::vector<std::int64_t> slots;
  for (const TrialId id : brain.controller().live()) slots.push_back(brain.controller().trial(id).slots);
  std::ranges::sort(slots, std::greater());
  return slots;
}

/// Reports until the trial is told to leave, at most `most` times, with a checkpoint where one is asked for.
std::vector<Decision> report_on(Brain& brain, std::int64_t trial, double loss, int most = 20) {
  for (int i = 0; i < most; ++i) {
    const bool save = brain.controller().wait_point(TrialId{trial}).save;
    const auto decisions = brain.report(trial, brain.trial(trial).last_step + 1, loss, save);
    if (brain.trial(trial).state != TrialState::kRunning) return decisions;
  }
  return {};
}

TEST(ElasticShares, AreWholeSlotsWithTheRemainderForTheFirst) {
  Brain brain(elastic(Elastic::kShares, 3));
  begin(brain, 3, 8);
  EXPECT_EQ(brain.trial(0).slots, 3);
  EXPECT_EQ(brain.trial(1).slots, 3);
  EXPECT_EQ(brain.trial(2).slots, 2);
}

TEST(ElasticShares, AreOneSlotEachWhereAsManyTrialsRunAsTheMachineHolds) {
  Brain brain(elastic(Elastic::kShares, 40));
  begin(brain, 8, 8);
  EXPECT_EQ(held(brain), std::vector<std::int64_t>(8, 1));
}

TEST(ElasticShares, GoToThoseThatStillRunOnceNothingNewStarts) {
  Brain brain(elastic(Elastic::kShares, 4));
  begin(brain, 4, 4);
  brain.ended(2);
  brain.ended(3);
  const auto decisions = report_on(brain, 0, 0.5);
  ASSERT_THAT(all<ResizeTrial>(decisions), ElementsAre(ResizeTrial{TrialId{0}, 2}));
  EXPECT_THAT(decisions.back().reason, HasSubstr("2 of 4 slots in place of 1: equal shares of 2 trials"));
  EXPECT_EQ(brain.trial(0).state, TrialState::kPausing);
  const auto resumed = all<ResumeTrial>(brain.ended(0, EndKind::kPaused));
  ASSERT_EQ(resumed.size(), 1u);
  EXPECT_EQ(resumed[0].why, ResumeWhy::kResized);
  EXPECT_EQ(resumed[0].slots, 2);
  EXPECT_TRUE(resumed[0].checkpoint);
  EXPECT_EQ(brain.trial(0).retries_used, 0);
}

TEST(ElasticShares, ComeBackAtOnceWhenATrialWaitsForASlot) {
  Brain brain(elastic(Elastic::kShares, 1));
  begin(brain, 2, 4);
  EXPECT_EQ(brain.trial(0).slots, 4);
  EXPECT_THAT(all<StartTrial>(brain.on(Commanded{CommandKind::kEnqueue, std::nullopt, 0})), IsEmpty());
  const auto decisions = report_on(brain, 0, 0.5, 3);
  ASSERT_THAT(all<ResizeTrial>(decisions), ElementsAre(ResizeTrial{TrialId{0}, 2}));
  EXPECT_THAT(decisions.back().reason, HasSubstr("one of which waits"));
  const auto after = brain.ended(0, EndKind::kPaused);
  EXPECT_EQ(all<ResumeTrial>(after).at(0).slots, 2);
  EXPECT_EQ(all<StartTrial>(after).at(0).slots, 2);
}

TEST(ElasticShares, ChangeForHalfAsMuchAgainAndNotForLess) {
  Brain brain(elastic(Elastic::kShares, 3));
  begin(brain, 3, 8);  // 3, 3 and 2
  brain.ended(0);      // the others may have 4 each: too little for the one with 3
  EXPECT_THAT(report_on(brain, 1, 0.5), IsEmpty());
  EXPECT_THAT(all<ResizeTrial>(report_on(brain, 2, 0.5)), ElementsAre(ResizeTrial{TrialId{2}, 4}));
}

TEST(ElasticTop, LendsAllThatIsLeftToTheBest) {
  Brain brain(elastic(Elastic::kTop, 3));
  begin(brain, 3, 8);
  EXPECT_EQ(held(brain), std::vector<std::int64_t>(3, 1));
  brain.report(1, 1, 0.3);
  brain.report(0, 1, 0.4);
  brain.report(2, 1, std::nan(""));
  EXPECT_THAT(report_on(brain, 0, 0.4), IsEmpty());
  EXPECT_THAT(report_on(brain, 2, std::nan("")), IsEmpty()) << "without a score it comes last";
  EXPECT_THAT(all<ResizeTrial>(report_on(brain, 1, 0.3)), ElementsAre(ResizeTrial{TrialId{1}, 6}));
  brain.ended(1, EndKind::kPaused);
  EXPECT_EQ(held(brain), (std::vector<std::int64_t>{6, 1, 1}));
}

TEST(ElasticTop, MovesToTheNextBestOnceTheHolderHasHadItForAWhile) {
  Brain brain(elastic(Elastic::kTop, 2));
  begin(brain, 2, 5);
  brain.report(0, 1, 0.5);
  brain.report(1, 1, 0.9);
  report_on(brain, 0, 0.5);
  brain.ended(0, EndKind::kPaused);
  ASSERT_EQ(held(brain), (std::vector<std::int64_t>{4, 1}));
  const std::int64_t since = brain.trial(0).reports;
  brain.report(1, 2, 0.1);
  EXPECT_THAT(all<ResizeTrial>(report_on(brain, 0, 0.5)), ElementsAre(ResizeTrial{TrialId{0}, 1}));
  EXPECT_GE(brain.trial(0).reports - since, 4);
  brain.ended(0, EndKind::kPaused);
  EXPECT_THAT(all<ResizeTrial>(report_on(brain, 1, 0.1)), ElementsAre(ResizeTrial{TrialId{1}, 4}));
}

TEST(Elastic, ATrialThatIsLostWhileItLeavesGoesOnWithItsNewSlots) {
  Brain brain(elastic(Elastic::kShares, 2));
  begin(brain, 2, 2);
  brain.ended(1);
  report_on(brain, 0, 0.5);
  ASSERT_EQ(brain.trial(0).state, TrialState::kPausing);
  const auto resumed = all<ResumeTrial>(brain.lost(0));
  ASSERT_EQ(resumed.size(), 1u);
  EXPECT_EQ(resumed[0].slots, 2);
  EXPECT_EQ(brain.trial(0).lost_in_a_row, 0);
}

TEST(Elastic, ATrialThatItsUserPausesWhileItLeavesIsPaused) {
  Brain brain(elastic(Elastic::kShares, 3));
  begin(brain, 3, 6);
  brain.ended(2);
  report_on(brain, 0, 0.5);
  ASSERT_EQ(brain.trial(0).state, TrialState::kPausing);
  brain.on(Commanded{CommandKind::kPause, TrialId{0}, 0});
  EXPECT_THAT(brain.ended(0, EndKind::kPaused), IsEmpty());
  EXPECT_EQ(brain.trial(0).state, TrialState::kPaused);
  const auto resumed = all<ResumeTrial>(brain.on(Commanded{CommandKind::kResume, TrialId{0}, 0}));
  ASSERT_EQ(resumed.size(), 1u);
  EXPECT_EQ(resumed[0].slots, 3);
}

TEST(Elastic, ATrialThatIsStoppedWhileItLeavesIsStopped) {
  Brain brain(elastic(Elastic::kShares, 2));
  begin(brain, 2, 2);
  brain.ended(1);
  report_on(brain, 0, 0.5);
  brain.on(Commanded{CommandKind::kStop, TrialId{0}, 0});
  brain.ended(0, EndKind::kPaused);
  EXPECT_EQ(brain.trial(0).state, TrialState::kStopped);
  EXPECT_TRUE(brain.controller().finished());
}

TEST(Elastic, EveryReportWaitsSoThatTheOrderOfEventsDecides) {
  Brain brain(elastic(Elastic::kTop, 2));
  begin(brain, 2, 4);
  EXPECT_EQ(brain.controller().wait_point(TrialId{0}).step, 0);
}

// --- Under every scheduler
// ----------------------------------------------------------------------------------------------

class ElasticUnder : public TestWithParam<std::tuple<Ruled, Elastic>> {};

TEST_P(ElasticUnder, NeverHoldsMoreThanThereIsAndEnds) {
  const auto& [ruled, kind] = GetParam();
  std::int64_t resized = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Schedule schedule = drawn(ruled, seed, 1);
    schedule.trials = std::min<std::int64_t>(ruled.type == "pb2" ? 5 : 30, schedule.trials);
    schedule.slots = 1 + static_cast<std::int64_t>(seed % 5);
    schedule.spare = static_cast<std::int64_t>(seed % 4) * 3;
    schedule.elastic = kind;
    SCOPED_TRACE(schedule.words());
    Simulation run = simulation_of(ruled, schedule);
    bool finished = false;
    for (std::int64_t entries = 1; !finished && entries < 20'000; ++entries) {
      finished = run.run(entries);
      std::int64_t in_use = 0;
      for (const TrialId id : run.controller().live()) in_use += run.controller().trial(id).slots;
      ASSERT_LE(in_use, schedule.slots + schedule.spare) << "after event " << entries;
      ASSERT_LE(static_cast<std::int64_t>(run.controller().live().size()), schedule.slots);
    }
    ASSERT_TRUE(finished);
    EXPECT_EQ(run.controller().counts().finished(), run.controller().counts().created);
    for (const LogEntry& entry : run.log())
      resized += static_cast<std::int64_t>(all<ResizeTrial>(entry.decisions).size());
  }
  // Where somebody waits to the end, nothing is ever left to lend.
  EXPECT_TRUE(resized > 0 || ruled.name == "median_slices");
}

TEST_P(ElasticUnder, AKillAfterAnyEventChangesNoVerdict) {
  const auto& [ruled, kind] = GetParam();
  Schedule schedule;
  schedule.trials = ruled.type == "pb2" ? 4 : 7;
  schedule.slots = 3;
  schedule.spare = 2;
  schedule.last = 12;
  schedule.elastic = kind;
  schedule.lockstep = true;
  const auto told = [](const Simulation& run) {
    std::vector<std::string> lines;
    for (const LogEntry& entry : run.log()) {
      for (const Decision& decision : entry.decisions) {
        if (const auto* judged = std::get_if<Judged>(&decision.body)) {
          lines.push_back(std::to_string(judged->trial.value) + '@' + std::to_string(judged->step) + decision.reason);
        } else if (const auto* resize = std::get_if<ResizeTrial>(&decision.body)) {
          lines.push_back(std::to_string(resize->trial.value) + " to " + std::to_string(resize->slots));
        }
      }
    }
    return lines;
  };
  Simulation unbroken = simulation_of(ruled, schedule);
  ASSERT_TRUE(unbroken.run(kMost));
  const auto wanted = told(unbroken);
  for (std::int64_t kill = 1; kill < static_cast<std::int64_t>(unbroken.log().size()); ++kill) {
    Simulation killed = simulation_of(ruled, schedule);
    killed.run(kill);
    Simulation resumed = simulation_of(ruled, schedule, {}, killed.log());
    ASSERT_TRUE(resumed.run(kMost)) << "killed after event " << kill;
    ASSERT_EQ(told(resumed), wanted) << "killed after event " << kill;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, ElasticUnder,
                         Combine(ValuesIn(all_ruled()), Values(Elastic::kShares, Elastic::kTop)),
                         [](const auto& parameter) {
                           return std::get<0>(parameter.param).name + '_' +
                                  std::string(elastic_name(std::get<1>(parameter.param)));
                         });

}  // namespace
}  // namespace tune::test

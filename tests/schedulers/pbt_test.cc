// What population based training promises about donors, scores and barriers, over many random populations.

#include <gtest/gtest.h>

#include <map>

#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

OptionRow options(const OptionRow& more) {
  OptionRow row{
      {"time_attr", "training_iteration"}, {"perturbation_interval", 3}, {"hyperparam_mutations", List{"lr"}}};
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

WorldOptions world(std::uint64_t seed, std::int64_t trials) {
  WorldOptions world;
  world.seed = seed;
  world.slots = 1 + static_cast<std::int64_t>(seed % 7);
  world.trials = trials;
  world.fail_in = 200;
  world.end_in = 90;
  world.nan_in = 15;
  world.jump_in = 12;
  world.scores = 40;
  world.most_events = 4000;
  return world;
}

struct Seen {
  int exploits = 0;
  std::int64_t started = 0;
};

/// Walks a history and holds every exploit against what was reported before it.
Seen check_exploits(const WorldResult& result) {
  Seen seen;
  std::map<CheckpointId, SchedulerReport> saved;
  std::map<TrialId, CheckpointId> newest;
  std::map<TrialId, bool> over;
  for (const Happening& h : result.history) {
    if (h.kind == Happening::Kind::kReport) {
      saved[*h.report.checkpoint] = h.report;
      newest[h.trial] = *h.report.checkpoint;
    }
    if (h.kind == Happening::Kind::kEnded) over[h.trial] = true;
    if (h.kind != Happening::Kind::kAsk || !h.proposal) continue;
    if (h.proposal->kind == Proposal::Kind::kStartNew) ++seen.started;
    if (h.proposal->kind != Proposal::Kind::kExploit) continue;
    ++seen.exploits;
    const Proposal& exploit = *h.proposal;
    EXPECT_NE(exploit.donor, exploit.trial);
    EXPECT_FALSE(over[exploit.donor]) << exploit.reason;
    // The newest checkpoint of the donor: retention never deletes it.
    EXPECT_TRUE(newest.contains(exploit.donor));
    EXPECT_EQ(newest[exploit.donor], exploit.checkpoint);
    EXPECT_TRUE(saved.at(exploit.checkpoint).score.is_number());
    EXPECT_EQ(saved.at(exploit.checkpoint).trial, exploit.donor);
    newest.erase(exploit.trial);  // it must report before it can be copied
  }
  return seen;
}

TEST(Pbt, CopiesOnlyLivingDonorsWithTheNewestCheckpointOfTheirOwn) {
  int exploits = 0;
  for (const bool synch : {false, true}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const auto scheduler = make("pbt", options({{"synch", synch}, {"quantile_fraction", 0.4}}), 12, seed);
      const WorldResult result = run_world(*scheduler, world(seed, 12));
      EXPECT_TRUE(result.ran_dry) << seed;
      exploits += check_exploits(result).exploits;
    }
  }
  EXPECT_GT(exploits, 500);
}

TEST(Pbt, WorksWithPopulationsOfAnySize) {
  for (const bool synch : {false, true}) {
    for (const std::int64_t trials : {1, 2, 3, 4, 50}) {
      const auto scheduler = make("pbt", options({{"synch", synch}, {"quantile_fraction", 0.5}}), trials);
      const WorldResult result = run_world(*scheduler, world(5, trials));
      EXPECT_TRUE(result.ran_dry);
      const Seen seen = check_exploits(result);
      EXPECT_EQ(seen.started, trials);
      if (trials == 1) {
        EXPECT_EQ(seen.exploits, 0);
      }
    }
  }
}

TEST(Pbt, ExploitsNobodyWithAQuantileOfZero) {
  const auto scheduler = make("pbt", options({{"quantile_fraction", 0}}), 9);
  EXPECT_FALSE(scheduler->next_point(TrialId{0}).save);
  EXPECT_EQ(check_exploits(run_world(*scheduler, world(2, 9))).exploits, 0);
}

TEST(Pbt, NeedsTheSizeOfThePopulationToWaitForAll) {
  SchedulerContext context;
  context.space = &test_space();
  context.options = Options(options({{"synch", true}}));
  const auto made = make_scheduler("pbt", context);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().hint, "set budget.trials");
}

TEST(Pbt, RefusesMutationsThatAreNone) {
  SchedulerContext context;
  context.space = &test_space();
  context.options = Options(OptionRow{{"hyperparam_mutations", List{"wd"}}});
  const auto made = make_scheduler("pbt", context);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "scheduler pbt: hyperparam_mutations names 'wd', which is no parameter");
}

}  // namespace
}  // namespace tune::test

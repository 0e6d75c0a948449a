// ASHA, variant promote, against Algorithm 2 written down naively, on random schedules.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "schedulers/rung_ranks.h"
#include "schedulers/rungs.h"
#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

/// Algorithm 2 with sorted lists. Reports come at every step, so that none jumps over a rung.
class Naive {
 public:
  Naive(std::vector<std::int64_t> levels, std::size_t eta) : levels_(std::move(levels)), eta_(eta) {}

  void follow(const Happening& happening) {
    const std::int64_t trial = happening.trial.value;
    if (happening.kind == Happening::Kind::kReport) {
      const auto level = std::find(levels_.begin(), levels_.end(), happening.report.step);
      if (level == levels_.end()) return;
      next_[trial] = static_cast<std::size_t>(level - levels_.begin()) + 1;
      if (*level == levels_.back()) return;
      rungs_[*level].push_back({happening.report.score, happening.trial});
      std::sort(rungs_[*level].begin(), rungs_[*level].end());
    } else if (happening.kind == Happening::Kind::kEnded && happening.failed) {
      const std::int64_t level = levels_[next_[trial]];
      if (level != levels_.back()) rungs_[level].push_back({Score::failed(happening.event), happening.trial});
    } else if (happening.kind == Happening::Kind::kAsk && happening.proposal &&
               happening.proposal->kind == Proposal::Kind::kResume) {
      promoted_.insert({levels_[next_[trial] - 1], trial});
    }
  }

  /// The trial that Algorithm 2 promotes next, with its rung; nothing: none.
  std::optional<std::pair<std::int64_t, std::int64_t>> next_promotion() const {
    for (auto level = levels_.rbegin() + 1; level != levels_.rend(); ++level) {
      const auto rung = rungs_.find(*level);
      if (rung == rungs_.end()) continue;
      const std::size_t top = rung->second.size() / eta_;
      for (std::size_t i = 0; i < top; ++i) {
        const RungEntry& entry = rung->second[i];
        if (!entry.score.is_number()) break;
        if (!promoted_.contains({*level, entry.trial.value})) return std::pair{*level, entry.trial.value};
      }
    }
    return std::nullopt;
  }

 private:
  std::vector<std::int64_t> levels_;
  std::size_t eta_;
  std::map<std::int64_t, std::vector<RungEntry>> rungs_;
  std::set<std::pair<std::int64_t, std::int64_t>> promoted_;
  std::map<std::int64_t, std::size_t> next_;
};

bool is_resume(const Happening& happening, std::string_view how) {
  return happening.proposal && happening.proposal->kind == Proposal::Kind::kResume &&
         happening.proposal->reason.starts_with(how);
}

/// An experiment, checked against Algorithm 2 at every ask; returns how much happened.
std::size_t check_against_algorithm_two(std::uint64_t seed, std::int64_t trials, std::int64_t eta) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << " trials " << trials << " eta " << eta);
  const std::int64_t max_t = 60;
  const auto scheduler =
      make("asha", {{"max_t", Value(max_t)}, {"reduction_factor", Value(eta)}, {"variant", "promote"}}, trials);
  WorldOptions options;
  options.seed = seed;
  options.trials = trials;
  options.slots = 1 + static_cast<std::int64_t>(seed % 9);
  options.fail_in = 150;
  options.nan_in = 50;
  options.scores = 200;
  const WorldResult result = run_world(*scheduler, options);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.started, trials);
  EXPECT_EQ(result.completed + result.failed + result.parked, trials);

  Naive naive(asha_levels(1, max_t, eta, 0), static_cast<std::size_t>(eta));
  for (const Happening& happening : result.history) {
    if (happening.kind == Happening::Kind::kAsk && happening.supply.slot_free && happening.proposal &&
        happening.proposal->kind != Proposal::Kind::kUnpark) {
      const auto expected = naive.next_promotion();
      EXPECT_EQ(expected.has_value(), is_resume(happening, "promoted"));
      if (expected) {
        EXPECT_EQ(happening.proposal->trial.value, expected->second);
      }
    }
    naive.follow(happening);
    if (testing::Test::HasFailure()) break;
  }
  return result.history.size();
}

TEST(AshaPromote, IsAlgorithmTwoOnRandomSchedules) {
  std::size_t happened = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    happened += check_against_algorithm_two(seed, 40 * static_cast<std::int64_t>(seed),
                                            2 + static_cast<std::int64_t>(seed % 3));
    if (HasFailure()) return;
  }
  EXPECT_GT(happened, 10'000U);
}

TEST(AshaPromote, PromotesAsManyAsAlgorithmTwoIsKnownTo) {
  // Of 50 trials 14.5 leave the lowest rung for a factor of 4, of 10 2.7: more than a quarter, the price of not
  // waiting. What is promoted is always among the best floor(m/eta) at that moment (test above), not at the end.
  for (const auto& [trials, expected] : {std::pair{50, 14.5}, {10, 2.7}}) {
    double promoted = 0;
    constexpr int kRuns = 200;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      const auto scheduler = make("asha", {{"max_t", 4}, {"variant", "promote"}, {"drain", false}}, trials);
      WorldOptions options;
      options.seed = seed;
      options.slots = 1;
      options.trials = trials;
      promoted += static_cast<double>(run_world(*scheduler, options).completed);
    }
    EXPECT_NEAR(promoted / kRuns, expected, 0.04 * expected + 0.1) << trials;
  }
}

TEST(AshaPromote, DrainsToOneTrialAtMaxTHoweverFewThereAre) {
  for (std::int64_t trials = 1; trials < 27; ++trials) {
    const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}}, trials);
    WorldOptions options;
    options.seed = static_cast<std::uint64_t>(trials);
    options.trials = trials;
    const WorldResult result = run_world(*scheduler, options);
    EXPECT_TRUE(result.ran_dry);
    EXPECT_EQ(result.completed, 1) << trials;
    EXPECT_EQ(result.parked, trials - 1);
  }
}

TEST(AshaPromote, DrainsNothingWhenToldNotTo) {
  const auto scheduler =
      make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}, {"drain", false}}, 5);
  WorldOptions options;
  options.trials = 5;
  const WorldResult result = run_world(*scheduler, options);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.completed, 0);
}

TEST(AshaPromote, ReleasesOnlyWhatIsNeverPromoted) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}}, 100);
    WorldOptions options;
    options.seed = seed;
    options.trials = 100;
    options.nan_in = 20;
    const WorldResult result = run_world(*scheduler, options);
    std::set<TrialId> released;
    for (const Happening& happening : result.history) {
      if (!happening.proposal) continue;
      if (happening.proposal->kind == Proposal::Kind::kUnpark) {
        EXPECT_TRUE(released.insert(happening.trial).second);
      }
      if (happening.proposal->kind == Proposal::Kind::kResume) {
        EXPECT_FALSE(released.contains(happening.trial));
      }
    }
    // A third of each rung at most, and the best parked one, is kept.
    EXPECT_GE(released.size(), 60U);
    for (const TrialId trial : released) EXPECT_FALSE(scheduler->may_resume(trial));
  }
}

TEST(AshaPromote, ReleasesNumbersOnlyWhereTheNumberOfTrialsIsKnown) {
  const auto scheduler = make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}});
  WorldOptions options;
  options.trials = 100;
  const WorldResult result = run_world(*scheduler, options);
  for (const Happening& happening : result.history) {
    if (happening.proposal) {
      EXPECT_NE(happening.proposal->kind, Proposal::Kind::kUnpark);
    }
  }
}

TEST(AshaPromote, KeepsWhatIsParkedUntilItIsPromoted) {
  const auto scheduler = make("asha", {{"max_t", 9}, {"reduction_factor", 3}, {"variant", "promote"}}, 9);
  for (std::int64_t trial = 0; trial < 3; ++trial) {
    scheduler->on_started(TrialId{trial}, {}, {});
    EXPECT_FALSE(scheduler->may_resume(TrialId{trial}));
    EXPECT_EQ(tell(*scheduler, report_of(trial, 1, static_cast<double>(trial), trial + 1))->verdict, Verdict::kPause);
    EXPECT_TRUE(scheduler->may_resume(TrialId{trial}));
  }
  const auto proposal = scheduler->propose({true, true, false, 0});
  EXPECT_EQ(proposal->trial.value, 0);
  scheduler->on_proposal(*proposal);
  EXPECT_FALSE(scheduler->may_resume(TrialId{0}));
}

TEST(AshaPromote, EndsEveryTrialOfALongRandomSchedule) {
  WorldOptions options;
  options.seed = 20260102;
  SCOPED_TRACE(testing::Message() << "seed " << options.seed);
  options.trials = 3000;
  options.slots = 16;
  options.jump_in = 7;
  options.fail_in = 60;
  options.end_in = 90;
  options.nan_in = 40;
  options.scores = 300;
  const auto scheduler =
      make("asha", {{"max_t", 81}, {"reduction_factor", 3}, {"variant", "promote"}, {"brackets", 3}}, 3000);
  const WorldResult result = run_world(*scheduler, options);
  EXPECT_GT(result.history.size(), 10'000U);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.completed + result.failed + result.ended_alone + result.parked, 3000);
  EXPECT_EQ(result.stopped, 0);
  EXPECT_GT(result.completed, 5);
}

TEST(AshaPromote, PromotesTheHighestRungOfAllBracketsFirst) {
  const auto scheduler =
      make("asha", {{"max_t", 27}, {"reduction_factor", 3}, {"variant", "promote"}, {"brackets", 2}}, 12);
  for (std::int64_t trial = 0; trial < 6; ++trial) scheduler->on_started(TrialId{trial}, {trial / 3}, {});
  for (std::int64_t trial = 0; trial < 6; ++trial) {
    tell(*scheduler, report_of(trial, trial < 3 ? 1 : 3, static_cast<double>(trial), trial + 1));
  }
  const auto first = scheduler->propose({true, true, false, 0});
  EXPECT_EQ(first->reason, "promoted from rung 3: rank 1 of 3, top 1");
  EXPECT_EQ(first->trial.value, 3);
  scheduler->on_proposal(*first);
  EXPECT_EQ(scheduler->propose({true, true, false, 0})->trial.value, 0);
}

}  // namespace
}  // namespace tune::test

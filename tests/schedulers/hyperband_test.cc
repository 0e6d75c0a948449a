// HyperBand's brackets against the paper's arithmetic, and what must never happen: a round that waits for ever.

#include <gtest/gtest.h>

#include <map>

#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

/// How many trials of each bracket got to each level: `81@1 27@3 9@9 3@27 1@81`.
std::vector<std::string> table(const OptionRow& options, std::int64_t trials, std::int64_t slots) {
  const auto scheduler = make("hyperband", options, trials);
  WorldOptions world;
  world.trials = trials;
  world.slots = slots;
  world.most_events = 10'000'000;
  const WorldResult result = run_world(*scheduler, world);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.parked, 0);
  EXPECT_EQ(result.completed + result.stopped, result.started);
  std::map<TrialId, std::int64_t> bracket_of;
  std::map<std::int64_t, std::map<double, int>> counts;
  for (const Happening& h : result.history) {
    if (h.kind == Happening::Kind::kAsk && h.started.value >= 0) bracket_of[h.started] = h.proposal->placement.bracket;
    if (h.kind == Happening::Kind::kReport && h.verdict) ++counts[bracket_of.at(h.trial)][h.report.t];
  }
  std::vector<std::string> rows;
  for (const auto& [bracket, levels] : counts) {
    std::string row;
    for (const auto& [t, n] : levels) row += std::to_string(n) + "@" + std::to_string(static_cast<int>(t)) + " ";
    row.pop_back();
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Table {
  std::int64_t max_t, eta, trials;
  std::vector<std::string> rows;
};

void PrintTo(const Table& table, std::ostream* out) { *out << table.max_t << "," << table.eta; }

class HyperBandTable : public testing::TestWithParam<Table> {};

TEST_P(HyperBandTable, IsThePapersWithAnyNumberOfSlots) {
  const Table& want = GetParam();
  const OptionRow options{{"max_t", want.max_t}, {"reduction_factor", want.eta}, {"max_rounds", 1}};
  for (const std::int64_t slots : {1, 4, 1000}) EXPECT_EQ(table(options, want.trials, slots), want.rows) << slots;
}

// n = ceil((s_max+1) * eta^s / (s+1)), levels R / eta^(s-i) in integer division.
INSTANTIATE_TEST_SUITE_P(
    Papers, HyperBandTable,
    testing::Values(
        Table{27, 3, 49, {"27@1 9@3 3@9 1@27", "12@3 4@9 1@27", "6@9 2@27", "4@27"}},
        Table{81, 3, 143, {"81@1 27@3 9@9 3@27 1@81", "34@3 11@9 3@27 1@81", "15@9 5@27 1@81", "8@27 2@81", "5@81"}},
        Table{256,
              4,
              378,
              {"256@1 64@4 16@16 4@64 1@256", "80@4 20@16 5@64 1@256", "27@16 6@64 1@256", "10@64 2@256", "5@256"}},
        Table{100,
              3,
              143,
              {"81@1 27@3 9@11 3@33 1@100", "34@3 11@11 3@33 1@100", "15@11 5@33 1@100", "8@33 2@100", "5@100"}},
        Table{243,
              3,
              423,
              {"243@1 81@3 27@9 9@27 3@81 1@243", "98@3 32@9 10@27 3@81 1@243", "41@9 13@27 4@81 1@243",
               "18@27 6@81 2@243", "9@81 3@243", "6@243"}},
        Table{729,
              3,
              1253,
              {"729@1 243@3 81@9 27@27 9@81 3@243 1@729", "284@3 94@9 31@27 10@81 3@243 1@729",
               "114@9 38@27 12@81 4@243 1@729", "48@27 16@81 5@243 1@729", "21@81 7@243 2@729", "11@243 3@729",
               "7@729"}}),
    [](const auto& parameter) {
      return std::to_string(parameter.param.max_t) + "_" + std::to_string(parameter.param.eta);
    });

TEST(HyperBand, BeginsAgainWithTheLargestBracket) {
  const auto rows = table({{"max_t", 9}}, 17 + 9, 4);
  EXPECT_EQ(rows, (std::vector<std::string>{"9@1 3@3 1@9", "5@3 1@9", "3@9", "9@1 3@3 1@9"}));
}

TEST(HyperBand, HalvesWhatThereIsWhenTheBudgetEndsABracket) {
  EXPECT_EQ(table({{"max_t", 27}}, 20, 4), (std::vector<std::string>{"20@1 6@3 2@9 1@27"}));
  EXPECT_EQ(table({{"max_t", 27}}, 2, 4), (std::vector<std::string>{"2@1 1@3 1@9 1@27"}));
  EXPECT_EQ(table({{"max_t", 27}}, 1, 1), (std::vector<std::string>{"1@1 1@3 1@9 1@27"}));
}

TEST(HyperBand, NeverWaitsForWhatWillNotCome) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto scheduler = make("hyperband", {{"max_t", 27}}, 150, seed);
    WorldOptions world;
    world.seed = seed;
    world.trials = 150;
    world.slots = 1 + static_cast<std::int64_t>(seed % 9);
    world.fail_in = 5 + seed % 50;
    world.end_in = 5 + seed % 70;
    world.nan_in = 4;
    world.jump_in = 10;
    const WorldResult result = run_world(*scheduler, world);
    EXPECT_TRUE(result.ran_dry) << seed;
    EXPECT_EQ(result.started, 150) << seed;
    EXPECT_EQ(result.parked, 0) << seed;
  }
}

TEST(HyperBand, EndsWithAnyNumberOfTrialsAndSlotsAlsoIfEveryThirdFails) {
  for (const std::int64_t trials : {1, 2, 7, 143, 150}) {
    for (std::int64_t slots = 1; slots <= 8; ++slots) {
      for (const std::uint64_t fail_in : {0, 3}) {
        const auto scheduler = make("hyperband", {{"max_t", 81}}, trials);
        WorldOptions world;
        world.trials = trials;
        world.slots = slots;
        world.fail_in = fail_in;
        const WorldResult result = run_world(*scheduler, world);
        EXPECT_TRUE(result.ran_dry) << trials << " trials, " << slots << " slots";
        EXPECT_EQ(result.started, trials);
        EXPECT_EQ(result.parked, 0) << "a trial waits for what will not come";
        EXPECT_EQ(result.completed + result.stopped + result.failed, trials);
      }
    }
  }
}

TEST(HyperBand, EndsEvenIfEveryTrialFails) {
  const auto scheduler = make("hyperband", {{"max_t", 9}}, 40);
  WorldOptions world;
  world.trials = 40;
  world.fail_in = 1;
  const WorldResult result = run_world(*scheduler, world);
  EXPECT_TRUE(result.ran_dry);
  EXPECT_EQ(result.failed, 40);
}

}  // namespace
}  // namespace tune::test

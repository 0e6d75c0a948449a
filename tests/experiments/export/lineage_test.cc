// Which trials trained what a trial ends with, under which configurations.

#include "experiments/export/lineage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/export/table.h"
#include "tests/experiments/export/fake_reader.h"

namespace tune {
namespace {

using ::testing::ElementsAre;
using testing::FakeReader;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Config lr(double value) {
  Config config;
  config.set("lr", value);
  return config;
}

/// Three trials; every report saves. 1 copies 0 at iteration 2, and 0 copies 1 at iteration 4.
class Population {
 public:
  Population() {
    start(0, 0.1);
    start(1, 0.2);
    start(2, 0.3);
    report(0, 1);
    const EventNumber at_2 = report(0, 2);
    report(1, 1);
    exploit(1, 0, at_2, 0.12);
    report(1, 3);
    const EventNumber at_4 = report(1, 4);
    report(0, 3);
    exploit(0, 1, at_4, 0.15);
    report(0, 5);
    finish(0, 5, 1);
    finish(1, 4, 1);
    finish(2, 0, 0);
  }
  Lineage lineage() { return *Lineage::read(reader, reader.row); }
  FakeReader reader;

 private:
  EventNumber add(EventBody body) {
    reader.entries.push_back(
        {{EventNumber{static_cast<std::int64_t>(reader.entries.size()) + 1}, 0, std::move(body)}, {}});
    return reader.entries.back().event.n;
  }
  void decide(DecisionBody body) { reader.entries.back().decisions.push_back({std::move(body), "because"}); }
  void start(std::int64_t trial, double value) {
    add(Ticked{});
    decide(StartTrial{TrialId{trial}, lr(value), {}});
  }
  EventNumber report(std::int64_t trial, Step step) {
    Reported report;
    report.trial = TrialId{trial};
    report.step = step;
    report.metrics = {{"loss", 1.0}};
    report.checkpoint = CheckpointInfo{8, "00", false};
    const EventNumber n = add(std::move(report));
    reader.report_rows.push_back({trial, n.value, step, 0, 0, R"({"loss":1})", {}});
    return n;
  }
  void exploit(std::int64_t trial, std::int64_t donor, EventNumber checkpoint, double value) {
    decide(ExploitTrial{TrialId{trial}, TrialId{donor}, checkpoint, lr(value)});
    configs_[trial] = value;
    parents_[trial] = donor;
  }
  void finish(std::int64_t trial, Step step, std::int64_t generation) {
    TrialRow& row = reader.add_trial(trial, R"({"lr":)" + std::to_string(configs_[trial]) + "}", R"({"loss":1})", 1);
    row.training_iteration = step;
    row.generation = generation;
    if (generation > 0) row.parent = parents_[trial];
  }
  std::map<std::int64_t, double> configs_;
  std::map<std::int64_t, std::int64_t> parents_;
};

std::string words(const std::vector<LineageStage>& stages) {
  std::string text;
  for (const LineageStage& s : stages) {
    text += std::to_string(s.trial.value) + "/" + std::to_string(s.generation) + ":" + std::to_string(s.from) + "-" +
            std::to_string(s.to) + "@" + std::to_string(s.config.find("lr")->real()).substr(0, 4) + " ";
  }
  return text;
}

TEST(Lineage, IsTheChainFromTheFirstAncestor) {
  Population population;
  const Lineage lineage = population.lineage();
  EXPECT_TRUE(lineage.any());
  EXPECT_EQ(words(lineage.of(TrialId{0})), "0/0:0-2@0.10 1/1:2-4@0.12 0/1:4-5@0.15 ");
  EXPECT_EQ(words(lineage.of(TrialId{1})), "0/0:0-2@0.10 1/1:2-4@0.12 ");
  EXPECT_EQ(words(lineage.of(TrialId{2})), "2/0:0-0@0.30 ");
  EXPECT_THAT(lineage.of(TrialId{7}), IsEmpty());
}

TEST(Lineage, KnowsWhoCopiedATrial) {
  Population population;
  const Lineage lineage = population.lineage();
  const auto copies = lineage.copies_of(TrialId{0});
  ASSERT_THAT(copies, SizeIs(1));
  EXPECT_EQ(copies[0].trial, TrialId{1});
  EXPECT_EQ(copies[0].from, 2);
  EXPECT_THAT(lineage.copies_of(TrialId{2}), IsEmpty());
}

TEST(Lineage, OfTrialsThatCopyNobodyNeedsNoLog) {
  FakeReader reader;
  reader.add_trial(0, R"({"lr":0.5})", R"({"loss":1})", 1).training_iteration = 9;
  const auto lineage = Lineage::read(reader, reader.row);
  ASSERT_TRUE(lineage);
  EXPECT_FALSE(lineage->any());
  EXPECT_EQ(words(lineage->of(TrialId{0})), "0/0:0-9@0.50 ");
}

TEST(Lineage, SurvivesALogOfTrialsWhoseRowsAreGone) {
  Population population;
  std::erase_if(population.reader.trial_rows, [](const TrialRow& row) { return row.number == 1; });
  const Lineage lineage = population.lineage();
  EXPECT_EQ(words(lineage.of(TrialId{0})), "0/0:0-2@0.10 1/1:2-4@0.12 0/1:4-5@0.15 ");
  EXPECT_EQ(words(lineage.of(TrialId{1})), "0/0:0-2@0.10 1/1:2-0@0.12 ");
}

TEST(Lineage, OfATableOfTrialsTellsParentAndGenerationWhereAnyTrialHasCopied) {
  Population population;
  TableOptions options;
  options.columns = {"trial_number", "parent_trial_id", "generation"};
  const auto table = Table::open(population.reader, population.reader.row, options);
  ASSERT_TRUE(table) << table.error().message;
  std::vector<std::vector<Value>> rows;
  ASSERT_TRUE(table->rows([&](const std::vector<Value>& row) { rows.push_back(row); }));
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_THAT(rows[0], ElementsAre(Value(0), Value("exp-00001"), Value(1)));
  EXPECT_THAT(rows[2], ElementsAre(Value(2), Value(), Value(0)));

  for (TrialRow& row : population.reader.trial_rows) row.generation = 0;
  EXPECT_FALSE(Table::open(population.reader, population.reader.row, options));
}

TEST(Lineage, OfAHistoryTellsEachReportsConfigurationAndDonor) {
  Population population;
  TableOptions options;
  options.history = true;
  options.columns = {"trial_number",    "training_iteration",        "generation",
                     "parent_trial_id", "parent_training_iteration", "config/lr"};
  const auto table = Table::open(population.reader, population.reader.row, options);
  ASSERT_TRUE(table) << table.error().message;
  std::vector<std::vector<Value>> rows;
  ASSERT_TRUE(table->rows([&](const std::vector<Value>& row) { rows.push_back(row); }));
  ASSERT_THAT(rows, SizeIs(7));
  EXPECT_THAT(rows[0], ElementsAre(Value(0), Value(1), Value(0), Value(), Value(), Value(0.1)));
  EXPECT_THAT(rows[3], ElementsAre(Value(1), Value(3), Value(1), Value("exp-00000"), Value(2), Value(0.12)));
  EXPECT_THAT(rows[5], ElementsAre(Value(0), Value(3), Value(0), Value(), Value(), Value(0.1)));
  EXPECT_THAT(rows[6], ElementsAre(Value(0), Value(5), Value(1), Value("exp-00001"), Value(4), Value(0.15)));
}

}  // namespace
}  // namespace tune

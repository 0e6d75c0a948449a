#include "experiments/export/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/experiments/export/fake_reader.h"

namespace tune {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeReader;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> names(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns()) names.push_back(column.name);
  return names;
}

TableOptions stable() {
  TableOptions options;
  options.stable = true;
  return options;
}
TableOptions named(Naming naming) {
  TableOptions options;
  options.naming = naming;
  return options;
}
TableOptions only(std::vector<std::string> columns) {
  TableOptions options;
  options.columns = std::move(columns);
  return options;
}
TableOptions top(std::int64_t n) {
  TableOptions options;
  options.top = n;
  return options;
}

Table open(const FakeReader& reader, const TableOptions& options = {}) {
  auto table = Table::open(reader, reader.row, options);
  if (!table) throw std::runtime_error(table.error().message);
  return *std::move(table);
}

std::vector<std::vector<Value>> rows(const Table& table) {
  std::vector<std::vector<Value>> rows;
  const auto read = table.rows([&](const std::vector<Value>& row) { rows.push_back(row); });
  EXPECT_TRUE(read.has_value());
  return rows;
}

/// The cells of one column.
std::vector<Value> column(const Table& table, const std::string& name) {
  std::vector<Value> cells;
  const auto all = names(table);
  const auto at = std::ranges::find(all, name) - all.begin();
  for (const auto& row : rows(table)) cells.push_back(row.at(static_cast<std::size_t>(at)));
  return cells;
}

FakeReader three_trials() {
  FakeReader reader;
  reader.add_trial(0, R"({"lr":0.5,"net":{"width":8}})", R"({"loss":3.0})", 3.0);
  reader.add_trial(1, R"({"lr":0.25,"net":{"width":16}})", R"({"loss":1.0,"accuracy":0.5})", 1.0);
  reader.add_trial(2, R"({"lr":0.125})", R"({"loss":2.0})", 2.0);
  return reader;
}

TEST(Table, HasTheColumnsOfATrialInAStableOrder) {
  const FakeReader reader = three_trials();
  EXPECT_THAT(names(open(reader)),
              ElementsAre("trial_id", "trial_number", "status", "stop_reason", "loss", "accuracy", "best/loss",
                          "best/training_iteration", "training_iteration", "time_total_s", "started_at", "finished_at",
                          "worker", "attempt", "retries", "seed", "error", "config/lr", "config/net/width"));
}

TEST(Table, AMetricThatOneTrialReportsIsEmptyInTheOthers) {
  const FakeReader reader = three_trials();
  EXPECT_THAT(column(open(reader), "accuracy"), ElementsAre(Value(), Value(0.5), Value()));
}

TEST(Table, AParameterThatIsNotThereIsEmpty) {
  const FakeReader reader = three_trials();
  EXPECT_THAT(column(open(reader), "config/net/width"), ElementsAre(Value(8), Value(16), Value()));
}

TEST(Table, StableLeavesOutClockHostAndAttempt) {
  const FakeReader reader = three_trials();
  const auto columns = names(open(reader, stable()));
  for (const char* absent : {"time_total_s", "started_at", "finished_at", "worker", "attempt", "retries"}) {
    EXPECT_THAT(columns, Not(Contains(absent)));
  }
  EXPECT_THAT(columns, Contains("seed"));
}

TEST(Table, NamesColumnsAsOtherToolsDo) {
  const FakeReader reader = three_trials();
  const auto optuna = names(open(reader, named(Naming::kOptuna)));
  for (const char* name : {"number", "state", "value", "user_attrs_accuracy", "params_lr", "params_net.width"}) {
    EXPECT_THAT(optuna, Contains(name));
  }
  const auto mlflow = names(open(reader, named(Naming::kMlflow)));
  for (const char* name : {"metrics.loss", "params.lr"}) EXPECT_THAT(mlflow, Contains(name));
  EXPECT_THAT(names(open(reader, named(Naming::kBare))), Contains("net.width"));
}

TEST(Table, GivesTheChosenColumnsInTheOrderAsked) {
  const FakeReader reader = three_trials();
  const Table table = open(reader, only({"config/lr", "trial_number"}));
  EXPECT_THAT(names(table), ElementsAre("config/lr", "trial_number"));
  EXPECT_THAT(rows(table).at(1), ElementsAre(Value(0.25), Value(1)));
}

TEST(Table, AColumnsNameGoesBeforeTheKeyOfAnother) {
  const FakeReader reader = three_trials();
  EXPECT_THAT(names(open(reader, only({"training_iteration", "lr"}))), ElementsAre("training_iteration", "config/lr"));
}

TEST(Table, NamesOfItsColumnsAreUniqueAndNotEmptyHoweverMetricsAndParametersAreNamed) {
  FakeReader reader;
  reader.row.columns_json = R"(["seed","lr"])";
  reader.add_trial(
      0, R"({"seed":4,"lr":0.5})",
      R"({"loss":1.0,"":2.0,"status":3.0,"metrics/status":4.0,"config/lr":5.0,"best/loss":6.0,"seed":7.0,"lr":8.0})",
      1.0);
  for (const Naming naming : {Naming::kRay, Naming::kOptuna, Naming::kMlflow, Naming::kBare}) {
    const Table table = open(reader, named(naming));
    std::vector<std::string> all = names(table);
    EXPECT_THAT(all, Not(Contains("")));
    std::ranges::sort(all);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end()) << *std::ranges::adjacent_find(all);
  }
  const Table table = open(reader);
  EXPECT_EQ(column(table, "status").at(0), Value("completed"));
  EXPECT_EQ(column(table, "metrics/status").at(0), Value(3.0));
  EXPECT_EQ(column(table, "metrics/metrics/status").at(0), Value(4.0));
  EXPECT_EQ(column(table, "metrics/").at(0), Value(2.0));
  EXPECT_EQ(column(table, "config/lr").at(0), Value(0.5));
  EXPECT_EQ(column(table, "metrics/config/lr").at(0), Value(5.0));
  EXPECT_EQ(column(table, "lr").at(0), Value(8.0));
  const Table bare = open(reader, named(Naming::kBare));
  EXPECT_EQ(column(bare, "lr").at(0), Value(0.5));
  EXPECT_EQ(column(bare, "metrics/lr").at(0), Value(8.0));
  EXPECT_EQ(column(bare, "config/seed").at(0), Value(std::int64_t{4}));
}

TEST(Table, RefusesAColumnThatDoesNotExistWithAdvice) {
  const FakeReader reader = three_trials();
  const auto table = Table::open(reader, reader.row, only({"statsu"}));
  ASSERT_FALSE(table.has_value());
  EXPECT_THAT(table.error().message, HasSubstr("statsu"));
  EXPECT_THAT(table.error().hint, HasSubstr("status"));
}

TEST(Table, TopGivesTheBestFirst) {
  FakeReader reader = three_trials();
  EXPECT_THAT(column(open(reader, top(2)), "trial_number"), ElementsAre(Value(1), Value(2)));
  reader.row.mode = "max";
  EXPECT_THAT(column(open(reader, top(2)), "trial_number"), ElementsAre(Value(0), Value(2)));
}

TEST(Table, TopLeavesOutTrialsWithoutAResult) {
  FakeReader reader = three_trials();
  reader.trial_rows[1].best_class = 1;  // NaN
  reader.trial_rows[2].best_class = -1;
  EXPECT_THAT(column(open(reader, top(5)), "trial_number"), ElementsAre(Value(0)));
}

TEST(Table, NaNAndInfinityOfAMetricAreReals) {
  FakeReader reader;
  reader.add_trial(0, R"({"lr":1})", R"({"loss":"NaN","gain":"-Infinity"})", 0).best_class = 1;
  const Table table = open(reader);
  EXPECT_TRUE(std::isnan(column(table, "loss").at(0).real()));
  EXPECT_EQ(column(table, "gain").at(0), Value(-INFINITY));
  EXPECT_TRUE(column(table, "best/loss").at(0).is_null());
}

TEST(Table, WithdrawnTrialsAreNoTrials) {
  FakeReader reader = three_trials();
  reader.trial_rows[1].state = "withdrawn";
  EXPECT_THAT(column(open(reader), "trial_number"), ElementsAre(Value(0), Value(2)));
}

TEST(Table, HistoryIsARowAReportWithItsConfiguration) {
  FakeReader reader = three_trials();
  const auto report = [&](std::int64_t trial, std::int64_t step, const std::string& metrics, const std::string& extra) {
    auto& row = reader.report_rows.emplace_back();
    row.trial = trial;
    row.step = step;
    row.metrics_json = metrics;
    row.extra = extra;
  };
  report(1, 1, R"({"loss":2.5})", "");
  report(0, 1, R"({"loss":3.0})", R"({"note":"x"})");
  report(1, 2, R"({"loss":1.0,"late":1.0})", "");
  TableOptions options = stable();
  options.history = true;
  const Table table = open(reader, options);
  EXPECT_THAT(names(table), ElementsAre("trial_id", "trial_number", "training_iteration", "loss", "note", "late",
                                        "config/lr", "config/net/width"));
  EXPECT_THAT(rows(table), ElementsAre(ElementsAre("exp-00001", 1, 1, 2.5, Value(), Value(), 0.25, 16),
                                       ElementsAre("exp-00000", 0, 1, 3.0, "x", Value(), 0.5, 8),
                                       ElementsAre("exp-00001", 1, 2, 1.0, Value(), 1.0, 0.25, 16)));
}

TEST(Table, AnExperimentWithoutTrialsHasColumnsAndNoRows) {
  const FakeReader reader;
  const Table table = open(reader);
  EXPECT_THAT(names(table), Contains("loss"));
  EXPECT_TRUE(rows(table).empty());
}

TEST(Table, PassesOnWhatTheDatabaseSays) {
  FakeReader reader = three_trials();
  reader.failure = {ErrorCode::kDamaged, "a page is torn", ""};
  const auto table = Table::open(reader, reader.row, {});
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error(), reader.failure);
}

}  // namespace
}  // namespace tune

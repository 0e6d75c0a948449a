// What is stored is what comes back, through the store, the reader and the views.

#include <gmock/gmock.h>

#include <cmath>

#include "core/text.h"
#include "tests/experiments/store/store_fixture.h"

namespace tune {
namespace {

using test::Folder;
using test::must;
using test::new_experiment;
using test::Script;

class RoundTrip : public ::testing::Test {
 protected:
  std::unique_ptr<Store> create(const std::string& name = "one") {
    return must(create_experiment(db_, new_experiment(name), {}, {}));
  }
  std::unique_ptr<Store> open(const std::string& name = "one") { return must(open_experiment(db_, name, {}, {})); }

  Folder folder_;
  std::string db_ = folder_.file();
};

TEST_F(RoundTrip, AnExperimentComesBackAsItWasMade) {
  create();
  const auto store = open();
  const ExperimentRow made = new_experiment("one").row;
  const ExperimentRow& row = store->experiment();
  EXPECT_EQ(row.id.value, 1);
  EXPECT_EQ(row.status, "new");
  EXPECT_EQ(row.source, made.source);
  EXPECT_EQ(row.resolved_json, made.resolved_json);
  EXPECT_EQ(row.seed, made.seed);
  EXPECT_EQ(row.created_at, made.created_at);
  EXPECT_EQ(row.columns_json, made.columns_json);
  EXPECT_TRUE(row.lockstep);
  EXPECT_EQ(row.best_trial, -1);
}

TEST_F(RoundTrip, TheLogComesBackBitForBit) {
  Script script;
  std::vector<LogEntry> written;
  {
    const auto store = create();
    for (int i = 0; i < 60; ++i) {
      const TurnRows turn = script.turn(1 + i % 50);
      must(store->commit(turn));
      written.insert(written.end(), turn.entries.begin(), turn.entries.end());
    }
    EXPECT_TRUE(test::same(test::log_of(*store), written));
    EXPECT_EQ(store->experiment().last_event, static_cast<std::int64_t>(written.size()));
  }
  ASSERT_GT(written.size(), 1000u);  // more than a page
  const auto store = open();
  EXPECT_TRUE(test::same(test::log_of(*store), written));
  EXPECT_EQ(store->experiment().last_turn, 60);
  store->close();
  const auto reader = must(open_reader(db_));
  EXPECT_TRUE(test::same(test::log_of(*reader, ExperimentId{1}), written));
  EXPECT_FALSE(must(reader->verify_hash(ExperimentId{1})).has_value());
}

TEST_F(RoundTrip, ReadingStopsAtTheSinksFirstError) {
  Script script;
  const auto store = create();
  must(store->commit(script.turn(10)));
  int seen = 0;
  const auto read = store->read_log([&](const LogEntry&) -> Result<void> {
    if (++seen == 3) return fail(ErrorCode::kInterrupted, "enough");
    return {};
  });
  EXPECT_EQ(read.error().message, "enough");
  EXPECT_EQ(seen, 3);
}

TEST_F(RoundTrip, ATrialKeepsWhatATurnLeavesUnsaid) {
  const auto store = create();
  Script script;
  TurnRows turn = script.turn();
  TrialRow row;
  row.number = 3;
  row.status = "running";
  row.metrics_json = R"({"loss":"NaN"})";
  row.objective_class = 1;
  row.objective = 7;  // meaningless: not a number
  row.started_at = 100.25;
  row.seed = 0xF000'0000'0000'0001;
  row.worker = "box";
  turn.trials = {row};
  must(store->commit(turn));
  turn = script.turn();
  row.status = "completed";
  row.metrics_json.clear();
  row.worker.clear();
  row.started_at = 0;
  row.finished_at = 200.5;
  row.best_class = 0;
  row.best = -std::numeric_limits<double>::infinity();
  row.parent = 2;
  turn.trials = {row};
  must(store->commit(turn));

  const auto reader = must(open_reader(db_));
  const TrialRow back = must(reader->trial(ExperimentId{1}, TrialId{3}));
  EXPECT_EQ(back.status, "completed");
  EXPECT_EQ(back.metrics_json, R"({"loss":"NaN"})");
  EXPECT_EQ(back.objective_class, 1);
  EXPECT_EQ(back.objective, 0);
  EXPECT_EQ(back.best, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(back.started_at, 100.25);
  EXPECT_EQ(back.finished_at, 200.5);
  EXPECT_EQ(back.seed, row.seed);
  EXPECT_EQ(back.worker, "box");
  EXPECT_EQ(back.parent, 2);
  const auto missing = reader->trial(ExperimentId{1}, TrialId{9});
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("numbered 0 to 3"));
}

TEST_F(RoundTrip, ReplayedReportsAreStoredAndLeftOut) {
  Script script;
  const auto store = create();
  std::size_t reports = 0, replayed = 0;
  for (int i = 0; i < 300; ++i) {
    const TurnRows turn = script.turn(10);
    must(store->commit(turn));
    replayed += turn.replayed.size();
    for (const LogEntry& entry : turn.entries) reports += std::holds_alternative<Reported>(entry.event.body) ? 1 : 0;
  }
  ASSERT_GT(replayed, 50u);
  const auto reader = must(open_reader(db_));
  std::size_t all = 0, of_one = 0, of_one_in_all = 0;
  std::int64_t last = 0;
  must(reader->reports(ExperimentId{1}, std::nullopt, [&](const Reader::ReportRow& row) {
    ++all;
    of_one_in_all += row.trial == 1 ? 1 : 0;
    EXPECT_GT(row.n, last);
    EXPECT_GT(row.wall, 1'700'000'000);
    last = row.n;
  }));
  must(reader->reports(ExperimentId{1}, TrialId{1}, [&](const Reader::ReportRow& row) {
    EXPECT_EQ(row.trial, 1);
    ++of_one;
  }));
  EXPECT_EQ(all, reports - replayed);
  EXPECT_EQ(of_one, of_one_in_all);
  EXPECT_GT(of_one, 0u);
}

TEST_F(RoundTrip, AStoryHoldsWhatConcernsTheTrial) {
  Script script;
  const auto store = create();
  for (int i = 0; i < 40; ++i) must(store->commit(script.turn(10)));
  const auto reader = must(open_reader(db_));
  const auto story = must(reader->story(ExperimentId{1}, TrialId{2}));
  ASSERT_GT(story.size(), 2u);
  ASSERT_EQ(story.front().decisions.size(), 1u);
  EXPECT_EQ(std::get<StartTrial>(story.front().decisions.front().body).trial, TrialId{2});
  std::int64_t last = 0;
  for (const LogEntry& entry : story) {
    EXPECT_GT(entry.event.n.value, last);
    last = entry.event.n.value;
  }
}

TEST_F(RoundTrip, SmallCheckpointsGoWithTheirTurnAndAreReleased) {
  Script script;
  const auto store = create();
  std::vector<std::pair<CheckpointRow, std::string>> written;
  for (int i = 0; i < 20; ++i) {
    const TurnRows turn = script.turn(5);
    must(store->commit(turn));
    written.insert(written.end(), turn.checkpoints.begin(), turn.checkpoints.end());
  }
  ASSERT_GT(written.size(), 3u);
  const auto& [row, bytes] = written[1];
  EXPECT_EQ(must(store->read_checkpoint(row.id)), bytes);
  TurnRows turn = script.turn();
  turn.released = {row.id};
  must(store->commit(turn));
  EXPECT_EQ(store->read_checkpoint(row.id).error().code, ErrorCode::kNotFound);

  const auto reader = must(open_reader(db_));
  std::string streamed;
  const auto keep = [&](std::string_view part) -> Result<void> {
    streamed += part;
    return {};
  };
  must(reader->checkpoint_bytes(ExperimentId{1}, written[2].first.id, keep));
  EXPECT_EQ(streamed, written[2].second);
  EXPECT_EQ(reader->checkpoint_bytes(ExperimentId{1}, row.id, keep).error().code, ErrorCode::kNotFound);
  const auto list = must(reader->checkpoints(ExperimentId{1}, TrialId{row.trial}));
  EXPECT_TRUE(std::ranges::any_of(list, [&](const CheckpointRow& c) { return c.id == row.id && c.released; }));

  test::execute(
      db_, "UPDATE checkpoint_bytes SET bytes = x'00' WHERE checkpoint = " + std::to_string(written[2].first.id.value));
  EXPECT_EQ(store->read_checkpoint(written[2].first.id).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(reader->checkpoint_bytes(ExperimentId{1}, written[2].first.id, keep).error().code, ErrorCode::kDamaged);
}

TEST_F(RoundTrip, OutputIsBytes) {
  Script script;
  const auto store = create();
  std::int64_t trial = -1;
  while (trial < 0) {
    const TurnRows turn = script.turn();
    must(store->commit(turn));
    if (!turn.outputs.empty()) trial = turn.outputs.front().first;
  }
  const auto reader = must(open_reader(db_));
  const auto output = must(reader->output(ExperimentId{1}, TrialId{trial}));
  ASSERT_EQ(output.size(), 1u);
  EXPECT_EQ(output[0].head, std::string("head\0\xff", 6));
  EXPECT_EQ(output[0].bytes, 10u);
}

TEST_F(RoundTrip, RunsAreKept) {
  const auto store = create();
  RunRow run;
  run.run = 1;
  run.version = "0.1";
  run.pid = 7;
  run.boot_id = "boot";
  run.started_at = 3.5;
  must(store->begin_run(run));
  must(store->set_workers(R"([{"pid":8}])"));
  run.run = 2;
  must(store->begin_run(run));
  const auto runs = must(store->runs());
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].worker_json, R"([{"pid":8}])");
  EXPECT_EQ(runs[1].run, 2);
  EXPECT_EQ(runs[1].worker_json, "");
  EXPECT_EQ(runs[0].pid, 7);
  EXPECT_EQ(must(must(open_reader(db_))->runs(ExperimentId{1})).size(), 2u);
}

TEST_F(RoundTrip, WordsMayChange) {
  {
    const auto store = create();
    must(store->change_words("new text", "other words"));
    EXPECT_EQ(store->experiment().source, "new text");
  }
  EXPECT_EQ(open()->experiment().description, "other words");
}

TEST_F(RoundTrip, AnEditedDocumentKeepsTheOneItBeganWith) {
  Script script;
  {
    const auto store = create();
    const std::string first = store->experiment().resolved_json;
    for (const char* document : {"{\"a\":1}", "{\"a\":2}"}) {
      TurnRows turn = script.turn();
      turn.document = document;
      must(store->commit(turn));
      EXPECT_EQ(store->experiment().resolved_json, document);
      EXPECT_EQ(store->experiment().began_as_json, first);
    }
  }
  const auto again = open();
  EXPECT_EQ(again->experiment().resolved_json, "{\"a\":2}");
  EXPECT_NE(again->experiment().began_as_json, "");
}

TEST_F(RoundTrip, TheSameTurnMayBeCommittedAgain) {
  Script script;
  const auto store = create();
  must(store->commit(script.turn(3)));
  const TurnRows turn = script.turn(3);
  must(store->commit(turn));
  must(store->commit(turn));
  EXPECT_EQ(test::log_of(*store).size(), 6u);
  TurnRows other = turn;
  other.entries.back().event.at += 1;
  EXPECT_EQ(store->commit(other).error().code, ErrorCode::kInternal);
  const TurnRows later = (script.turn(), script.turn());
  EXPECT_EQ(store->commit(later).error().code, ErrorCode::kInternal);  // a gap
}

TEST_F(RoundTrip, SettingAsideKeepsTheOldOne) {
  create();
  EXPECT_EQ(must(set_aside(db_, "one", {})), "one@1");
  create();
  EXPECT_EQ(must(set_aside(db_, "one", {})), "one@2");
  const auto held = create();
  EXPECT_EQ(held->experiment().id.value, 3);
  EXPECT_EQ(set_aside(db_, "one", {}).error().code, ErrorCode::kBusy);
  const auto names = must(must(open_reader(db_))->experiments());
  ASSERT_EQ(names.size(), 3u);
  EXPECT_EQ(names[0].name, "one@1");
}

TEST_F(RoundTrip, ANameIsTakenOnce) {
  create();
  const auto again = create_experiment(db_, new_experiment("one"), {}, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kBadInput);
  EXPECT_THAT(again.error().hint, testing::HasSubstr("tune resume one"));
}

TEST_F(RoundTrip, AMisspeltNameIsGuessed) {
  create("iris-asha");
  create("digits");
  const auto reader = must(open_reader(db_));
  const auto found = reader->experiment("iris-asah");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(found.error().hint, testing::HasSubstr("'iris-asha'"));
  EXPECT_THAT(found.error().message, testing::HasSubstr("iris-asha, digits"));
  EXPECT_EQ(open_experiment(db_, "nothing", {}, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(RoundTrip, ARestingExperimentThatDidNotEndIsInterrupted) {
  Script script;
  auto store = create();
  must(store->commit(script.turn()));
  const auto reader = must(open_reader(db_));
  EXPECT_EQ(must(reader->experiment("one")).status, "running");
  store.reset();
  EXPECT_EQ(must(reader->experiment("one")).status, "interrupted");
  EXPECT_EQ(must(reader->experiments())[0].status, "interrupted");
}

}  // namespace
}  // namespace tune

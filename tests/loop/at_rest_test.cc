// One turn of an experiment that nobody runs.

#include "tune/loop/at_rest.h"

#include "tests/controller/brain.h"

namespace tune::test {
namespace {

using ::testing::SizeIs;

/// Keeps what is stored; can be full.
class RecordingStore final : public Store {
 public:
  std::vector<RunRow> begun;
  std::vector<TurnRows> turns;
  bool full = false;

  const ExperimentRow& experiment() const override { return row_; }
  Result<void> begin_run(const RunRow& run) override {
    begun.push_back(run);
    return {};
  }
  Result<void> set_workers(const std::string&) override { return {}; }
  Result<void> commit(const TurnRows& turn) override {
    if (full) return fail(ErrorCode::kDiskFull, "full");
    turns.push_back(turn);
    return {};
  }
  Result<void> read_log(const std::function<Result<void>(const LogEntry&)>&) const override { return {}; }
  Result<std::optional<Metrics>> committed_metrics(TrialId, Step) const override { return std::nullopt; }
  Result<std::vector<CommandRow>> commands() override { return std::vector<CommandRow>(); }
  Result<std::string> read_checkpoint(CheckpointId) const override { return std::string(); }
  CheckpointChannel& channel() override { std::abort(); }  // nothing large is stored at rest
  Result<std::vector<RunRow>> runs() const override { return begun; }
  Result<void> change_words(const std::string&, const std::string&) override { return {}; }
  void close() override {}

 private:
  ExperimentRow row_;
};

Arrived command(CommandKind kind, std::optional<TrialId> trial = std::nullopt) {
  return {.body = Commanded{kind, trial, 9}};
}

TEST(AtRest, ATurnBeginsWithoutSlotsAndWhatRanIsLost) {
  Brain brain(trials(4));
  brain.start(2);
  RecordingStore store;
  const auto order = arrival_order();
  ASSERT_TRUE(act_at_rest(store, brain.controller(), *order, 1, 2, {command(CommandKind::kPause, TrialId{1})}));

  ASSERT_THAT(store.begun, SizeIs(1));
  EXPECT_EQ(store.begun[0].run, 2);
  ASSERT_THAT(store.turns, SizeIs(1));
  const auto& entries = store.turns[0].entries;
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(std::get<RunStarted>(entries[0].event.body).slots, 0);
  EXPECT_EQ(std::get<Lost>(entries[1].event.body).trial, TrialId{0});
  EXPECT_EQ(std::get<Lost>(entries[2].event.body).trial, TrialId{1});
  EXPECT_EQ(store.turns[0].commands_done, (std::vector<std::int64_t>{9}));
  EXPECT_EQ(brain.trial(0).state, TrialState::kWaiting);
  EXPECT_EQ(brain.trial(1).state, TrialState::kPaused);
  EXPECT_EQ(brain.controller().trials(), 2) << "nobody works on what waits";
}

TEST(AtRest, ACommandThatMakesNoSenseIsDoneAndItsRefusalKept) {
  Brain brain(trials(4));
  brain.start(1);
  RecordingStore store;
  const auto order = arrival_order();
  ASSERT_TRUE(act_at_rest(store, brain.controller(), *order, 1, 2, {command(CommandKind::kRetry, TrialId{7})}));
  EXPECT_NE(std::get<Commanded>(store.turns[0].entries.back().event.body).refusal, "");
  EXPECT_EQ(store.turns[0].commands_done, (std::vector<std::int64_t>{9}));
}

TEST(AtRest, SaysWhatKeptTheTurnFromBeingStored) {
  Brain brain(trials(4));
  RecordingStore store;
  store.full = true;
  const auto order = arrival_order();
  const auto done = act_at_rest(store, brain.controller(), *order, 1, 1, {command(CommandKind::kStop)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kDiskFull);
}

}  // namespace
}  // namespace tune::test

// Failed trials: how often each cause is tried again, and what sampler and scheduler hear of a failure.

#include "brain.h"

namespace tune::test {
namespace {

/// Keeps what it hears.
class RecordingSampler final : public Sampler {
 public:
  struct Heard {
    std::vector<std::pair<std::int64_t, Score>> reports, ends;
  };
  explicit RecordingSampler(Heard& heard) : heard_(heard) {}
  std::string_view name() const override { return "recording"; }
  int rules() const override { return 1; }
  Result<Suggestion> suggest(TrialId) const override { return Suggestion{Config{}, "recorded"}; }
  void on_report(TrialId trial, double, const Score& score) override {
    heard_.reports.emplace_back(trial.value, score);
  }
  void on_ended(TrialId trial, const Score& score) override { heard_.ends.emplace_back(trial.value, score); }

 private:
  Heard& heard_;
};

/// A brain of one trial at a time that folds what it is told.
struct Told {
  Told(Retries retries, RecordingSampler::Heard& heard)
      : controller(options(retries), std::make_unique<RecordingSampler>(heard), std::make_unique<ScriptedScheduler>()) {
    on(RunStarted{1, "test", controller.rules(), 1, 0});
  }
  static ControllerOptions options(Retries retries) {
    ControllerOptions options = trials(2);
    options.objectives = {{"loss", Mode::kMin, std::nullopt}};
    options.retries = retries;
    return options;
  }
  void on(EventBody body) {
    controller.observe({controller.next_event(), 0, std::move(body)});
    while (auto decision = controller.next()) controller.apply(*decision);
  }
  void report(double loss) {
    const TrialRecord& trial = controller.trial(TrialId{0});
    Reported report;
    report.trial = trial.id;
    report.attempt = trial.attempt;
    report.seq = trial.last_seq + 1;
    report.step = trial.last_step + 1;
    report.metrics = {{"loss", loss}};
    on(report);
  }
  void end(EndKind how, Cause cause) {
    const TrialRecord& trial = controller.trial(TrialId{0});
    on(Ended{trial.id, trial.attempt, trial.last_seq + 1, how, cause, "text", 0, 0});
  }
  Controller controller;
};

struct OfCause {
  const char* name;
  Cause cause;
  std::int64_t Retries::*count;
};

class RetriesOfCause : public ::testing::TestWithParam<OfCause> {};

TEST_P(RetriesOfCause, AreCountedForItAlone) {
  Retries retries;
  retries.*GetParam().count = 2;
  RecordingSampler::Heard heard;
  Told told(retries, heard);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(told.controller.trial(TrialId{0}).attempt.value, attempt);
    EXPECT_TRUE(heard.ends.empty());
    told.end(EndKind::kFailed, GetParam().cause);
  }
  EXPECT_EQ(told.controller.trial(TrialId{0}).state, TrialState::kFailed);
  EXPECT_EQ(told.controller.trial(TrialId{0}).cause, GetParam().cause);

  const Cause other = GetParam().cause == Cause::kHang ? Cause::kExit : Cause::kHang;
  Told of_another(retries, heard);
  of_another.end(EndKind::kFailed, other);
  EXPECT_EQ(of_another.controller.trial(TrialId{0}).state, TrialState::kFailed);
}

INSTANTIATE_TEST_SUITE_P(Each, RetriesOfCause,
                         ::testing::Values(OfCause{"Exception", Cause::kException, &Retries::exception},
                                           OfCause{"ExitCode", Cause::kExit, &Retries::exit},
                                           OfCause{"Signal", Cause::kSignal, &Retries::signal},
                                           OfCause{"Memory", Cause::kMemory, &Retries::memory},
                                           OfCause{"Time", Cause::kTimeLimit, &Retries::time},
                                           OfCause{"Hang", Cause::kHang, &Retries::hang}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(FailedTrials, ReachTheSamplerAsFailedHoweverGoodTheirReportsWere) {
  RecordingSampler::Heard heard;
  Told told({}, heard);
  told.report(0.001);
  told.end(EndKind::kFailed, Cause::kException);
  ASSERT_EQ(heard.reports.size(), 1u);
  EXPECT_TRUE(heard.reports[0].second.is_number());
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_EQ(heard.ends[0].first, 0);
  EXPECT_EQ(heard.ends[0].second.cls, ScoreClass::kFailed);
}

TEST(FailedTrials, ThatAreTriedAgainReachTheSamplerOnceWithTheirEnd) {
  RecordingSampler::Heard heard;
  Told told({.exception = 1}, heard);
  told.report(0.5);
  told.end(EndKind::kFailed, Cause::kException);
  told.report(0.25);
  told.end(EndKind::kCompleted, Cause::kOwnEnd);
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_TRUE(heard.ends[0].second.is_number());
}

TEST(FailedTrials, OfALostWorkerAreTriedAgainWithoutUsingARetryUp) {
  RecordingSampler::Heard heard;
  Told told({}, heard);
  for (int attempt = 1; attempt <= 5; ++attempt) {
    EXPECT_EQ(told.controller.trial(TrialId{0}).attempt.value, attempt);
    told.on(Lost{TrialId{0}, told.controller.trial(TrialId{0}).attempt, "worker killed"});
  }
  EXPECT_TRUE(heard.ends.empty());
}

}  // namespace
}  // namespace tune::test

// In which order what arrives becomes events.

#include "tune/loop/order.h"

#include "tests/controller/brain.h"

namespace tune::test {
namespace {

/// A brain whose events come through an order, as in the loop.
class Ordered {
 public:
  explicit Ordered(std::unique_ptr<EventOrder> order, ControllerOptions options = trials(3))
      : order_(std::move(order)), brain_(std::move(options)) {}

  Brain& brain() { return brain_; }

  void start(std::int64_t slots) { feed(RunStarted{1, "test", brain_.controller().rules(), slots, 0}); }

  void report(std::int64_t trial, Step step, double loss) {
    Reported report;
    report.trial = TrialId{trial};
    report.attempt = brain_.controller().trial(TrialId{trial}).attempt;
    report.seq = step;
    report.step = step;
    report.metrics = {{"loss", loss}};
    feed(report);
  }
  void end(std::int64_t trial, EndKind how, Cause cause, Seq seq) {
    feed(Ended{TrialId{trial}, brain_.controller().trial(TrialId{trial}).attempt,
               how == EndKind::kCompleted ? seq : seq, how, cause, "", 0, 0});
  }
  void feed(EventBody body) {
    Arrived arrived;
    arrived.body = std::move(body);
    order_->arrive(std::move(arrived));
    while (auto next = order_->next(brain_.controller(), leaving)) {
      const Event event{brain_.controller().next_event(), 0, next->body};
      if (!brain_.controller().accepts(event)) continue;
      order_->before(event, brain_.controller());
      brain_.on(next->body);
      order_->after(brain_.log().back());
    }
  }

  /// `0@1 1@1 ...`: trial@step of the reports in the log.
  std::string reports() const {
    std::string text;
    for (const LogEntry& entry : brain_.log()) {
      if (const auto* e = std::get_if<Reported>(&entry.event.body)) {
        text += std::to_string(e->trial.value) + "@" + std::to_string(e->step) + " ";
      }
      if (const auto* e = std::get_if<Ended>(&entry.event.body)) text += std::to_string(e->trial.value) + "! ";
    }
    return text;
  }

  bool leaving = false;

 private:
  std::unique_ptr<EventOrder> order_;
  Brain brain_;
};

TEST(ArrivalOrder, KeepsTheOrderOfArrival) {
  Ordered run(arrival_order());
  run.start(2);
  run.report(1, 1, 0.5);
  run.report(1, 2, 0.5);
  run.report(0, 1, 0.5);

  EXPECT_EQ(run.reports(), "1@1 1@2 0@1 ");
}

TEST(LockstepOrder, OrdersReportsByLogicalTimeWhateverTheirArrival) {
  Ordered run(lockstep_order());
  run.start(2);
  run.report(1, 1, 0.5);
  run.report(1, 2, 0.5);
  EXPECT_EQ(run.reports(), "");  // trial 0 may still come first
  run.report(0, 1, 0.5);
  run.report(0, 2, 0.5);
  run.report(0, 3, 0.5);

  EXPECT_EQ(run.reports(), "0@1 1@1 0@2 1@2 ");
}

TEST(LockstepOrder, CountsFromTheEventThatGrantedTheSlot) {
  Ordered run(lockstep_order());
  run.start(2);
  run.report(0, 1, 0.5);
  run.report(1, 1, 0.5);
  run.end(0, EndKind::kCompleted, Cause::kOwnEnd, 2);
  run.report(1, 2, 0.5);  // trial 2 was granted at logical time 2
  run.report(2, 1, 0.5);
  run.report(1, 3, 0.5);
  run.report(2, 2, 0.5);

  EXPECT_EQ(run.reports(), "0@1 1@1 0! 1@2 1@3 ");  // trial 1 may report once more before 2@1 at time 3
}

TEST(LockstepOrder, LetsRepeatsAfterALossPassAtOnce) {
  Ordered run(lockstep_order());
  run.start(2);
  run.report(0, 1, 0.5);
  run.report(1, 1, 0.5);
  run.feed(Lost{TrialId{0}, Attempt{1}, "killed"});

  run.report(0, 1, 0.5);

  EXPECT_EQ(run.brain().trial(0).replayed, 1);
  EXPECT_EQ(run.brain().trial(0).attempt, Attempt{2});
  run.report(0, 2, 0.5);
  EXPECT_EQ(run.reports(), "0@1 0@1 1@1 ");  // the new step waits for trial 1
  run.report(1, 2, 0.5);
  EXPECT_EQ(run.reports(), "0@1 0@1 1@1 0@2 ");
}

TEST(LockstepOrder, ARetriedFailureMovesNoClock) {
  ControllerOptions options = trials(3);
  options.retries.signal = 1;
  Ordered run(lockstep_order(), options);
  run.start(2);
  run.report(0, 1, 0.5);
  run.end(0, EndKind::kFailed, Cause::kSignal, 2);
  EXPECT_EQ(run.reports(), "");  // behind its own report, which waits for trial 1
  run.report(1, 1, 0.5);

  EXPECT_EQ(run.reports(), "0@1 0! ");  // 1@1 waits for what the retry reports
  EXPECT_EQ(run.brain().trial(0).attempt, Attempt{2});
}

TEST(LockstepOrder, TheLossOfATrialThatWasToldToLeaveStandsForItsEnd) {
  Ordered run(lockstep_order());
  run.brain().scheduler().verdicts[1] = {Verdict::kStop, false, "rank 2 of 2"};
  run.start(2);
  run.report(0, 1, 0.5);
  run.report(1, 1, 0.5);
  run.feed(Lost{TrialId{1}, Attempt{1}, "controller gone"});
  EXPECT_EQ(run.brain().trial(1).state, TrialState::kRunning);  // its report waits for trial 0's end

  run.feed(Lost{TrialId{0}, Attempt{1}, "controller gone"});

  EXPECT_EQ(run.brain().trial(0).state, TrialState::kStopped);
  EXPECT_EQ(run.brain().trial(1).state, TrialState::kStopping);  // trial 2 was granted and runs
}

TEST(LockstepOrder, TakesNothingLogicalWhileLeaving) {
  Ordered run(lockstep_order());
  run.start(2);
  run.leaving = true;
  run.report(0, 1, 0.5);
  run.report(1, 1, 0.5);
  run.feed(Commanded{CommandKind::kPause, std::nullopt, 0});

  EXPECT_EQ(run.reports(), "");
}

}  // namespace
}  // namespace tune::test

#include "trainables/run/trial_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <vector>

namespace tune {
namespace {

using testing::ElementsAre;

double clock_now = 0;
double test_clock() { return clock_now; }

/// Plays the worker: keeps what the trial sends, and answers from a script.
class ScriptedPort : public TrialPort {
 public:
  Result<void> send(ReportMessage report, std::optional<std::string_view> checkpoint) override {
    if (refusal) return tl::unexpected<Error>(*refusal);
    reports.push_back(report);
    checkpoints.push_back(checkpoint ? std::optional(std::string(*checkpoint)) : std::nullopt);
    if (after_report) after_report(reports.back());
    return {};
  }
  Result<void> send(SavedMessage message, std::string_view checkpoint) override {
    saved.push_back(message);
    saved_bytes.emplace_back(checkpoint);
    return {};
  }
  Result<std::optional<TrialInput>> receive(bool wait) override {
    if (inputs.empty() && !wait) return std::nullopt;
    if (wait) ++waited;
    if (inputs.empty()) return fail(ErrorCode::kIo, "the script is over");
    TrialInput input = std::move(inputs.front());
    inputs.pop_front();
    return input;
  }

  void ack(Seq seq, Verdict verdict = Verdict::kContinue, Wait wait = {}) {
    inputs.push_back(Ack{TrialId{3}, Attempt{1}, seq, verdict, wait});
  }
  void order(OrderKind kind, std::string reason = "because") {
    inputs.push_back(Order{TrialId{3}, Attempt{1}, kind, 30, std::move(reason)});
  }

  std::deque<TrialInput> inputs;
  std::function<void(const ReportMessage&)> after_report;
  std::optional<Error> refusal;
  std::vector<ReportMessage> reports;
  std::vector<std::optional<std::string>> checkpoints;
  std::vector<SavedMessage> saved;
  std::vector<std::string> saved_bytes;
  int waited = 0;
};

using Body = std::function<void(tune_trial*, const tune_host*)>;

class TrialRunTest : public testing::Test {
 protected:
  TrialRunTest() {
    clock_now = 100;
    begin.assign.trial = TrialId{3};
    begin.assign.attempt = Attempt{1};
    begin.assign.trial_name = "exp-00003";
    begin.assign.config_json = R"({"lr":0.5,"n":{"layers":2},"act":"relu","bias":true})";
    begin.assign.seed = 42;
  }

  Ended run(const Body& body) {
    Body held = body;
    const tune_trainable table = {"test",
                                  0,
                                  TUNE_THREAD,
                                  nullptr,
                                  0,
                                  nullptr,
                                  0,
                                  nullptr,
                                  [](void* instance, tune_trial* t, const tune_host* h) { (*static_cast<Body*>(instance))(t, h); },
                                  nullptr};
    TrialRun trial(begin, checkpoint, port, test_clock);
    return trial.run(table, &held);
  }

  static int report(tune_trial* t, const tune_host* h, Step step = 0, const char* state = nullptr) {
    const tune_metric metric{"loss", 0.25};
    return h->report(t, step, &metric, 1, nullptr, state, state != nullptr ? std::strlen(state) : 0);
  }

  std::vector<Step> steps() const {
    std::vector<Step> all;
    for (const auto& r : port.reports) all.push_back(r.log.step);
    return all;
  }

  Begin begin;
  std::string checkpoint;
  ScriptedPort port;
};

// --- Reports ---------------------------------------------------------------------------------------------------------

TEST_F(TrialRunTest, ReportsFlowWithoutAWaitPoint) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    for (int i = 0; i < 3; ++i) {
      clock_now += 2;
      EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    }
  });
  EXPECT_EQ(port.waited, 0);
  EXPECT_THAT(steps(), ElementsAre(1, 2, 3));
  const Reported& last = port.reports.back().log;
  EXPECT_EQ(last.seq, 3);
  EXPECT_EQ(last.elapsed, 6);
  EXPECT_EQ(last.metrics, (Metrics{{"loss", 0.25}}));
  EXPECT_EQ(last.trial, TrialId{3});
  EXPECT_FALSE(port.reports.back().waits);
  EXPECT_EQ(end.how, EndKind::kCompleted);
  EXPECT_EQ(end.cause, Cause::kOwnEnd);
  EXPECT_EQ(end.seq, 4);
  EXPECT_EQ(end.elapsed, 6);
}

TEST_F(TrialRunTest, WaitsAtTheWaitPointAndGoesOnToTheNext) {
  begin.assign.wait = {2, true};
  port.after_report = [&](const ReportMessage& r) {
    if (r.log.step == 2) {
      port.ack(1);  // an older one does not free it
      port.ack(2, Verdict::kContinue, {4, false});
    }
    if (r.log.step == 4) port.ack(4, Verdict::kContinue, {});
  };
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(h->save_due(t, 0), 0);
    EXPECT_EQ(h->save_due(t, 2), 1);
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(h->save_due(t, 0), i == 1 ? 1 : 0);
      EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    }
  });
  std::vector<bool> waits;
  for (const auto& r : port.reports) waits.push_back(r.waits);
  EXPECT_THAT(waits, ElementsAre(false, true, false, true, false));
  EXPECT_EQ(port.waited, 3);
  EXPECT_EQ(end.how, EndKind::kCompleted);
}

TEST_F(TrialRunTest, WaitPointZeroMakesEveryReportWait) {
  begin.assign.wait = {0, false};
  port.after_report = [&](const ReportMessage& r) { port.ack(r.log.seq, Verdict::kContinue, {0, false}); };
  run([](tune_trial* t, const tune_host* h) {
    for (int i = 0; i < 3; ++i) report(t, h);
  });
  EXPECT_EQ(port.waited, 3);
}

TEST_F(TrialRunTest, AWindowBoundsWhatIsUnacknowledged) {
  port.after_report = [&](const ReportMessage& r) {
    if (r.log.seq == TrialRun::kWindow) port.inputs.clear();
    if (r.log.seq > TrialRun::kWindow) port.ack(r.log.seq - TrialRun::kWindow);
  };
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    for (Seq i = 0; i < TrialRun::kWindow + 10; ++i) ASSERT_EQ(report(t, h), TUNE_CONTINUE);
  });
  EXPECT_EQ(port.waited, 10);
  EXPECT_EQ(end.how, EndKind::kCompleted);
}

TEST_F(TrialRunTest, StepsMayJumpButMustGrow) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h, 5), TUNE_CONTINUE);
    EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    EXPECT_EQ(report(t, h, 6), TUNE_LEAVE);
    EXPECT_EQ(report(t, h, 7), TUNE_LEAVE);  // it has failed: nothing counts any more
  });
  EXPECT_THAT(steps(), ElementsAre(5, 6));
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kBadReport);
  EXPECT_EQ(end.text, "it reported step 6 after step 6: steps must grow");
}

TEST_F(TrialRunTest, KeepsTheExtraPartAsOneLineOfJson) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    const tune_metric metric{"loss", 1};
    h->report(t, 0, &metric, 1, "{ \"note\":\n \"x\", \"nan\": NaN }", nullptr, 0);
    EXPECT_EQ(h->report(t, 0, &metric, 1, "[1]", nullptr, 0), TUNE_LEAVE);
  });
  EXPECT_EQ(port.reports.at(0).log.extra, R"({"note":"x","nan":"NaN"})");
  EXPECT_EQ(end.cause, Cause::kBadReport);
  EXPECT_NE(end.text.find("no JSON object"), std::string::npos);
}

TEST_F(TrialRunTest, AMetricGivenTwiceKeepsItsLastValue) {
  run([](tune_trial* t, const tune_host* h) {
    const tune_metric metrics[] = {{"loss", 1}, {"acc", 2}, {"loss", 3}};
    h->report(t, 0, metrics, 3, nullptr, nullptr, 0);
  });
  EXPECT_EQ(port.reports.at(0).log.metrics, (Metrics{{"loss", 3}, {"acc", 2}}));
}

TEST_F(TrialRunTest, AReportThatCannotBeCarriedFailsTheTrial) {
  port.refusal = Error{ErrorCode::kBadInput, "too long", {}};
  const Ended end = run([](tune_trial* t, const tune_host* h) { EXPECT_EQ(report(t, h), TUNE_LEAVE); });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.text, "its report cannot be sent: too long");
}

// --- Verdicts and orders ---------------------------------------------------------------------------------------------

TEST_F(TrialRunTest, AStopVerdictEndsTheTrialAsStopped) {
  begin.assign.wait = {1, false};
  port.after_report = [&](const ReportMessage& r) { port.ack(r.log.seq, Verdict::kStop); };
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
    EXPECT_EQ(h->should_stop(t), 1);
    EXPECT_EQ(h->save_asked(t), 0);
    EXPECT_EQ(report(t, h), TUNE_LEAVE);  // dropped
  });
  EXPECT_THAT(steps(), ElementsAre(1));
  EXPECT_EQ(end.how, EndKind::kStopped);
}

TEST_F(TrialRunTest, APauseVerdictAsksForACheckpointUnlessTheReportBroughtOne) {
  begin.assign.wait = {1, true};
  port.after_report = [&](const ReportMessage& r) { port.ack(r.log.seq, Verdict::kPause); };
  Ended end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h, 0, "state"), TUNE_LEAVE);
    EXPECT_EQ(h->save_asked(t), 0);
  });
  EXPECT_EQ(end.how, EndKind::kPaused);
  EXPECT_THAT(port.checkpoints, ElementsAre(std::optional<std::string>("state")));
  end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
    EXPECT_EQ(h->save_asked(t), 1);
    EXPECT_EQ(h->save(t, 0, "late", 4), 1);
    EXPECT_EQ(h->save_asked(t), 0);
  });
  EXPECT_EQ(end.how, EndKind::kPaused);
  EXPECT_EQ(end.seq, 3);
  ASSERT_EQ(port.saved.size(), 1u);
  EXPECT_EQ(port.saved[0].log.step, 1);
  EXPECT_EQ(port.saved[0].log.seq, 2);
  EXPECT_THAT(port.saved_bytes, ElementsAre("late"));
}

TEST_F(TrialRunTest, AnAckForAnEarlierReportMayEndTheTrialToo) {
  const Ended end = run([&](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    port.ack(INT64_MAX, Verdict::kStop);
    EXPECT_EQ(h->should_stop(t), 1);
  });
  EXPECT_EQ(end.how, EndKind::kStopped);
}

TEST_F(TrialRunTest, AnOrderToSaveIsMetByTheNextReportOrAtOnce) {
  const Ended end = run([&](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    port.order(OrderKind::kSave);
    EXPECT_EQ(h->save_asked(t), 1);
    EXPECT_EQ(h->should_stop(t), 0);
    EXPECT_EQ(h->save_due(t, 0), 1);
    EXPECT_EQ(report(t, h, 0, "with the report"), TUNE_CONTINUE);
    EXPECT_EQ(h->save_asked(t), 0);
    EXPECT_EQ(h->save_due(t, 0), 0);
  });
  EXPECT_EQ(end.how, EndKind::kCompleted);
}

TEST_F(TrialRunTest, AnInterruptSavesAndLeaves) {
  const Ended end = run([&](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_CONTINUE);
    port.order(OrderKind::kInterrupt, "Ctrl-C");
    EXPECT_EQ(h->should_stop(t), 1);
    EXPECT_EQ(h->save_asked(t), 1);
    EXPECT_EQ(h->save(t, 0, "x", 1), 1);
    EXPECT_EQ(h->save(t, 0, "x", 1), 1);  // of a step that is saved: taken, and not sent again
  });
  EXPECT_EQ(port.saved.size(), 1u);
  EXPECT_EQ(end.how, EndKind::kInterrupted);
  EXPECT_EQ(end.text, "Ctrl-C");
}

TEST_F(TrialRunTest, AReportThatIsOnItsWayWhenAnOrderComesStillCounts) {
  const Ended end = run([&](tune_trial* t, const tune_host* h) {
    port.order(OrderKind::kInterrupt);
    EXPECT_EQ(h->save_due(t, 0), 0);  // not looked yet
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
    EXPECT_EQ(h->save_asked(t), 1);
  });
  EXPECT_THAT(steps(), ElementsAre(1));
  EXPECT_EQ(end.how, EndKind::kInterrupted);
}

TEST_F(TrialRunTest, AnOrderFreesATrialThatWaits) {
  begin.assign.wait = {1, false};
  port.after_report = [&](const ReportMessage&) { port.order(OrderKind::kStop, "no slot for it"); };
  const Ended end = run([](tune_trial* t, const tune_host* h) { EXPECT_EQ(report(t, h), TUNE_LEAVE); });
  EXPECT_EQ(end.how, EndKind::kStopped);
  EXPECT_EQ(end.text, "no slot for it");
}

TEST_F(TrialRunTest, WhatWasDecidedOutweighsAnInterrupt) {
  Ended end = run([&](tune_trial* t, const tune_host* h) {
    port.order(OrderKind::kStop);
    port.order(OrderKind::kInterrupt);
    EXPECT_EQ(h->should_stop(t), 1);
  });
  EXPECT_EQ(end.how, EndKind::kStopped);
  end = run([&](tune_trial* t, const tune_host* h) {
    port.order(OrderKind::kInterrupt);
    port.ack(1, Verdict::kPause);
    EXPECT_EQ(h->should_stop(t), 1);
  });
  EXPECT_EQ(end.how, EndKind::kPaused);
}

TEST_F(TrialRunTest, ATrialThatNeverLookedHasCompleted) {
  port.order(OrderKind::kStop);
  EXPECT_EQ(run([](tune_trial*, const tune_host*) {}).how, EndKind::kCompleted);
}

TEST_F(TrialRunTest, ATrialThatEndsWithoutAReportHasFailed) {
  const Ended end = run([](tune_trial*, const tune_host*) {});
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kException);
  EXPECT_EQ(end.text, "it ended without a report");

  begin.assign.start_step = 3;  // it goes on from reports of an earlier attempt
  EXPECT_EQ(run([](tune_trial*, const tune_host*) {}).how, EndKind::kCompleted);
}

TEST_F(TrialRunTest, AGoneWorkerEndsTheTrialAsInterrupted) {
  begin.assign.wait = {1, false};
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
    EXPECT_EQ(h->save_asked(t), 0);
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
  });
  EXPECT_EQ(port.reports.size(), 1u);
  EXPECT_EQ(end.how, EndKind::kInterrupted);
}

TEST_F(TrialRunTest, StopTimeCountsEarlierAttempts) {
  begin.assign.elapsed = 50;
  begin.assign.stop_time = 60;
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    clock_now += 9;
    EXPECT_EQ(h->should_stop(t), 0);
    clock_now += 1;
    EXPECT_EQ(h->should_stop(t), 1);
  });
  EXPECT_EQ(end.how, EndKind::kStopped);
  EXPECT_EQ(end.cause, Cause::kStopRule);
  EXPECT_EQ(end.elapsed, 60);
}

// --- Checkpoints -----------------------------------------------------------------------------------------------------

TEST_F(TrialRunTest, SavesEverySoManyIterationsOfTheWholeLife) {
  begin.assign.every = 3;
  begin.assign.start_step = 4;
  begin.has_checkpoint = true;
  run([](tune_trial* t, const tune_host* h) {
    std::vector<Step> due;
    for (Step step = 5; step <= 12; ++step) {
      if (h->save_due(t, 0)) due.push_back(step);
      report(t, h);
    }
    EXPECT_THAT(due, ElementsAre(6, 9, 12));
  });
}

TEST_F(TrialRunTest, GivesTheStateToContinueFrom) {
  checkpoint = std::string("a\0b", 3);
  begin.has_checkpoint = true;
  begin.assign.start_step = 7;
  begin.assign.elapsed = 5;
  run([](tune_trial* t, const tune_host* h) {
    const void* data = nullptr;
    std::size_t size = 0;
    std::int64_t step = 0;
    ASSERT_EQ(h->checkpoint(t, &data, &size, &step), 1);
    EXPECT_EQ(std::string(static_cast<const char*>(data), size), std::string("a\0b", 3));
    EXPECT_EQ(step, 7);
    EXPECT_EQ(report(t, h), TUNE_CONTINUE);
  });
  EXPECT_THAT(steps(), ElementsAre(8));
  EXPECT_EQ(port.reports[0].log.elapsed, 5);
}

TEST_F(TrialRunTest, HasNothingToContinueFromOnAFreshStart) {
  run([](tune_trial* t, const tune_host* h) {
    const void* data = nullptr;
    std::size_t size = 0;
    std::int64_t step = 0;
    EXPECT_EQ(h->checkpoint(t, &data, &size, &step), 0);
  });
}

TEST_F(TrialRunTest, ACheckpointMayBeEmpty) {
  run([](tune_trial* t, const tune_host* h) { report(t, h, 0, ""); });
  EXPECT_THAT(port.checkpoints, ElementsAre(std::optional<std::string>("")));
}

TEST_F(TrialRunTest, RefusesACheckpointOfAStepItHasNotReported) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    report(t, h);
    EXPECT_EQ(h->save(t, 2, "x", 1), 0);
  });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_TRUE(port.saved.empty());
}

TEST_F(TrialRunTest, AsksForACheckpointAtTheEndWhereTheExperimentKeepsOne) {
  begin.assign.at_end = true;
  begin.assign.wait = {2, false};
  port.after_report = [&](const ReportMessage& r) {
    if (r.log.step == 2) port.ack(2, Verdict::kStop);
  };
  run([](tune_trial* t, const tune_host* h) {
    report(t, h);
    EXPECT_EQ(h->save_at_end(t), 1);
    EXPECT_EQ(h->save_asked(t), 0);
    EXPECT_EQ(report(t, h), TUNE_LEAVE);
    EXPECT_EQ(h->save_asked(t), 1);
    EXPECT_EQ(h->save(t, 0, "end", 3), 1);
    EXPECT_EQ(h->save_at_end(t), 0);
  });
  EXPECT_EQ(port.saved.size(), 1u);
}

TEST_F(TrialRunTest, StopTimeAsksForTheCheckpointOfTheEndToo) {
  begin.assign.at_end = true;
  begin.assign.stop_time = 105;
  run([](tune_trial* t, const tune_host* h) {
    report(t, h);
    clock_now += 105;
    EXPECT_EQ(h->should_stop(t), 1);
    EXPECT_EQ(h->save_asked(t), 1);
    EXPECT_EQ(h->save(t, 0, "end", 3), 1);
    EXPECT_EQ(h->save_asked(t), 0);
  });
  EXPECT_EQ(port.saved.size(), 1u);
}

TEST_F(TrialRunTest, ANoteIsToldWithAnEndOfItsOwn) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    report(t, h);
    h->note(t, "it is odd");
    h->note(t, "and odder");
  });
  EXPECT_EQ(end.how, EndKind::kCompleted);
  EXPECT_EQ(end.text, "ended by itself; it is odd");
}

// --- Failures --------------------------------------------------------------------------------------------------------

TEST_F(TrialRunTest, TheFirstFailureCounts) {
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    h->fail(t, 1, 3, "exit code 3: no such file");
    h->fail(t, 0, 0, "and then this");
    EXPECT_EQ(h->should_stop(t), 1);
  });
  EXPECT_EQ(end.how, EndKind::kFailed);
  EXPECT_EQ(end.cause, Cause::kExit);
  EXPECT_EQ(end.code, 3);
  EXPECT_EQ(end.text, "exit code 3: no such file");
}

TEST_F(TrialRunTest, AnEscapedExceptionIsAFailure) {
  Ended end = run([](tune_trial*, const tune_host*) { throw std::runtime_error("bad weights"); });
  EXPECT_EQ(end.cause, Cause::kException);
  EXPECT_EQ(end.text, "bad weights");
  end = run([](tune_trial*, const tune_host*) { throw 3; });
  EXPECT_EQ(end.how, EndKind::kFailed);
}

TEST_F(TrialRunTest, MemoryThatRunsOutUnderALimitIsItsCause) {
  const auto body = [](tune_trial*, const tune_host*) { throw std::bad_alloc(); };
  EXPECT_EQ(run(body).cause, Cause::kException);
  begin.assign.resources.memory = 100u << 20;
  const Ended end = run(body);
  EXPECT_EQ(end.cause, Cause::kMemory);
  EXPECT_NE(end.text.find("memory limit of"), std::string::npos) << end.text;
}

// --- What it can look up ---------------------------------------------------------------------------------------------

TEST_F(TrialRunTest, LooksUpParametersByKind) {
  run([](tune_trial* t, const tune_host* h) {
    double real = 0;
    std::int64_t integer = 0;
    const char* text = nullptr;
    int boolean = 0;
    EXPECT_EQ(h->real(t, "lr", &real), 1);
    EXPECT_EQ(real, 0.5);
    EXPECT_EQ(h->integer(t, "n.layers", &integer), 1);
    EXPECT_EQ(integer, 2);
    EXPECT_EQ(h->text(t, "act", &text), 1);
    EXPECT_STREQ(text, "relu");
    EXPECT_EQ(h->boolean(t, "bias", &boolean), 1);
    EXPECT_EQ(boolean, 1);
    EXPECT_EQ(h->integer(t, "lr", &integer), 0);
    EXPECT_EQ(h->real(t, "momentum", &real), 0);
    EXPECT_STREQ(h->trial_name(t), "exp-00003");
    EXPECT_EQ(h->trial_number(t), 3);
    EXPECT_EQ(h->seed(t), 42u);
    EXPECT_EQ(h->size, sizeof(tune_host));
  });
}

TEST_F(TrialRunTest, AConfigurationThatIsNoJsonFailsTheTrial) {
  begin.assign.config_json = "{";
  const Ended end = run([](tune_trial* t, const tune_host* h) {
    double real = 0;
    EXPECT_EQ(h->real(t, "lr", &real), 0);
  });
  EXPECT_EQ(end.how, EndKind::kFailed);
}

TEST_F(TrialRunTest, MakesItsDirectoryWhenItIsAskedFor) {
  const auto root = std::filesystem::path(testing::TempDir()) / ("trial_run_" + std::to_string(::getpid()));
  begin.directory = (root / "exp" / "exp-00003.1").string();
  run([](tune_trial*, const tune_host*) {});
  EXPECT_FALSE(std::filesystem::exists(root));
  run([&](tune_trial* t, const tune_host* h) {
    EXPECT_EQ(h->directory(t), begin.directory);
    EXPECT_EQ(h->directory(t), begin.directory);
  });
  EXPECT_TRUE(std::filesystem::is_directory(begin.directory));
  std::filesystem::remove_all(root);
  begin.directory = "/proc/no/such/place";
  run([](tune_trial* t, const tune_host* h) { EXPECT_EQ(h->directory(t), nullptr); });
}

}  // namespace
}  // namespace tune

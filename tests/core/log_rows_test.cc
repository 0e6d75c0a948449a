#include "core/log_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "tests/core/numbers.h"

namespace tune {
namespace {

Event event(EventBody body) { return {EventNumber{12}, 3.25, std::move(body)}; }

CheckpointInfo checkpoint() { return {12345678901, std::string(64, 'a'), true}; }

Reported stored_report() {
  Reported report;
  report.trial = TrialId{17};
  report.attempt = Attempt{2};
  report.seq = 5;
  report.step = 40;
  report.elapsed = 1.125;
  report.metrics = {{"loss", 0.1}, {"accuracy", 0.9}};
  return report;
}

void expect_round_trip(const Event& sent) {
  const Result<Event> back = decode(encode(sent));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, sent);
}

void expect_round_trip(DecisionBody body) {
  const Decision sent{std::move(body), "rung 3: rank 2 of 9"};
  const Result<Decision> back = decode(encode(sent));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, sent);
}

TEST(EventRows, BringBackEveryKind) {
  expect_round_trip(event(RunStarted{3, "0.1.0", "asha=1 random=1", 8, 8}));
  expect_round_trip(event(RunStarted{3, "0.1.0", "asha=1 random=1", 8, 0, 12}));
  expect_round_trip(event(stored_report()));
  expect_round_trip(event(Saved{TrialId{1}, Attempt{1}, 9, 10, 2.5, checkpoint()}));
  expect_round_trip(
      event(Ended{TrialId{1}, Attempt{3}, 9, EndKind::kFailed, Cause::kSignal, "killed\nby \"SIGSEGV\"", 11, 7.5}));
  expect_round_trip(event(Lost{TrialId{1}, Attempt{3}, "worker gone"}));
  expect_round_trip(event(Commanded{CommandKind::kPause, TrialId{4}, 77}));
  expect_round_trip(event(Commanded{CommandKind::kCancel, std::nullopt, 0}));
  expect_round_trip(event(Ticked{}));
}

TEST(EventRows, BringBackEveryEnumerator) {
  for (int how = 0; how <= static_cast<int>(EndKind::kFailed); ++how) {
    for (int cause = 0; cause <= static_cast<int>(Cause::kLostWorker); ++cause) {
      expect_round_trip(
          event(Ended{TrialId{1}, Attempt{1}, 1, static_cast<EndKind>(how), static_cast<Cause>(cause), "", -1, 0}));
    }
  }
  for (int kind = 0; kind <= static_cast<int>(CommandKind::kSet); ++kind) {
    expect_round_trip(event(Commanded{static_cast<CommandKind>(kind), TrialId{0}, 1}));
  }
}

TEST(EventRows, HoldAReportInColumnsAndItsMetricsAsThePayload) {
  const EventRow row = encode(event(stored_report()));
  EXPECT_EQ(row.n, 12);
  EXPECT_EQ(row.kind, "reported");
  EXPECT_EQ(row.trial, 17);
  EXPECT_EQ(row.attempt, 2);
  EXPECT_EQ(row.seq, 5);
  EXPECT_EQ(row.step, 40);
  EXPECT_EQ(row.at, 3.25);
  EXPECT_EQ(row.elapsed, 1.125);
  EXPECT_EQ(row.payload, R"({"loss":0.1,"accuracy":0.9})");
  EXPECT_EQ(row.extra, "");
}

TEST(EventRows, BringBackExtraValuesLetterForLetter) {
  for (const char* extra :
       {"", "{}", R"({"note":"x"})", R"({ "a" : 1.50, "b":[ ] })", R"({"checkpoint":1,"values":{}})"}) {
    Reported report = stored_report();
    report.extra = extra;
    expect_round_trip(event(report));
    report.checkpoint = checkpoint();
    expect_round_trip(event(report));
  }
}

TEST(EventRows, StayReadableWhenExtraValuesAreNoObject) {
  for (const char* extra : {"{", "}{", "[1]", "3", "plain words", "\"text\"", "{},\"x\":{}", "{\"a\":1}}"}) {
    Reported report = stored_report();
    report.extra = extra;
    expect_round_trip(event(report));
    report.checkpoint = checkpoint();
    expect_round_trip(event(report));
  }
}

TEST(EventRows, StayReadableWhenExtraValuesNestTooDeep) {
  for (int depth : {62, 63, 64, 65}) {
    Reported report = stored_report();
    for (int i = 0; i < depth; ++i) report.extra += "{\"a\":";
    report.extra += "1" + std::string(static_cast<std::size_t>(depth), '}');
    expect_round_trip(event(report));
  }
}

TEST(EventRows, BringBackMetricsBitForBit) {
  const double values[] = {0.1,       1.0 / 3,    5e-324,    -0.0, 0x1.fffffffffffffp1023,
                           kInfinity, -kInfinity, 0x1p-1022, kNaN, 3};
  Reported report = stored_report();
  report.metrics.clear();
  for (double value : values) report.metrics.emplace_back("m" + std::to_string(report.metrics.size()), value);
  const Event back = decode(encode(event(report))).value();
  const Metrics& metrics = std::get<Reported>(back.body).metrics;
  ASSERT_EQ(metrics.size(), std::size(values));
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(metrics[i].second), std::bit_cast<std::uint64_t>(values[i])) << values[i];
  }
}

TEST(EventRows, SayWhichRowIsDamaged) {
  EventRow row = encode(event(Lost{TrialId{1}, Attempt{3}, "x"}));
  row.payload = "{}";
  EXPECT_EQ(decode(row).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(decode(row).error().message, "event 12 (lost): 'why' is missing");
  row.payload = "{\"why\":3}";
  EXPECT_EQ(decode(row).error().message, "event 12 (lost): 'why' is no text");
  row.payload = "";
  EXPECT_FALSE(decode(row));
  row.kind = "vanished";
  row.payload = "{}";
  EXPECT_EQ(decode(row).error().message, "event 12 (vanished): kind 'vanished' is not known");

  row = encode(event(Ended{}));
  row.payload = R"({"how":"exploded","cause":"exit","code":0,"text":""})";
  EXPECT_EQ(decode(row).error().message, "event 12 (ended): 'how' is no known word");

  Reported report = stored_report();
  report.checkpoint = checkpoint();
  report.extra = "{\"a\":1}";
  row = encode(event(report));
  row.extra = R"({"checkpoint":{"size":-1,"sha256":"","external":true}})";
  EXPECT_FALSE(decode(row));
  row.extra = R"({"values":{},"checkpoint":{"size":1,"sha256":"","external":true}})";
  EXPECT_FALSE(decode(row));
  row.extra = "[]";
  EXPECT_FALSE(decode(row));
}

TEST(DecisionRows, BringBackEveryKind) {
  const Config config{
      {{"model.hidden", 16}, {"lr", 0.1}, {"whole", 1.0}, {"name", "sgd"}, {"list", List{1, 2.5, "x"}}}};
  expect_round_trip(StartTrial{TrialId{3}, config, Placement{2}});
  expect_round_trip(ResumeTrial{TrialId{3}, Attempt{2}, ResumeWhy::kPromoted, CheckpointId{99}});
  expect_round_trip(ResumeTrial{TrialId{3}, Attempt{2}, ResumeWhy::kLost, std::nullopt});
  expect_round_trip(Judged{TrialId{3}, 9, Verdict::kContinue, TrialState::kStopped, Cause::kNone});
  expect_round_trip(Judged{TrialId{3}, 9, Verdict::kStop, TrialState::kCompleted, Cause::kMaxT});
  expect_round_trip(Judged{TrialId{3}, 9, Verdict::kStop, TrialState::kStopped, Cause::kNone});
  expect_round_trip(Judged{TrialId{3}, 9, Verdict::kPause, TrialState::kFailed, Cause::kHang});
  expect_round_trip(FinishTrial{TrialId{3}, TrialState::kFailed, Cause::kMemory});
  expect_round_trip(ExploitTrial{TrialId{3}, TrialId{4}, CheckpointId{5}, config});
  expect_round_trip(StartTrial{TrialId{3}, config, Placement{0}, true, 4});
  expect_round_trip(ResumeTrial{TrialId{3}, Attempt{2}, ResumeWhy::kResized, CheckpointId{99}, 7});
  expect_round_trip(ResizeTrial{TrialId{3}, 7});
  expect_round_trip(Unpark{TrialId{3}});
  expect_round_trip(ReleaseCheckpoints{{}});
  expect_round_trip(ReleaseCheckpoints{{CheckpointId{1}, CheckpointId{22}}});
  expect_round_trip(WithdrawTrial{TrialId{3}});
  for (int why = 0; why <= static_cast<int>(EndWhy::kNoRoom); ++why)
    expect_round_trip(EndExperiment{static_cast<EndWhy>(why)});
  for (int why = 0; why <= static_cast<int>(ResumeWhy::kResized); ++why) {
    expect_round_trip(ResumeTrial{TrialId{1}, Attempt{2}, static_cast<ResumeWhy>(why), std::nullopt});
  }
}

TEST(DecisionRows, BringBackConfigurationsBitForBit) {
  Config config;
  for (double value : {0.1, 5e-324, -0.0, kInfinity, -kInfinity, kNaN, 0x1.fffffffffffffp1023}) {
    config.set("p" + std::to_string(config.entries.size()), value);
  }
  config.set("text", "NaN");
  config.set("large", INT64_MIN);
  expect_round_trip(StartTrial{TrialId{3}, config, {}});
  const Decision back = decode(encode(Decision{StartTrial{TrialId{3}, config, {}}, "r"})).value();
  EXPECT_TRUE(std::signbit(std::get<StartTrial>(back.body).config.find("p2")->real()));
}

TEST(DecisionRows, AreReadable) {
  const DecisionRow row = encode(Decision{StartTrial{TrialId{3}, Config{{{"a.b", 1}}}, Placement{2}}, "new"});
  EXPECT_EQ(row.kind, "start");
  EXPECT_EQ(row.trial, 3);
  EXPECT_EQ(row.args, R"({"bracket":2,"config":{"a.b":1}})");
  EXPECT_EQ(row.reason, "new");
  EXPECT_EQ(encode(Decision{EndExperiment{EndWhy::kTarget}, "x"}).trial, -1);
  EXPECT_EQ(encode(Decision{Judged{TrialId{3}, 9}, "x"}).args, R"({"step":9,"verdict":"continue"})");
}

TEST(DecisionRows, SayWhatIsDamaged) {
  DecisionRow row = encode(Decision{ReleaseCheckpoints{{CheckpointId{1}}}, "x"});
  row.args = R"({"checkpoints":["1"]})";
  EXPECT_EQ(decode(row).error().message, "decision (release): 'checkpoints' holds more than integers");
  row.args = "[1]";
  EXPECT_EQ(decode(row).error().code, ErrorCode::kDamaged);
  row.kind = "shrug";
  EXPECT_FALSE(decode(row));
}

TEST(MendTexts, LeavesWhatTheLogGivesBack) {
  Reported report = stored_report();
  report.metrics = {{"loss", 0.1}, {"acc\xff", 0.9}};
  for (EventBody body :
       {EventBody(report),
        EventBody(Ended{TrialId{1}, Attempt{1}, 2, EndKind::kFailed, Cause::kExit, "caf\xe9 \xe2\x82", 3, 0.5}),
        EventBody(Lost{TrialId{1}, Attempt{1}, "\xc0\x80"})}) {
    mend_texts(body);
    expect_round_trip(event(body));
  }
}

TEST(DecisionRows, HoldReasonsThatWereStoredAsAProgramSaidThem) {
  DecisionRow row = encode(Decision{FinishTrial{TrialId{1}}, {}});
  row.reason = "exit code 3: caf\xe9";
  EXPECT_EQ(decode(row).value().reason, "exit code 3: caf\uFFFD");
}

}  // namespace
}  // namespace tune

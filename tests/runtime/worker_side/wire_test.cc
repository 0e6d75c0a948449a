// The worker protocol's bytes: what goes in comes out, and hostile bytes are refused without harm.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/wire/envelope.h"

namespace tune::wire {
namespace {

using testing::HasSubstr;

constexpr TrialId kTrial{17};
constexpr Attempt kAttempt{3};

Assign full_assign() {
  Assign assign;
  assign.trial = kTrial;
  assign.attempt = kAttempt;
  assign.trial_name = "iris-asha-00017";
  assign.config_json = R"({"lr":0.1,"net":{"l1":64}})";
  assign.seed = std::numeric_limits<std::uint64_t>::max() - 1;
  assign.start_step = 9;
  assign.elapsed = 12.5;
  assign.checkpoint = CheckpointInfo{5, std::string(64, 'a'), false};
  assign.checkpoint_id = CheckpointId{1234};
  assign.checkpoint_bytes = std::string("\0\xff\n12", 5);
  assign.wait = {27, true};
  assign.every = 2;
  assign.at_end = true;
  assign.stop_time = 3600.25;
  assign.limits = {1.5, 2.5, 1000};
  assign.resources = {0.5, 0.25, 1u << 30};
  assign.slots = 3;
  return assign;
}

ReportMessage full_report() {
  ReportMessage report;
  report.log = {kTrial, kAttempt, 7, 9, 1.25, {}, R"({"note":"x"})", CheckpointInfo{3, std::string(64, 'b'), false}};
  report.log.metrics = {{"loss", 0.1}, {"acc\xff", -0.0}, {"", std::numeric_limits<double>::infinity()}};
  report.waits = true;
  report.checkpoint_bytes = "abc";
  return report;
}

/// One of each kind, every field away from its default.
std::vector<Body> one_of_each() {
  TrainableInfo info;
  info.name = "net";
  info.parameters = {{"lr", true, TrainableInfo::Param::Kind::kReal}, {"x", false, TrainableInfo::Param::Kind::kBool}};
  info.any_parameters = false;
  info.numbered_parameters = info.can_save = info.can_reset = info.has_end = true;
  info.metrics = {"loss", "accuracy"};
  info.isolation = Isolation::kReuse;
  DoneMessage done;
  done.log = {kTrial, kAttempt, 8, EndKind::kFailed, Cause::kSignal, "killed\nby \xfe", -11, 99.5};
  done.output_head = std::string("a\0b", 3);
  done.output_tail = "tail";
  done.output_bytes = 1ull << 40;
  done.cpu_seconds = 0.5;
  done.max_rss = 123456;
  return {
      Hello{"launch",
            "worker",
            "token",
            "resume",
            "0.1.0",
            "host",
            4711,
            8,
            3,
            {{{kTrial, kAttempt}, 5}, {{TrialId{0}, Attempt{1}}, 0}}},
      Welcome{4, 10'000, 2'000, "key", {{{kTrial, kAttempt}, 5, false}, {{TrialId{0}, Attempt{1}}, 0, true}}},
      Reject{"wrong token"},
      Loaded{info},
      Loaded{fail(ErrorCode::kNotFound, "no such file", "build it")},
      full_assign(),
      Started{kTrial, kAttempt, 4712},
      full_report(),
      SavedMessage{{kTrial, kAttempt, 2, 4, 2.5, CheckpointInfo{1u << 30, std::string(64, 'c'), true}}, ""},
      done,
      LostMessage{kTrial, kAttempt, 9, "its fork server"},
      Chunk{kTrial, kAttempt, 9, 1ull << 33, std::string(kMaxChunk, 'x')},
      ChunkAck{kTrial, kAttempt, 9, 1ull << 33},
      Fetch{CheckpointId{77}, 1ull << 33, 1000},
      Fetched{CheckpointId{77}, 1ull << 33, "bytes", "error"},
      Ack{kTrial, kAttempt, std::numeric_limits<Seq>::max(), Verdict::kPause, {9, true}},
      Resend{kTrial, kAttempt, 2},
      Fence{kTrial, kAttempt},
      Order{kTrial, kAttempt, OrderKind::kInterrupt, 12.5, "Ctrl-C"},
      Heartbeat{12},
      HeartbeatAck{12, 4},
      Drain{"no fork server"},
      Goodbye{"the run has ended"},
      LogLine{LogLine::Level::kWarning, "text"},
  };
}

std::string frame_of(const Body& body) {
  std::string bytes;
  EXPECT_TRUE(append_frame(bytes, body, 5, 6));
  return bytes;
}

TEST(Wire, EveryMessageComesBackAsItWent) {
  std::vector<bool> seen(std::variant_size_v<Body>, false);
  for (const Body& body : one_of_each()) {
    const std::string bytes = frame_of(body);
    const auto taken = take_frame(bytes);
    ASSERT_TRUE(taken.has_value()) << body.index() << ": " << taken.error().message;
    EXPECT_EQ(taken->used, bytes.size());
    EXPECT_EQ(taken->envelope.id, 5u);
    EXPECT_EQ(taken->envelope.reply_to, 6u);
    EXPECT_TRUE(taken->envelope.body == body) << body.index();
    seen[body.index()] = true;
  }
  EXPECT_THAT(seen, testing::Each(true));
}

TEST(Wire, DefaultsComeBackToo) {
  Assign assign;
  assign.trial = TrialId{0};
  assign.attempt = Attempt{1};
  ASSERT_TRUE(take_frame(frame_of(assign)));
  EXPECT_EQ(std::get<Assign>(take_frame(frame_of(assign))->envelope.body), assign);
  EXPECT_EQ(assign.wait.step, INT64_MAX);
}

TEST(Wire, NumbersKeepTheirBits) {
  ReportMessage report = full_report();
  report.log.metrics = {
      {"a", std::nan("")}, {"b", -std::numeric_limits<double>::infinity()}, {"c", 5e-324}, {"d", -0.0}};
  const auto taken = take_frame(frame_of(report));
  ASSERT_TRUE(taken.has_value());
  const auto& back = std::get<ReportMessage>(taken->envelope.body).log.metrics;
  EXPECT_TRUE(std::isnan(back[0].second));
  EXPECT_EQ(back[1], report.log.metrics[1]);
  EXPECT_EQ(back[2], report.log.metrics[2]);
  EXPECT_TRUE(std::signbit(back[3].second));
}

TEST(Wire, AFrameIsTakenOnceItIsWhole) {
  const std::string bytes = frame_of(full_report());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto taken = take_frame(std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(taken->used, 0u);
  }
  const auto taken = take_frame(bytes + bytes);
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->used, bytes.size());
}

TEST(Wire, ALengthBeyondTheLimitIsRefusedAtOnce) {
  EXPECT_FALSE(take_frame(std::string("\xff\xff\xff\xff", 4)).has_value());
  EXPECT_FALSE(take_frame(std::string("\0\x01\0\x01", 4), kMaxBeforeHello).has_value());
  EXPECT_TRUE(take_frame(std::string("\0\x01\0\0", 4), kMaxBeforeHello).has_value());
}

TEST(Wire, AMessageThatIsTooLargeIsNotSent) {
  DoneMessage done;
  done.log = {kTrial, kAttempt, 1, EndKind::kCompleted, Cause::kOwnEnd, std::string(kMaxEnvelope, 'x'), 0, 0};
  std::string bytes = "before";
  EXPECT_FALSE(append_frame(bytes, done).has_value());
  EXPECT_EQ(bytes, "before");
}

TEST(Wire, TruncatedMessagesAreRefusedOrRead) {
  for (const Body& body : one_of_each()) {
    const std::string bytes = frame_of(body);
    const std::size_t stride = bytes.size() > 4096 ? 4099 : 1;
    for (std::size_t size = 4; size < bytes.size(); size += stride) {
      std::string cut = bytes.substr(0, size);
      const std::size_t length = size - 4;
      for (int i = 0; i < 4; ++i) cut[static_cast<std::size_t>(i)] = static_cast<char>(length >> (24 - 8 * i) & 0xff);
      const auto taken = take_frame(cut);
      if (taken) {
        EXPECT_EQ(taken->used, size);
      } else {
        EXPECT_FALSE(taken.error().message.empty());
      }
    }
  }
}

TEST(Wire, FlippedBitsDoNoHarm) {
  std::mt19937 random(20261121);
  for (const Body& body : one_of_each()) {
    const std::string bytes = frame_of(body);
    for (int round = 0; round < 300; ++round) {
      std::string flipped = bytes;
      for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
        const std::size_t at = 4 + random() % std::min<std::size_t>(flipped.size() - 4, 200);
        flipped[at] = static_cast<char>(flipped[at] ^ 1 << random() % 8);
      }
      const auto taken = take_frame(flipped);
      EXPECT_TRUE(taken || !taken.error().message.empty());
      if (taken && taken->used > 0) {  // what is accepted can be said again
        std::string again;
        EXPECT_TRUE(append_frame(again, taken->envelope.body));
      }
    }
  }
}

TEST(Wire, GarbageDoesNoHarm) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(4 + random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    bytes[0] = bytes[1] = 0;
    bytes[2] = static_cast<char>((bytes.size() - 4) >> 8);
    bytes[3] = static_cast<char>((bytes.size() - 4) & 0xff);
    const auto taken = take_frame(bytes);
    EXPECT_TRUE(taken || !taken.error().message.empty());
  }
}

/// A frame with this payload.
std::string raw(const std::string& payload) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(payload.size() >> shift & 0xff));
  return bytes + payload;
}

TEST(Wire, AnUnknownMessageIsAnError) {
  // version 1, and field 99 with an empty message
  const auto taken = take_frame(raw(std::string("\x08\x01\x9a\x06\x00", 5)));
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(taken.error().message, HasSubstr("unknown"));
}

TEST(Wire, AnotherVersionIsToldWithBothNumbers) {
  const auto taken = take_frame(raw(std::string("\x08\x63", 2)));
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(taken.error().message, HasSubstr("version 99"));
  EXPECT_THAT(taken.error().message, HasSubstr("this program 1"));
}

TEST(Wire, ValuesThatCannotBeAreRefused) {
  const auto refused = [](Body body) { return !take_frame(frame_of(body)).has_value(); };
  EXPECT_TRUE(refused(Fence{TrialId{-1}, kAttempt}));
  EXPECT_TRUE(refused(Fence{kTrial, Attempt{0}}));
  EXPECT_TRUE(refused(Resend{kTrial, kAttempt, 0}));
  EXPECT_TRUE(refused(Chunk{kTrial, kAttempt, 1, 0, ""}));
  EXPECT_TRUE(refused(Chunk{kTrial, kAttempt, 1, 0, std::string(kMaxChunk + 1, 'x')}));
  EXPECT_TRUE(refused(Fetch{CheckpointId{1}, 0, 0}));
  EXPECT_TRUE(refused(Order{kTrial, kAttempt, static_cast<OrderKind>(77), 1, ""}));
  EXPECT_TRUE(refused(Order{kTrial, kAttempt, OrderKind::kStop, std::nan(""), ""}));
  EXPECT_TRUE(refused(Ack{kTrial, kAttempt, 1, static_cast<Verdict>(9), {}}));
  EXPECT_TRUE(refused(Ack{kTrial, kAttempt, -1, Verdict::kStop, {}}));
  ReportMessage report = full_report();
  report.log.step = -1;
  EXPECT_TRUE(refused(report));
  report = full_report();
  report.checkpoint_bytes = "four";
  EXPECT_TRUE(refused(report));
  report.log.checkpoint->external = true;
  EXPECT_TRUE(refused(report));
  DoneMessage done;
  done.log = {kTrial, kAttempt, 1, static_cast<EndKind>(50), Cause::kOwnEnd, "", 0, 0};
  EXPECT_TRUE(refused(done));
  done.log.how = EndKind::kFailed;
  done.log.cause = static_cast<Cause>(200);
  EXPECT_TRUE(refused(done));
}

}  // namespace
}  // namespace tune::wire

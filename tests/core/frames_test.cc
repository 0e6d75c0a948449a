#include "core/frames.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/rng.h"

namespace tune {
namespace {

TrainableInfo info() {
  using Param = TrainableInfo::Param;
  TrainableInfo info;
  info.name = "iris";
  info.parameters = {Param{"lr", true, Param::Kind::kReal}, Param{"bias", false, Param::Kind::kBool}};
  info.any_parameters = false;
  info.numbered_parameters = true;
  info.can_save = info.can_reset = info.has_end = true;
  info.metrics = {"loss", "accuracy"};
  info.isolation = Isolation::kThread;
  return info;
}

Assign assign() {
  Assign assign;
  assign.trial = TrialId{17};
  assign.attempt = Attempt{3};
  assign.trial_name = "iris-00017";
  assign.config_json = R"({"lr":0.1})";
  assign.seed = UINT64_MAX;
  assign.start_step = 12;
  assign.elapsed = 1.5;
  assign.checkpoint = CheckpointInfo{9, "abc", true};
  assign.checkpoint_id = CheckpointId{44};
  assign.checkpoint_bytes = std::string("\0\xFF\n", 3);
  assign.wait = Wait{27, true};
  assign.every = 2;
  assign.at_end = true;
  assign.stop_time = 60.5;
  assign.limits = Limits{1.0, std::nullopt, 1000};
  assign.resources = Resources{0.5, 0.25, 1u << 20};
  return assign;
}

Reported reported() {
  Reported report;
  report.trial = TrialId{17};
  report.attempt = Attempt{3};
  report.seq = 4;
  report.step = 13;
  report.elapsed = 2.25;
  report.metrics = {{"loss", 0.1}, {"low", -std::numeric_limits<double>::infinity()}};
  report.extra = R"({"note":"x"})";
  return report;
}

/// One frame of each type, with as many optional parts as it has.
std::vector<Frame> frames() {
  return {
      Spawn{2, "mark", {"CUDA_VISIBLE_DEVICES=0", "A="}, 4, 1u << 30},
      Ready{true, info(), "", "", ErrorCode::kTrial},
      Ready{false, {}, "cannot load", "build it", ErrorCode::kInternal},
      Spawned{2, 4711, ""},
      Exited{4711, -9, 0.5, 123456},
      Begin{assign(), "/tmp/x", true},
      Begin{},
      AckFrame{Ack{TrialId{1}, Attempt{2}, 3, Verdict::kStop, Wait{}}},
      OrderFrame{Order{TrialId{1}, Attempt{2}, OrderKind::kKill, 0.5, "told to"}},
      Quit{},
      Load{R"({"kind":"builtin","name":"branin"})"},
      ReportFrame{ReportMessage{reported(), true, "bytes"}, 5},
      SavedFrame{SavedMessage{Saved{TrialId{1}, Attempt{2}, 3, 4, 5.5, CheckpointInfo{6, "f", false}}, ""}, 1u << 20},
      DoneFrame{Ended{TrialId{1}, Attempt{2}, 3, EndKind::kFailed, Cause::kLostWorker, "why", 11, 2.5}},
  };
}

std::string encoded(const Frame& frame, int descriptors = 0) {
  std::string bytes;
  encode_frame(bytes, frame, descriptors);
  return bytes;
}

TEST(Frames, ComeBackAsTheyWere) {
  for (const Frame& frame : frames()) {
    const std::string bytes = encoded(frame, 2);
    const Result<DecodedFrame> decoded = decode_frame(bytes);
    ASSERT_TRUE(decoded) << frame.index() << ": " << decoded.error().message;
    EXPECT_EQ(decoded->used, bytes.size());
    EXPECT_EQ(decoded->descriptors, 2);
    EXPECT_EQ(decoded->frame, frame) << frame.index();
  }
}

TEST(Frames, CoverEveryType) {
  std::vector<bool> seen(std::variant_size_v<Frame>);
  for (const Frame& frame : frames()) seen[frame.index()] = true;
  EXPECT_EQ(seen, std::vector<bool>(std::variant_size_v<Frame>, true));
}

TEST(Frames, AreTakenFromTheFront) {
  std::string bytes = encoded(Quit{});
  const std::size_t first = bytes.size();
  encode_frame(bytes, Spawned{1, 2, "x"});
  EXPECT_EQ(decode_frame(bytes)->used, first);
  EXPECT_EQ(decode_frame(std::string_view(bytes).substr(first))->frame, Frame(Spawned{1, 2, "x"}));
}

TEST(Frames, AreNotCompleteUntilTheirLastByte) {
  for (const Frame& frame : frames()) {
    const std::string bytes = encoded(frame);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Result<DecodedFrame> decoded = decode_frame(std::string_view(bytes).substr(0, size));
      ASSERT_TRUE(decoded);
      ASSERT_EQ(decoded->used, 0u);
    }
  }
}

TEST(Frames, AreDamagedWhenCutShort) {
  for (const Frame& frame : frames()) {
    const std::string bytes = encoded(frame);
    for (std::size_t cut = 1; cut + 6 <= bytes.size(); ++cut) {
      std::string shorter = bytes.substr(0, bytes.size() - cut);
      const auto length = static_cast<std::uint32_t>(shorter.size() - 4);
      shorter.replace(0, 4, reinterpret_cast<const char*>(&length), 4);
      const Result<DecodedFrame> decoded = decode_frame(shorter);
      ASSERT_FALSE(decoded) << frame.index() << " without " << cut;
      ASSERT_EQ(decoded.error().code, ErrorCode::kDamaged);
    }
  }
}

TEST(Frames, AreDamagedWithBytesTooMany) {
  for (const Frame& frame : frames()) {
    std::string longer = encoded(frame) + '\0';
    const auto length = static_cast<std::uint32_t>(longer.size() - 4);
    longer.replace(0, 4, reinterpret_cast<const char*>(&length), 4);
    EXPECT_FALSE(decode_frame(longer)) << frame.index();
  }
}

TEST(Frames, SurviveAnyFlippedByte) {
  RandomStream stream(5, "flip", 0);
  for (const Frame& frame : frames()) {
    const std::string bytes = encoded(frame);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int i = 0; i < 8; ++i) {
        std::string mutant = bytes;
        mutant[at] = static_cast<char>(i < 4 ? std::array<int, 4>{0, 0xFF, 0x7F, 0x80}[static_cast<std::size_t>(i)]
                                             : stream.below(256));
        const Result<DecodedFrame> decoded = decode_frame(mutant);
        if (!decoded || decoded->used == 0) continue;
        // What is accepted is a frame: it can be sent on and is the same again.
        std::string again;
        encode_frame(again, decoded->frame, decoded->descriptors);
        ASSERT_EQ(again, mutant.substr(0, decoded->used));
      }
    }
  }
}

TEST(Frames, SurviveNoise) {
  RandomStream stream(5, "noise", 0);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(6 + stream.below(200), '\0');
    for (char& c : noise) c = static_cast<char>(stream.below(256));
    const auto length = static_cast<std::uint32_t>(noise.size() - 4);
    noise.replace(0, 4, reinterpret_cast<const char*>(&length), 4);
    noise[4] = static_cast<char>(stream.below(std::variant_size_v<Frame>));
    (void)decode_frame(noise);
  }
}

TEST(Frames, RefuseImpossibleLengthsAndTypes) {
  EXPECT_EQ(decode_frame(std::string("\0\0\0\0", 4)).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(decode_frame("\xFF\xFF\xFF\xFF").error().code, ErrorCode::kDamaged);
  std::string unknown = encoded(Quit{});
  unknown[4] = 99;
  EXPECT_EQ(decode_frame(unknown).error().message, "frame of unknown type 99");
}

// A list that claims four thousand million items in a frame of a few bytes must not make room for them.
TEST(Frames, BelieveNoCountBeyondTheirBytes) {
  std::string bytes = encoded(Spawn{1, "", {}, 1, 0});
  bytes.replace(6 + 8 + 4, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_FALSE(decode_frame(bytes));
}

}  // namespace
}  // namespace tune

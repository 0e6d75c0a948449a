// Checkpoints on their way: inside messages, in chunks, and back to another attempt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/frames.h"
#include "core/sha256.h"
#include "core/wire/envelope.h"
#include "tests/runtime/worker_side/rig.h"

namespace tune {
namespace {

using testing::HasSubstr;

Assign saving(std::int64_t trial, std::int64_t reports, std::size_t bytes) {
  Assign assign =
      make_assign(trial, "{\"reports\":" + std::to_string(reports) + ",\"bytes\":" + std::to_string(bytes) + "}");
  assign.every = 1;
  return assign;
}

TEST(Checkpoints, UpToALimitTheyTravelInTheirMessage) {
  for (const std::size_t bytes : {std::size_t{8}, kInlineInFrame, kInlineInFrame + 1, wire::kInlineCheckpoint}) {
    Rig rig;
    ASSERT_TRUE(rig.start());
    EXPECT_EQ(rig.run(saving(0, 2, bytes)).log.how, EndKind::kCompleted);
    for (const ReportMessage& report : rig.reports(0)) {
      ASSERT_TRUE(report.log.checkpoint.has_value());
      EXPECT_FALSE(report.log.checkpoint->external);
      EXPECT_EQ(report.checkpoint_bytes.size(), bytes);
      EXPECT_EQ(report.log.checkpoint->sha256, sha256_hex(report.checkpoint_bytes));
    }
    EXPECT_TRUE(rig.channel.finished.empty());
  }
}

TEST(Checkpoints, LargerOnesAreStoredBeforeTheirReport) {
  constexpr std::size_t kBytes = (9u << 20) + 17;
  Rig rig;
  ASSERT_TRUE(rig.start());
  const Ended end = rig.run(saving(0, 3, kBytes)).log;
  EXPECT_EQ(end.how, EndKind::kCompleted) << end.text;
  const auto reports = rig.reports(0);
  ASSERT_EQ(reports.size(), 3u);
  ASSERT_EQ(rig.channel.finished.size(), 3u);
  for (const auto& [key, bytes] : rig.channel.finished) {
    const auto& report = std::get<ReportMessage>(rig.messages[rig.large.at(key)]);
    EXPECT_EQ(bytes.size(), kBytes);
    EXPECT_TRUE(report.log.checkpoint->external);
    EXPECT_EQ(report.log.checkpoint->sha256, sha256_hex(bytes));
    EXPECT_TRUE(report.checkpoint_bytes.empty());
  }
  EXPECT_LE(rig.channel.most_unwritten, wire::kChunkWindow + wire::kMaxChunk);
}

TEST(Checkpoints, AFullDiskOnlyDelaysThem) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  rig.channel.failures = 2;
  EXPECT_EQ(rig.run(saving(0, 2, 3u << 20)).log.how, EndKind::kCompleted);
  EXPECT_EQ(rig.reports(0).size(), 2u);
  EXPECT_EQ(rig.channel.finished.size(), 2u);
  ASSERT_FALSE(rig.log.empty());
  EXPECT_THAT(rig.log.front(), HasSubstr("no space left"));
}

TEST(Checkpoints, AnAttemptGoesOnFromOne) {
  for (const std::size_t bytes : {std::size_t{100}, kInlineInFrame + 5, std::size_t{5} << 20}) {
    Rig rig;
    ASSERT_TRUE(rig.start());
    Assign assign = make_assign(0, R"({"reports":5})");
    assign.start_step = 3;
    const std::string state(bytes, 's');
    assign.checkpoint = CheckpointInfo{bytes, sha256_hex(state), bytes > wire::kInlineCheckpoint};
    assign.checkpoint_id = CheckpointId{77};
    (assign.checkpoint->external ? rig.channel.stored[CheckpointId{77}] : assign.checkpoint_bytes) = state;
    EXPECT_EQ(rig.run(assign).log.how, EndKind::kCompleted);
    ASSERT_EQ(rig.reports(0).size(), 2u);
    EXPECT_EQ(rig.reports(0)[0].log.step, 4);
  }
}

TEST(Checkpoints, ADamagedOneIsToldAndNotLoaded) {
  Rig rig;
  ASSERT_TRUE(rig.start());
  Assign assign = make_assign(0, "{}");
  const std::string state(1u << 20, 's');
  assign.checkpoint = CheckpointInfo{state.size(), sha256_hex(state), true};
  assign.checkpoint_id = CheckpointId{77};
  std::string& stored = rig.channel.stored[CheckpointId{77}];

  stored = state;
  stored[12345] = 't';
  EXPECT_EQ(rig.run(assign).log.cause, Cause::kLoad);
  EXPECT_THAT(rig.done(0)->log.text, HasSubstr("hash"));

  stored.resize(5);
  assign.trial = TrialId{1};
  EXPECT_EQ(rig.run(assign).log.cause, Cause::kLoad);

  rig.channel.stored.clear();
  assign.trial = TrialId{2};
  EXPECT_THAT(rig.run(assign).log.text, HasSubstr("no such checkpoint"));
}

}  // namespace
}  // namespace tune

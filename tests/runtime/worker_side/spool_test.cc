// What a worker keeps until it is acknowledged, and in which order it sends it.

#include "core/runtime/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tune {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr wire::AttemptKey kA{TrialId{1}, Attempt{1}}, kB{TrialId{2}, Attempt{1}};

/// Writes down what it gets: "1/3" is message 3 of trial 1, "1/3@0" a chunk.
class Paper : public FrameSink {
 public:
  void send_frame(std::string_view frame) override {
    const auto taken = wire::take_frame(frame);
    ASSERT_TRUE(taken.has_value());
    const auto& report = std::get<ReportMessage>(taken->envelope.body);
    lines.push_back(std::to_string(report.log.trial.value) + "/" + std::to_string(report.log.seq));
  }
  void send(const wire::Body& body, std::uint64_t) override {
    const auto& chunk = std::get<wire::Chunk>(body);
    bytes += chunk.data;
    lines.push_back(std::to_string(chunk.trial.value) + "/" + std::to_string(chunk.seq) + "@" +
                    std::to_string(chunk.offset >> 20));
  }
  bool wants_more() const override { return lines.size() < most; }

  std::vector<std::string> take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
  std::string bytes;
  std::size_t most = 1000;
};

void add(Spool& spool, const wire::AttemptKey& key, Seq seq, std::string large = {}) {
  ReportMessage report;
  report.log.trial = key.trial;
  report.log.attempt = key.attempt;
  report.log.seq = seq;
  Fd file;
  if (!large.empty()) {
    report.log.checkpoint = CheckpointInfo{large.size(), "", true};
    file = *make_memfd(large);
  }
  ASSERT_TRUE(spool.add(key, seq, report, false, std::move(file), large.size()));
}

TEST(Spool, SendsEachMessageOnceInOrder) {
  Spool spool;
  Paper paper;
  add(spool, kA, 1);
  add(spool, kB, 1);
  add(spool, kA, 2);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1", "1/2", "2/1"));
  spool.pump(paper);
  EXPECT_THAT(paper.take(), IsEmpty());
  EXPECT_FALSE(spool.has_unsent());
}

TEST(Spool, StopsWhenTheSinkIsFullAndGoesOnLater) {
  Spool spool;
  Paper paper;
  paper.most = 2;
  for (Seq seq = 1; seq <= 5; ++seq) add(spool, kA, seq);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1", "1/2"));
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/3", "1/4"));
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/5"));
}

TEST(Spool, SendsAgainWhatTheControllerLacks) {
  Spool spool;
  Paper paper;
  for (Seq seq = 1; seq <= 4; ++seq) add(spool, kA, seq);
  spool.pump(paper);
  paper.take();
  spool.acknowledge(kA, 1);
  spool.rewind(kA, 2);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/3", "1/4"));
}

TEST(Spool, KeepsWhatIsNotAcknowledged) {
  Spool spool;
  Paper paper;
  for (Seq seq = 1; seq <= 3; ++seq) add(spool, kA, seq);
  spool.pump(paper);
  spool.acknowledge(kA, 2);
  EXPECT_THAT(spool.streams(), ElementsAre(std::pair(kA, Seq{3})));
  EXPECT_GT(spool.bytes(), 0u);
  spool.acknowledge(kA, 3);
  EXPECT_EQ(spool.bytes(), 0u);
}

TEST(Spool, NeverDropsWhatWasNotSentWhateverIsAcknowledged) {
  Spool spool;
  Paper paper;
  add(spool, kA, 1);
  spool.acknowledge(kA, INT64_MAX);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1"));
}

TEST(Spool, ForgetsAnAttemptWhenItsLastMessageIsAcknowledged) {
  Spool spool;
  Paper paper;
  ASSERT_TRUE(spool.add(kA, 1, DoneMessage{{kA.trial, kA.attempt, 1, {}, {}, {}, 0, 0}, "", "", 0, 0, 0}, true));
  spool.rewind(kA, 1);  // as if sent
  spool.acknowledge(kA, 1);
  EXPECT_THAT(spool.streams(), IsEmpty());
}

TEST(Spool, SendsALargeCheckpointBeforeItsMessage) {
  Spool spool;
  Paper paper;
  std::string bytes((2u << 20) + 5, 'x');
  bytes[1u << 20] = 'y';
  add(spool, kA, 1, bytes);
  add(spool, kB, 1);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1@0", "1/1@1", "1/1@2", "1/1", "2/1"));
  EXPECT_EQ(paper.bytes, bytes);
}

TEST(Spool, KeepsToTheWindowWhileOthersPass) {
  Spool spool;
  Paper paper;
  add(spool, kA, 1, std::string(6u << 20, 'x'));
  add(spool, kA, 2);
  add(spool, kB, 1);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1@0", "1/1@1", "1/1@2", "1/1@3", "2/1"));
  spool.pump(paper);
  EXPECT_THAT(paper.take(), IsEmpty());
  spool.acknowledge_chunks(kA, 1, 1u << 20);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1@4"));
  spool.acknowledge_chunks(kA, 1, 5u << 20);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1@5", "1/1", "1/2"));
}

TEST(Spool, BeginsACheckpointAnewAfterAReconnect) {
  Spool spool;
  Paper paper;
  add(spool, kA, 1, std::string(6u << 20, 'x'));
  spool.pump(paper);
  paper.take();
  spool.rewind(kA, 0);
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("1/1@0", "1/1@1", "1/1@2", "1/1@3"));
}

TEST(Spool, GivesTheWindowBackWhenAnAttemptIsForgotten) {
  Spool spool;
  Paper paper;
  add(spool, kA, 1, std::string(6u << 20, 'x'));
  spool.pump(paper);
  paper.take();
  spool.forget(kA);
  EXPECT_EQ(spool.bytes(), 0u);
  add(spool, kB, 1, std::string(2u << 20, 'x'));
  spool.pump(paper);
  EXPECT_THAT(paper.take(), ElementsAre("2/1@0", "2/1@1", "2/1"));
}

TEST(Spool, IsFullWhenOneAttemptHasTooMuch) {
  Spool spool;
  add(spool, kA, 1, std::string(5u << 20, 'x'));
  EXPECT_FALSE(spool.is_full(kA));
  add(spool, kA, 2, std::string(5u << 20, 'x'));
  EXPECT_TRUE(spool.is_full(kA));
  EXPECT_FALSE(spool.is_full(kB));
}

}  // namespace
}  // namespace tune

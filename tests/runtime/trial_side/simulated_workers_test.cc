#include "trainables/simulated/simulated_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <stdexcept>

#include "trainables/include/tune/trainable.h"

namespace tune {
namespace {

using namespace testing;

constexpr double kForEver = std::numeric_limits<double>::infinity();

/// Objects of trials that are alive: none may be left on a stack that is given up.
int alive = 0;
struct Counted {
  Counted() { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

/// Counts up, with as large a checkpoint as `bytes` says.
class Counter : public Trainable {
 public:
  void setup(Trial& trial) override { bytes_ = trial.integer_or("bytes", 0); }
  Report step() override { return {{"loss", static_cast<double>(++count_)}, {"seconds", 2.5}}; }
  void save(std::ostream& out) override { out << count_ << ' ' << std::string(static_cast<std::size_t>(bytes_), 'x'); }
  void load(std::istream& in) override { in >> count_; }

 private:
  Counted counted_;
  std::int64_t count_ = 0, bytes_ = 0;
};

void three_reports(Trial& trial) {
  const Counted counted;
  for (int i = 1; i <= 3; ++i) {
    if (!trial.report({{"loss", i}})) return;
  }
}

void throws_in_the_second(Trial& trial) {
  const Counted counted;
  trial.report({{"loss", 1}});
  throw std::runtime_error("it broke");
}

/// A report from within a handler: the runtime's exception must still be there afterwards.
void reports_while_handling(Trial& trial) {
  try {
    throw std::runtime_error("kept");
  } catch (const std::exception& error) {
    trial.report({{"loss", 1}});
    trial.report({{"loss", std::string_view(error.what()) == "kept" && std::current_exception() ? 2.0 : -1.0}});
  }
}

CompiledIn trainables() {
  static const TrainableTable kCounter = TrainableTable::of_class<Counter>("counter", {});
  static const TrainableTable kThree = TrainableTable::of_function<three_reports>("three", {});
  static const TrainableTable kThrows = TrainableTable::of_function<throws_in_the_second>("throws", {});
  static const TrainableTable kHandles = TrainableTable::of_function<reports_while_handling>("handles", {});
  static const std::array<const tune_trainable*, 4> kAll = {kCounter.get(), kThree.get(), kThrows.get(),
                                                            kHandles.get()};
  return {kAll, {}};
}

/// Takes everything at once.
struct InstantChannel : CheckpointChannel {
  std::map<std::uint64_t, std::string> written;
  std::string stored;
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override {
    written[key] += bytes;
    done({});
  }
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override {
    done(CheckpointInfo{written[key].size(), "hash", true});
  }
  void abandon(std::uint64_t) override {}
  void read(CheckpointId, std::uint64_t offset, std::size_t size,
            std::function<void(Result<std::string>)> done) override {
    done(stored.substr(offset, size));
  }
};

/// Notes what comes, as `2.5 trial 0 reports 1`.
class SimulatedTrials : public ::testing::Test, public Workers::Handler {
 protected:
  void begin(const std::string& name, SimulatedConditions conditions) {
    TrainableRef ref;
    ref.name = name;
    workers_ = std::make_unique<SimulatedWorkers>(ref, conditions, "/nowhere", trainables());
    workers_->start(*this, channel_);
  }
  void assign(std::int64_t trial, Wait wait = {}, std::string config = "{}") {
    Assign assign;
    assign.trial = {trial};
    assign.attempt = {1};
    assign.trial_name = "trial";
    assign.config_json = std::move(config);
    assign.wait = wait;
    workers_->assign(std::move(assign));
  }
  void answer(std::int64_t trial, Seq seq, Verdict verdict, Wait wait = {}) {
    workers_->acknowledge({{trial}, {1}, seq, verdict, wait});
  }
  void run() {
    while (workers_->advance(kForEver)) continue;
  }

  void note(TrialId trial, const std::string& what) {
    std::ostringstream line;
    line << workers_->now() << " trial " << trial.value << ' ' << what;
    notes_.push_back(line.str());
  }
  void on_ready(Result<TrainableInfo> info) override { ready_ = info.has_value(); }
  void on_message(WorkerMessage message, std::uint64_t large) override {
    if (const auto* report = std::get_if<ReportMessage>(&message)) {
      note(report->log.trial, "reports " + std::to_string(static_cast<int>(report->log.metrics.front().second)));
      elapsed_ = report->log.elapsed;
      if (report->log.checkpoint) saved_ = report->checkpoint_bytes;
      large_ = large;
    } else if (const auto* done = std::get_if<DoneMessage>(&message)) {
      note(done->log.trial, "ends " + std::to_string(static_cast<int>(done->log.how)));
      text_ = done->log.text;
    }
  }
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string) override {
    note(attempts.front().first, "is lost");
  }
  void on_unusable(Error why) override { text_ = why.message; }

  InstantChannel channel_;
  std::unique_ptr<SimulatedWorkers> workers_;
  std::vector<std::string> notes_;
  std::string text_, saved_;
  std::uint64_t large_ = 0;
  double elapsed_ = 0;
  bool ready_ = false;
};

TEST_F(SimulatedTrials, ReportWhenTheirStepIsPaidFor) {
  SimulatedConditions conditions;
  conditions.step.first = 2;
  conditions.end = 0.5;
  begin("three", conditions);
  ASSERT_TRUE(ready_);
  assign(0);

  run();

  EXPECT_THAT(notes_,
              ElementsAre("2 trial 0 reports 1", "4 trial 0 reports 2", "6 trial 0 reports 3", "6.5 trial 0 ends 0"));
  EXPECT_EQ(elapsed_, 6);
  EXPECT_EQ(workers_->work().steps, 3);
  EXPECT_EQ(workers_->work().busy, 6.5);
}

TEST_F(SimulatedTrials, PayWhatTheirMetricSays) {
  SimulatedConditions conditions;
  conditions.step = *parse_step_cost("metric:seconds");
  begin("counter", conditions);
  assign(0);
  for (int i = 0; i < 2; ++i) workers_->advance(kForEver);
  EXPECT_THAT(notes_, ElementsAre("2.5 trial 0 reports 1", "5 trial 0 reports 2"));
}

TEST_F(SimulatedTrials, EndTheSimulationWhereTheMetricIsMissing) {
  SimulatedConditions conditions;
  conditions.step = *parse_step_cost("metric:minutes");
  begin("counter", conditions);
  assign(3);
  EXPECT_THAT(text_, HasSubstr("metric:minutes, but trial 3 reported [loss, seconds]"));
}

TEST_F(SimulatedTrials, WaitForTheirAnswerWhereverTheyStand) {
  begin("three", {});
  assign(0, Wait{2, false});

  run();
  EXPECT_THAT(notes_, ElementsAre("1 trial 0 reports 1", "2 trial 0 reports 2"));
  EXPECT_FALSE(workers_->advance(100));  // nothing will ever happen: time stands
  EXPECT_EQ(workers_->now(), 2);

  answer(0, 2, Verdict::kStop);
  run();
  EXPECT_EQ(notes_.back(), "2 trial 0 ends 2");
}

TEST_F(SimulatedTrials, GoNoFurtherThanTheyAreLet) {
  begin("three", {});
  assign(0);
  EXPECT_FALSE(workers_->advance(0.25));
  EXPECT_EQ(workers_->now(), 0.25);
  EXPECT_TRUE(workers_->advance(1));
  EXPECT_EQ(workers_->now(), 1);
}

TEST_F(SimulatedTrials, AtOneInstantComeInTheOrderOfTheirNumbers) {
  SimulatedConditions conditions;
  conditions.workers = 3;
  begin("three", conditions);
  for (const std::int64_t trial : {2, 0, 1}) assign(trial);
  EXPECT_TRUE(workers_->advance(kForEver));
  EXPECT_THAT(notes_, ElementsAre("1 trial 0 reports 1", "1 trial 1 reports 1", "1 trial 2 reports 1"));
}

TEST_F(SimulatedTrials, WaitForAWorkerInTheOrderOfTheirGrants) {
  begin("three", {});
  for (const std::int64_t trial : {4, 1, 3}) assign(trial);
  workers_->order({{1}, {1}, OrderKind::kStop, 0, "not wanted"});
  run();
  EXPECT_THAT(notes_, ElementsAre("0 trial 1 ends 2", "1 trial 4 reports 1", "2 trial 4 reports 2",
                                  "3 trial 4 reports 3", "3 trial 4 ends 0", "4 trial 3 reports 1",
                                  "5 trial 3 reports 2", "6 trial 3 reports 3", "6 trial 3 ends 0"));
}

TEST_F(SimulatedTrials, StandInTheMiddleOfAFunctionByTheThousand) {
  SimulatedConditions conditions;
  conditions.workers = 3000;
  begin("three", conditions);
  for (std::int64_t trial = 0; trial < 3000; ++trial) assign(trial, Wait{1, false});
  run();
  EXPECT_EQ(notes_.size(), 3000U);
  EXPECT_EQ(alive, 3000);

  workers_->shut_down();
  EXPECT_EQ(alive, 0);  // each was run to its end
}

TEST_F(SimulatedTrials, FailWithTheirException) {
  begin("throws", {});
  assign(0);
  run();
  EXPECT_EQ(notes_.back(), "1 trial 0 ends 4");
  EXPECT_EQ(text_, "it broke");
  EXPECT_EQ(alive, 0);
}

TEST_F(SimulatedTrials, KeepTheExceptionTheyHandleWhileOthersThrow) {
  SimulatedConditions conditions;
  conditions.workers = 2;
  begin("handles", conditions);
  assign(0);
  assign(1);
  run();
  EXPECT_THAT(notes_, IsSupersetOf({"2 trial 0 reports 2", "2 trial 1 reports 2"}));
}

TEST_F(SimulatedTrials, PauseWithACheckpointAndGoOnFromIt) {
  begin("counter", {});
  assign(0, Wait{2, true});
  run();
  EXPECT_EQ(saved_, "2 ");
  answer(0, 2, Verdict::kPause);
  run();
  EXPECT_EQ(notes_.back(), "2 trial 0 ends 1");

  Assign again;
  again.trial = {0};
  again.attempt = {2};
  again.config_json = "{}";
  again.start_step = 2;
  again.elapsed = 2;
  again.checkpoint = CheckpointInfo{saved_.size(), "", false};
  again.checkpoint_bytes = saved_;
  workers_->assign(again);
  workers_->advance(kForEver);
  EXPECT_EQ(notes_.back(), "3 trial 0 reports 3");
  EXPECT_EQ(elapsed_, 3);
}

TEST_F(SimulatedTrials, HandLargeCheckpointsThroughTheChannelBothWays) {
  begin("counter", {});
  assign(0, Wait{1, true}, R"({"bytes": 3000000})");
  run();
  EXPECT_GT(large_, 0U);
  EXPECT_EQ(channel_.written.at(large_).size(), 3'000'002U);

  channel_.stored = channel_.written.at(large_);
  Assign again;
  again.trial = {1};
  again.attempt = {1};
  again.config_json = "{}";
  again.start_step = 1;
  again.checkpoint = CheckpointInfo{channel_.stored.size(), "", true};
  answer(0, 1, Verdict::kStop);
  run();
  workers_->assign(again);
  workers_->advance(kForEver);
  EXPECT_EQ(notes_.back(), "2 trial 1 reports 2");
}

TEST_F(SimulatedTrials, LeaveAtOnceWhenTheyAreKilled) {
  SimulatedConditions conditions;
  conditions.step.first = 1000;
  begin("counter", conditions);
  assign(0);
  workers_->order({{0}, {1}, OrderKind::kKill, 0, "cancelled"});
  run();
  EXPECT_THAT(notes_, ElementsAre("0 trial 0 ends 2"));
  EXPECT_EQ(alive, 0);
}

TEST_F(SimulatedTrials, BreakAsOftenAsTheRatesSay) {
  SimulatedConditions conditions;
  conditions.workers = 2000;
  conditions.crash_rate = 0.1;
  conditions.loss_rate = 0.05;
  begin("three", conditions);
  for (std::int64_t trial = 0; trial < 2000; ++trial) assign(trial);
  run();
  // Three seconds at 0.9 * 0.95 a second: 0.625 of the trials come through; four standard deviations are 0.043.
  const auto ended = std::ranges::count_if(notes_, [](const std::string& note) { return note.ends_with("ends 0"); });
  EXPECT_NEAR(static_cast<double>(ended) / 2000, 0.625, 0.043);
  EXPECT_NEAR(static_cast<double>(workers_->work().crashes) / static_cast<double>(workers_->work().losses), 2, 0.4);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace tune

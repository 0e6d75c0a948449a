#include "trainables/threads/thread_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/sha256.h"

namespace tune {
namespace {

/// The loop: functions in order, on the thread of the test.
class TestLoop {
 public:
  void post(std::function<void()> what) {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(what));
      ++posts_;
    }
    arrived_.notify_one();
  }
  template <class Done>
  void run_until(Done&& done) {
    while (!done()) run_one();
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !posted_.empty(); });
    auto what = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    what();
  }
  void run_rest() {
    while (!posted_.empty()) run_one();
  }
  int posts() {
    const std::lock_guard lock(mutex_);
    return posts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> posted_;
  int posts_ = 0;
};

/// Keeps everything, and answers later, through the loop.
class MemoryChannel : public CheckpointChannel {
 public:
  explicit MemoryChannel(TestLoop& loop) : loop_(loop) {}
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override {
    largest = std::max(largest, bytes.size());
    if (full) return loop_.post([done] { done(fail(ErrorCode::kDiskFull, "full")); });
    open[key] += bytes;
    loop_.post([done] { done({}); });
  }
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override {
    loop_.post([this, key, done] { done(CheckpointInfo{open[key].size(), sha256_hex(open[key]), true}); });
  }
  void abandon(std::uint64_t key) override {
    open.erase(key);
    ++abandoned;
  }
  void read(CheckpointId id, std::uint64_t offset, std::size_t size,
            std::function<void(Result<std::string>)> done) override {
    loop_.post([this, id, offset, size, done] {
      const auto it = stored.find(id.value);
      if (it == stored.end()) return done(fail(ErrorCode::kNotFound, "no checkpoint 5"));
      done(it->second.substr(std::min<std::size_t>(offset, it->second.size()), size));
    });
  }

  std::map<std::uint64_t, std::string> open;
  std::map<std::int64_t, std::string> stored;
  std::size_t largest = 0;
  int abandoned = 0;
  bool full = false;

 private:
  TestLoop& loop_;
};

int report(tune_trial* t, const tune_host* h, double value = 0, const std::string* state = nullptr) {
  const tune_metric metric{"loss", value};
  return h->report(t, 0, &metric, 1, nullptr, state != nullptr ? state->data() : nullptr,
                   state != nullptr ? state->size() : 0);
}

void once(void*, tune_trial* t, const tune_host* h) { report(t, h, static_cast<double>(h->trial_number(t))); }
void endless(void*, tune_trial* t, const tune_host* h) {
  while (report(t, h) != TUNE_LEAVE) continue;
}
void throws(void*, tune_trial*, const tune_host*) { throw std::runtime_error("no"); }
void saves(void*, tune_trial* t, const tune_host* h) {
  std::int64_t size = 0;
  h->integer(t, "size", &size);
  const std::string state(static_cast<std::size_t>(size), 'x');
  report(t, h, 1);
  report(t, h, 2, &state);
  h->save(t, 0, state.data(), state.size());
  report(t, h, 3);
  h->save(t, 0, state.data(), state.size());
}
void restores(void*, tune_trial* t, const tune_host* h) {
  const void* data = nullptr;
  std::size_t size = 0;
  std::int64_t step = 0;
  const bool there = h->checkpoint(t, &data, &size, &step) != 0;
  const bool right = there && std::string(static_cast<const char*>(data), size) == std::string(size, 'x');
  report(t, h, right ? static_cast<double>(size) : -1);
}

enum class Gate { kShut, kOpen, kPassed };
std::mutex gate_mutex;
std::condition_variable gate_moved;
Gate gate = Gate::kShut;
void move_gate(Gate to) {
  const std::lock_guard lock(gate_mutex);
  gate = to;
  gate_moved.notify_all();
}
void wait_for_gate(Gate to) {
  std::unique_lock lock(gate_mutex);
  gate_moved.wait(lock, [&] { return gate == to; });
}
/// Deaf to everything but the test.
void stubborn(void*, tune_trial* t, const tune_host* h) {
  report(t, h);
  wait_for_gate(Gate::kOpen);
  report(t, h);
  move_gate(Gate::kPassed);
}

void* make() { return new int(0); }
void destroy(void* instance) { delete static_cast<int*>(instance); }
void counts(void* instance, tune_trial* t, const tune_host* h) { report(t, h, ++*static_cast<int*>(instance)); }

const tune_trainable kOnce = {"once", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, once, nullptr};
const tune_trainable kEndless = {"endless", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, endless, nullptr};
const tune_trainable kThrows = {"throws", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, throws, nullptr};
const tune_trainable kSaves = {"saves", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, saves, nullptr};
const tune_trainable kRestores = {"restores", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, restores, nullptr};
const tune_trainable kStubborn = {"stubborn", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, stubborn, nullptr};
const tune_trainable kCounts = {"counts", TUNE_CAN_RESET, TUNE_THREAD, nullptr, 0, nullptr, 0, make, counts, destroy};
const tune_trainable kFresh = {"fresh", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, make, counts, destroy};
const tune_trainable* const kAll[] = {&kOnce, &kEndless, &kThrows, &kSaves, &kRestores, &kStubborn, &kCounts, &kFresh};

class ThreadWorkersTest : public testing::Test, protected Workers::Handler {
 protected:
  void start(const std::string& name, std::int64_t slots = 1,
             std::chrono::milliseconds grace = std::chrono::seconds(60)) {
    SlotPlan plan;
    plan.slots = slots;
    workers = std::make_unique<ThreadWorkers>(
        TrainableRef{TrainableRef::Kind::kBuiltin, name, {}, {}, Isolation::kThread}, plan,
        [this](std::function<void()> what) { loop.post(std::move(what)); }, "exp", testing::TempDir(),
        CompiledIn{kAll, {}}, grace);
    workers->start(*this, channel);
    loop.run_until([&] { return ready.has_value(); });
  }
  void TearDown() override {
    if (workers) workers->shut_down();
    loop.run_rest();  // nothing of it may reach the handler
  }

  void assign(std::int64_t trial, Wait wait = {}, const std::string& config = "{}") {
    Assign a;
    a.trial = TrialId{trial};
    a.attempt = Attempt{1};
    a.config_json = config;
    a.wait = wait;
    workers->assign(std::move(a));
  }
  void run_until_done(std::size_t count) {
    loop.run_until([&] { return done.size() >= count; });
  }

  void on_ready(Result<TrainableInfo> info) override { ready = std::move(info); }
  void on_message(WorkerMessage message, std::uint64_t large) override {
    ++messages;
    if (auto* m = std::get_if<ReportMessage>(&message)) {
      seqs[m->log.trial.value].push_back(m->log.seq);
      reports.push_back(*m);
      large_of_reports.push_back(large);
      if (answer) {
        if (const auto ack = answer(*m)) workers->acknowledge(*ack);
      }
    }
    if (auto* m = std::get_if<SavedMessage>(&message)) {
      seqs[m->log.trial.value].push_back(m->log.seq);
      saved.push_back(*m);
    }
    if (auto* m = std::get_if<DoneMessage>(&message)) {
      seqs[m->log.trial.value].push_back(m->log.seq);
      done.push_back(m->log);
    }
  }
  void on_lost(std::vector<std::pair<TrialId, Attempt>>, std::string why) override { ADD_FAILURE() << why; }
  void on_unusable(Error why) override { ADD_FAILURE() << why.message; }

  TestLoop loop;
  MemoryChannel channel{loop};
  std::unique_ptr<ThreadWorkers> workers;
  std::optional<Result<TrainableInfo>> ready;
  std::function<std::optional<Ack>(const ReportMessage&)> answer;
  std::vector<ReportMessage> reports;
  std::vector<std::uint64_t> large_of_reports;
  std::vector<SavedMessage> saved;
  std::vector<Ended> done;
  std::map<std::int64_t, std::vector<Seq>> seqs;
  int messages = 0;
};

TEST_F(ThreadWorkersTest, SaysWhatItHasLoadedOrWhyNot) {
  start("once");
  ASSERT_TRUE(*ready);
  EXPECT_EQ((*ready)->name, "once");
  ready.reset();
  start("onec");
  ASSERT_FALSE(*ready);
  EXPECT_EQ(ready->error().code, ErrorCode::kNotFound);
}

TEST_F(ThreadWorkersTest, RunsTrialsInTheOrderTheyAreAssigned) {
  start("once");
  for (int i = 0; i < 50; ++i) assign(i);
  run_until_done(50);
  ASSERT_EQ(reports.size(), 50u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(reports[static_cast<std::size_t>(i)].log.trial, TrialId{i});
    EXPECT_EQ(reports[static_cast<std::size_t>(i)].log.metrics, (Metrics{{"loss", static_cast<double>(i)}}));
    EXPECT_EQ(done[static_cast<std::size_t>(i)].trial, TrialId{i});
    EXPECT_EQ(done[static_cast<std::size_t>(i)].how, EndKind::kCompleted);
  }
}

TEST_F(ThreadWorkersTest, DeliversABurstByFewCalls) {
  start("once", 2);
  constexpr int kTrials = 10'000;
  for (int i = 0; i < kTrials; ++i) assign(i);
  run_until_done(kTrials);
  EXPECT_EQ(messages, 2 * kTrials);
  for (const auto& [trial, all] : seqs) EXPECT_EQ(all, (std::vector<Seq>{1, 2})) << trial;
}

TEST_F(ThreadWorkersTest, ATrialWaitsForItsAckWhileAnotherRuns) {
  start("endless", 2);
  answer = [&](const ReportMessage& m) -> std::optional<Ack> {
    if (m.log.step < 20) return Ack{m.log.trial, m.log.attempt, m.log.seq, Verdict::kContinue, {0, false}};
    const Verdict verdict = m.log.trial.value == 0 ? Verdict::kStop : Verdict::kPause;
    return Ack{m.log.trial, m.log.attempt, INT64_MAX, verdict, {}};
  };
  assign(0, {0, false});
  assign(1, {0, false});
  run_until_done(2);
  EXPECT_EQ(reports.size(), 40u);
  for (const Ended& end : done) EXPECT_EQ(end.how, end.trial.value == 0 ? EndKind::kStopped : EndKind::kPaused);
}

TEST_F(ThreadWorkersTest, OrdersReachRunningTrials) {
  start("endless");
  answer = [&](const ReportMessage& m) -> std::optional<Ack> {
    if (m.log.step == 1) workers->order({m.log.trial, m.log.attempt, OrderKind::kInterrupt, 1, "Ctrl-C"});
    return std::nullopt;  // the window of unacknowledged reports fills up
  };
  assign(0);
  run_until_done(1);
  EXPECT_EQ(done[0].how, EndKind::kInterrupted);
}

TEST_F(ThreadWorkersTest, OrdersTakeBackTrialsThatHaveNotBegun) {
  start("endless");
  assign(0, {1, false});
  for (int i = 1; i <= 4; ++i) assign(i);
  loop.run_until([&] { return !reports.empty(); });  // 0 stands still
  workers->order({TrialId{1}, Attempt{1}, OrderKind::kSave, 0, ""});
  workers->order({TrialId{1}, Attempt{2}, OrderKind::kKill, 0, ""});  // no such attempt
  workers->order({TrialId{2}, Attempt{1}, OrderKind::kKill, 0, "withdrawn"});
  workers->order({TrialId{3}, Attempt{1}, OrderKind::kInterrupt, 0, ""});
  workers->order({TrialId{4}, Attempt{1}, OrderKind::kPause, 0, ""});
  run_until_done(3);
  EXPECT_EQ(done[0].trial, TrialId{2});
  EXPECT_EQ(done[0].how, EndKind::kStopped);
  EXPECT_EQ(done[0].text, "withdrawn");
  EXPECT_EQ(done[1].how, EndKind::kInterrupted);
  EXPECT_EQ(done[2].how, EndKind::kPaused);
  EXPECT_EQ(reports.size(), 1u);
}

TEST_F(ThreadWorkersTest, AFailureIsTheTrialsAlone) {
  start("throws");
  assign(0);
  assign(1);
  run_until_done(2);
  EXPECT_EQ(done[0].how, EndKind::kFailed);
  EXPECT_EQ(done[0].text, "no");
  EXPECT_EQ(done[1].trial, TrialId{1});
}

TEST_F(ThreadWorkersTest, KeepsInstancesThatCanBeReset) {
  start("counts");
  for (int i = 0; i < 3; ++i) assign(i);
  run_until_done(3);
  EXPECT_EQ(reports[2].log.metrics[0].second, 3);
}

TEST_F(ThreadWorkersTest, MakesNewInstancesOfOthers) {
  start("fresh");
  for (int i = 0; i < 3; ++i) assign(i);
  run_until_done(3);
  EXPECT_EQ(reports[2].log.metrics[0].second, 1);
}

TEST_F(ThreadWorkersTest, SmallCheckpointsTravelWithTheirMessages) {
  start("saves");
  assign(0, {}, R"({"size":262144})");
  run_until_done(1);
  const std::string state(262144, 'x');
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_FALSE(reports[0].log.checkpoint);
  EXPECT_EQ(reports[1].log.checkpoint, (CheckpointInfo{state.size(), sha256_hex(state), false}));
  EXPECT_EQ(reports[1].checkpoint_bytes, state);
  ASSERT_EQ(saved.size(), 1u) << "the second of one step is not sent again";
  EXPECT_EQ(saved[0].log.step, 3);
  EXPECT_TRUE(channel.open.empty());
}

TEST_F(ThreadWorkersTest, LargeCheckpointsAreStoredBeforeTheirMessages) {
  start("saves");
  assign(0, {}, R"({"size":5000000})");
  run_until_done(1);
  const std::string state(5'000'000, 'x');
  EXPECT_EQ(seqs[0], (std::vector<Seq>{1, 2, 3, 4, 5}));
  EXPECT_EQ(reports[1].log.checkpoint, (CheckpointInfo{state.size(), sha256_hex(state), true}));
  EXPECT_EQ(reports[1].checkpoint_bytes, "");
  EXPECT_EQ(large_of_reports, (std::vector<std::uint64_t>{0, 1, 0}));
  EXPECT_EQ(saved.at(0).log.checkpoint.size, state.size());
  EXPECT_LE(channel.largest, 1u << 20);
  EXPECT_EQ(channel.open[1], state);
  EXPECT_EQ(channel.open[2], state);
}

TEST_F(ThreadWorkersTest, AReportOutlivesACheckpointThatCannotBeStored) {
  channel.full = true;
  start("saves");
  assign(0, {}, R"({"size":300000})");
  run_until_done(1);
  EXPECT_EQ(reports.size(), 3u);
  EXPECT_FALSE(reports[1].log.checkpoint);
  EXPECT_TRUE(saved.empty());
  EXPECT_EQ(channel.abandoned, 2);
  EXPECT_EQ(done[0].how, EndKind::kCompleted);
}

TEST_F(ThreadWorkersTest, ContinuesFromCheckpointsInlineAndStored) {
  start("restores");
  Assign a;
  a.trial = TrialId{0};
  a.attempt = Attempt{2};
  a.config_json = "{}";
  a.start_step = 4;
  a.checkpoint = CheckpointInfo{3'000'000, {}, true};
  a.checkpoint_id = CheckpointId{5};
  channel.stored[5] = std::string(3'000'000, 'x');
  workers->assign(a);
  a.trial = TrialId{1};
  a.checkpoint = CheckpointInfo{10, {}, false};
  a.checkpoint_bytes = std::string(10, 'x');
  workers->assign(a);
  run_until_done(2);
  EXPECT_EQ(reports[0].log.trial, TrialId{0}) << "in order, though it had to be fetched";
  EXPECT_EQ(reports[0].log.metrics[0].second, 3'000'000);
  EXPECT_EQ(reports[0].log.step, 5);
  EXPECT_EQ(reports[1].log.metrics[0].second, 10);
}

TEST_F(ThreadWorkersTest, AStoredCheckpointThatIsGoneOrShortFailsItsTrial) {
  start("restores");
  Assign a;
  a.trial = TrialId{0};
  a.attempt = Attempt{2};
  a.config_json = "{}";
  a.checkpoint = CheckpointInfo{300'000, {}, true};
  a.checkpoint_id = CheckpointId{5};
  workers->assign(a);
  run_until_done(1);
  EXPECT_EQ(done[0].cause, Cause::kLoad);
  EXPECT_EQ(done[0].text, "its checkpoint cannot be read: no checkpoint 5");
  channel.stored[5] = "short";
  a.trial = TrialId{1};
  workers->assign(a);
  run_until_done(2);
  EXPECT_EQ(done[1].text, "its checkpoint cannot be read: it has 5 bytes instead of 300000");
}

TEST_F(ThreadWorkersTest, ShutDownFreesTrialsThatWait) {
  start("endless", 3);
  for (int i = 0; i < 5; ++i) assign(i, {0, false});
  loop.run_until([&] { return reports.size() == 3; });
  workers->shut_down();
  EXPECT_FALSE(workers->stuck());
  const int before = messages;
  loop.run_rest();
  EXPECT_EQ(messages, before);
}

TEST_F(ThreadWorkersTest, ShutDownLeavesBehindWhatDoesNotListen) {
  move_gate(Gate::kShut);
  start("stubborn", 1, std::chrono::milliseconds(1));
  assign(0);
  loop.run_until([&] { return !reports.empty(); });
  workers->shut_down();
  EXPECT_TRUE(workers->stuck());
  workers.reset();
  move_gate(Gate::kOpen);  // it goes on, and touches nothing that is gone
  wait_for_gate(Gate::kPassed);
}

}  // namespace
}  // namespace tune

// The controller's half of the conversation, against a worker that is played by the test over a real socket: repeats,
// gaps, reconnects, fences, and who is let in.

#include "core/runtime/worker_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "core/channel.h"
#include "core/runtime/admission.h"
#include "core/runtime/socket_dir.h"
#include "core/sha256.h"
#include "tests/runtime/worker_side/rig.h"

namespace tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TrialId kTrial{4};
constexpr Attempt kFirst{1}, kSecond{2};
constexpr wire::AttemptKey kKey{kTrial, kFirst};

/// A worker without any process: blocking reads and writes.
class Played {
 public:
  explicit Played(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  void say(const wire::Body& body) {
    std::string bytes;
    ASSERT_TRUE(wire::append_frame(bytes, body, 1));
    say_bytes(bytes);
  }
  void say_bytes(const std::string& bytes) {
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// The next message, if it is there.
  std::optional<wire::Body> hear() {
    while (true) {
      auto taken = wire::take_frame(in_);
      EXPECT_TRUE(taken.has_value());
      if (taken && taken->used > 0) {
        in_.erase(0, taken->used);
        return std::move(taken->envelope.body);
      }
      char buffer[65536];
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) closed = true;
      if (got <= 0) return std::nullopt;
      in_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  bool closed = false;

 private:
  Fd socket_;
  std::string in_;
};

ReportMessage report(Seq seq, Attempt attempt = kFirst) {
  ReportMessage message;
  message.log.trial = kTrial;
  message.log.attempt = attempt;
  message.log.seq = seq;
  message.log.step = seq;
  return message;
}

DoneMessage done(Seq seq) {
  DoneMessage message;
  message.log.trial = kTrial;
  message.log.attempt = kFirst;
  message.log.seq = seq;
  return message;
}

/// Door and desk of a controller.
class WorkerPeerTest : public testing::Test, public Workers::Handler {
 protected:
  WorkerPeerTest() {
    EXPECT_TRUE(door_.listen(dir_.socket()));
    door_.expect("launch", sha256_hex("token"));
  }

  void on_ready(Result<TrainableInfo>) override {}
  void on_unusable(Error) override {}
  void on_message(WorkerMessage message, std::uint64_t large) override {
    if (const auto* heard = std::get_if<ReportMessage>(&message)) seqs_.push_back(heard->log.seq);
    if (const auto* saved = std::get_if<SavedMessage>(&message)) seqs_.push_back(saved->log.seq);
    if (const auto* end = std::get_if<DoneMessage>(&message)) seqs_.push_back(end->log.seq);
    if (large != 0) large_.push_back(large);
  }
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) override {
    lost_ += attempts.size();
    lost_why_ = std::move(why);
    seqs_.push_back(-1);
  }

  wire::Hello hello(std::vector<wire::Hello::Running> running = {}) {
    wire::Hello hello;
    hello.launch = "launch";
    hello.worker = "incarnation";
    hello.token = "token";
    hello.running = std::move(running);
    return hello;
  }
  /// Runs what is to be run now.
  void run() {
    for (int quiet = 0; quiet < 3;) {
      if (io_.stopped()) io_.restart();
      quiet = io_.poll() == 0 ? quiet + 1 : 0;
    }
  }
  /// The next message of this kind; others before it are passed over.
  template <class Message>
  std::optional<Message> expect(Played& worker) {
    for (int i = 0; i < 1000 && !worker.closed; ++i) {
      run();
      while (auto body = worker.hear()) {
        if (auto* message = std::get_if<Message>(&*body)) return std::move(*message);
      }
    }
    return std::nullopt;
  }
  /// A worker that was let in.
  Played worker(std::vector<wire::Hello::Running> running = {}) {
    Played played(dir_.socket());
    wire::Hello words = hello(std::move(running));
    if (!resume_key_.empty()) {
      words.token.clear();
      words.resume_key = resume_key_;
    }
    played.say(words);
    welcome_ = expect<wire::Welcome>(played);
    EXPECT_TRUE(welcome_.has_value());
    if (welcome_) resume_key_ = welcome_->resume_key;
    return played;
  }
  void assign(Attempt attempt = kFirst) {
    Assign assign = make_assign(kTrial.value, "{}");
    assign.attempt = attempt;
    peer_.assign(assign);
  }

  boost::asio::io_context io_{1};
  MemoryChannel channel_{io_};
  WorkerPeer peer_{*this,
                   channel_,
                   {.loaded = [](Result<TrainableInfo>) {},
                    .drained = [this](std::string why) { drained_ = std::move(why); },
                    .log = [this](wire::LogLine line) { log_.push_back(line.text); },
                    .progress = [] {},
                    .later = [this](double, std::function<void()> what) { later_.push_back(std::move(what)); }}};
  SocketDir dir_ = *SocketDir::make();
  std::shared_ptr<Link> link_;
  Admission door_{io_,
                  {.received = [this](wire::Envelope envelope) { peer_.receive(std::move(envelope)); },
                   .before_write = [this] { peer_.send_acknowledgements(); },
                   .closed = [this](const std::string& why) { peer_.detach(), closed_why_ = why; }},
                  [this](std::shared_ptr<Link> link, wire::Hello hello, std::uint64_t id) {
                    if (link_) link_->close();
                    link_ = link;
                    wire::Welcome welcome{1, 10'000, 2'000, door_.resume_key(), {}};
                    peer_.attach(std::move(link), hello, id, std::move(welcome));
                  }};
  std::optional<wire::Welcome> welcome_;
  std::string resume_key_, lost_why_, closed_why_, drained_;
  std::vector<std::function<void()>> later_;
  std::vector<Seq> seqs_;  // -1: lost
  std::vector<std::uint64_t> large_;
  std::vector<std::string> log_;
  std::size_t lost_ = 0;
};

TEST_F(WorkerPeerTest, DeliversEachMessageOnce) {
  Played played = worker();
  assign();
  ASSERT_TRUE(expect<Assign>(played));
  for (const Seq seq : {1, 2, 2, 1, 3}) played.say(report(seq));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2, 3));
}

TEST_F(WorkerPeerTest, AnswersARepeatAgain) {
  Played played = worker();
  assign();
  played.say(report(1));
  run();
  peer_.acknowledge({kTrial, kFirst, 1, Verdict::kPause, {9, true}});
  const auto first = expect<Ack>(played);
  played.say(report(1));
  EXPECT_EQ(expect<Ack>(played), first);
  EXPECT_EQ(first->verdict, Verdict::kPause);
  EXPECT_EQ(first->wait, (Wait{9, true}));
  EXPECT_THAT(seqs_, ElementsAre(1));
}

TEST_F(WorkerPeerTest, AsksForWhatIsMissing) {
  Played played = worker();
  assign();
  played.say(report(1));
  played.say(report(3));
  const auto resend = expect<wire::Resend>(played);
  ASSERT_TRUE(resend);
  EXPECT_EQ(resend->from_seq, 2);
  played.say(report(2));
  played.say(report(3));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2, 3));
}

TEST_F(WorkerPeerTest, FencesWhatItDidNotAsk) {
  Played played = worker();
  played.say(report(1));
  EXPECT_TRUE(expect<wire::Fence>(played));
  EXPECT_THAT(seqs_, IsEmpty());
}

TEST_F(WorkerPeerTest, FencesAnEarlierAttempt) {
  Played played = worker();
  assign(kFirst);
  played.say(report(1));
  played.say(done(2));
  run();
  peer_.acknowledge({kTrial, kFirst, 2, Verdict::kContinue, {}});
  assign(kSecond);
  played.say(report(3, kFirst));
  EXPECT_TRUE(expect<wire::Fence>(played));
  played.say(report(1, kSecond));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2, 1));
}

TEST_F(WorkerPeerTest, SaysManyAnswersInOne) {
  Played played = worker();
  assign();
  for (Seq seq = 1; seq <= 100; ++seq) played.say(report(seq));
  run();
  for (Seq seq = 1; seq <= 100; ++seq) peer_.acknowledge({kTrial, kFirst, seq, Verdict::kContinue, {}});
  const auto ack = expect<Ack>(played);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->seq, 100);
  EXPECT_FALSE(expect<Ack>(played));
}

TEST_F(WorkerPeerTest, AnswersNothingThatHasNotCome) {
  Played played = worker();
  assign();
  played.say(report(1));
  run();
  peer_.acknowledge({kTrial, kFirst, INT64_MAX, Verdict::kStop, {}});
  EXPECT_EQ(expect<Ack>(played)->seq, 1);
  played.say(done(2));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2));
  EXPECT_EQ(peer_.attempts(), 1u);
  peer_.acknowledge({kTrial, kFirst, INT64_MAX, Verdict::kStop, {}});
  EXPECT_EQ(peer_.attempts(), 0u);
}

TEST_F(WorkerPeerTest, TellsAReturningWorkerWhatItHas) {
  {
    Played played = worker();
    assign();
    played.say(report(1));
    played.say(report(2));
    run();
    peer_.acknowledge({kTrial, kFirst, 2, Verdict::kContinue, {7, false}});
  }
  run();
  peer_.order({kTrial, kFirst, OrderKind::kStop, 5, "enough"});
  const wire::AttemptKey stranger{TrialId{99}, kFirst};
  Played again = worker({{kKey, 3}, {stranger, 1}});
  ASSERT_EQ(welcome_->attempts.size(), 2u);
  EXPECT_EQ(welcome_->attempts[0], (wire::Welcome::Known{kKey, 2, false}));
  EXPECT_EQ(welcome_->attempts[1], (wire::Welcome::Known{stranger, 0, true}));
  EXPECT_EQ(expect<Order>(again)->reason, "enough");
  again.say(report(2));
  again.say(report(3));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2, 3));
}

TEST_F(WorkerPeerTest, SaysTheLastAnswerAgainAfterAReconnect) {
  {
    Played played = worker();
    assign();
    played.say(report(1));
    run();
  }
  run();
  peer_.acknowledge({kTrial, kFirst, 1, Verdict::kPause, {}});
  Played again = worker({{kKey, 1}});
  EXPECT_EQ(expect<Ack>(again)->verdict, Verdict::kPause);
}

TEST_F(WorkerPeerTest, AssignsAgainWhatTheWorkerNeverGot) {
  {
    Played played = worker();
    run();
  }
  run();
  assign();
  Played again = worker();
  EXPECT_EQ(expect<Assign>(again)->trial, kTrial);
}

TEST_F(WorkerPeerTest, LosesWhatAReturningWorkerNoLongerKnows) {
  {
    Played played = worker();
    assign();
    played.say(report(1));
    run();
  }
  run();
  Played again = worker();
  EXPECT_EQ(lost_, 1u);
  EXPECT_THAT(seqs_, ElementsAre(1, -1));
}

TEST_F(WorkerPeerTest, PassesOnThatAnAttemptIsLostAfterItsReports) {
  Played played = worker();
  assign();
  played.say(report(1));
  played.say(wire::LostMessage{kTrial, kFirst, 2, "its fork server"});
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, -1));
  EXPECT_EQ(lost_why_, "its fork server");
  EXPECT_FALSE(expect<Ack>(played)) << "before its report and its loss are stored";
  peer_.acknowledge({kTrial, kFirst, INT64_MAX, Verdict::kStop, {}});
  EXPECT_EQ(expect<Ack>(played)->seq, 2);
  EXPECT_EQ(peer_.attempts(), 0u);
}

TEST_F(WorkerPeerTest, DeliversWhatHasComeBeforeADeadWorkersLosses) {
  Played played = worker();
  assign();
  ReportMessage large = report(1);
  large.log.checkpoint = CheckpointInfo{10, std::string(64, 'a'), true};
  played.say(wire::Chunk{kTrial, kFirst, 1, 0, std::string(10, 'x')});
  played.say(large);
  ASSERT_TRUE(expect<wire::ChunkAck>(played));
  peer_.lose_all("gone");
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, -1));
  EXPECT_EQ(large_.size(), 1u);
}

TEST_F(WorkerPeerTest, HoldsLaterMessagesUntilACheckpointIsStored) {
  Played played = worker();
  assign();
  ReportMessage large = report(1);
  large.log.checkpoint = CheckpointInfo{20, std::string(64, 'a'), true};
  played.say(wire::Chunk{kTrial, kFirst, 1, 0, std::string(10, 'x')});
  played.say(wire::Chunk{kTrial, kFirst, 1, 10, std::string(10, 'y')});
  played.say(large);
  played.say(report(2));
  played.say(done(3));
  run();
  EXPECT_THAT(seqs_, ElementsAre(1, 2, 3));
  EXPECT_EQ(channel_.finished.at(large_.at(0)), std::string(10, 'x') + std::string(10, 'y'));
}

TEST_F(WorkerPeerTest, AsksAgainForACheckpointThatIsNotWhole) {
  Played played = worker();
  assign();
  ReportMessage large = report(1);
  large.log.checkpoint = CheckpointInfo{20, std::string(64, 'a'), true};
  played.say(wire::Chunk{kTrial, kFirst, 1, 0, std::string(10, 'x')});
  played.say(large);
  EXPECT_EQ(expect<wire::Resend>(played)->from_seq, 1);
  EXPECT_THAT(seqs_, IsEmpty());
  EXPECT_TRUE(channel_.writing.empty());
}

TEST_F(WorkerPeerTest, AsksAfterARestForACheckpointThatTheStoreRefused) {
  Played played = worker();
  assign();
  channel_.failures = 1;
  ReportMessage large = report(1);
  large.log.checkpoint = CheckpointInfo{5, std::string(64, 'a'), true};
  const auto say_all = [&] {
    played.say(wire::Chunk{kTrial, kFirst, 1, 0, "state"});
    run();
    played.say(large);
    played.say(report(2));
    run();
  };
  say_all();
  EXPECT_FALSE(expect<wire::Resend>(played));
  ASSERT_EQ(later_.size(), 1u);
  later_.front()();
  EXPECT_EQ(expect<wire::Resend>(played)->from_seq, 1);
  say_all();
  EXPECT_THAT(seqs_, ElementsAre(1, 2));
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(WorkerPeerTest, GivesUpWhereTheFileOfCheckpointsIsDamaged) {
  Played played = worker();
  assign();
  channel_.failures = 1;
  channel_.failure = ErrorCode::kDamaged;
  played.say(wire::Chunk{kTrial, kFirst, 1, 0, "state"});
  run();
  EXPECT_THAT(drained_, HasSubstr("moved away"));
  EXPECT_THAT(later_, IsEmpty());
}

TEST_F(WorkerPeerTest, BeginsACheckpointAnewAfterAReconnect) {
  {
    Played played = worker();
    assign();
    played.say(wire::Chunk{kTrial, kFirst, 1, 0, std::string(10, 'x')});
    run();
  }
  run();
  Played again = worker({{kKey, 1}});
  ReportMessage large = report(1);
  large.log.checkpoint = CheckpointInfo{5, std::string(64, 'a'), true};
  again.say(wire::Chunk{kTrial, kFirst, 1, 0, "fresh"});
  again.say(large);
  run();
  ASSERT_THAT(seqs_, ElementsAre(1));
  EXPECT_EQ(channel_.finished.at(large_.at(0)), "fresh");
  EXPECT_TRUE(channel_.writing.empty());
}

TEST_F(WorkerPeerTest, HandsOutStoredCheckpoints) {
  channel_.stored[CheckpointId{7}] = "0123456789";
  Played played = worker();
  played.say(wire::Fetch{CheckpointId{7}, 4, 3});
  EXPECT_EQ(expect<wire::Fetched>(played)->data, "456");
  played.say(wire::Fetch{CheckpointId{8}, 0, 3});
  EXPECT_THAT(expect<wire::Fetched>(played)->error, HasSubstr("no such checkpoint"));
}

TEST_F(WorkerPeerTest, ClosesOnAMessageThatCannotBe) {
  Played played = worker();
  assign();
  played.say_bytes(std::string("\0\0\0\2\xff\xff", 6));
  run();
  EXPECT_FALSE(expect<Assign>(played) && expect<Assign>(played));
  EXPECT_TRUE(played.closed);
  EXPECT_FALSE(closed_why_.empty());
}

// --- the door ---

using Door = WorkerPeerTest;

TEST_F(Door, RefusesAWrongToken) {
  Played played(dir_.socket());
  wire::Hello words = hello();
  words.token = "tokem";
  played.say(words);
  EXPECT_EQ(expect<wire::Reject>(played)->text, "wrong token");
  EXPECT_FALSE(expect<wire::Welcome>(played));
  EXPECT_TRUE(played.closed);
}

TEST_F(Door, RefusesNoToken) {
  Played played(dir_.socket());
  wire::Hello words = hello();
  words.token.clear();
  played.say(words);
  EXPECT_TRUE(expect<wire::Reject>(played));
}

TEST_F(Door, RefusesAnotherLaunch) {
  Played played(dir_.socket());
  wire::Hello words = hello();
  words.launch = "other";
  played.say(words);
  EXPECT_TRUE(expect<wire::Reject>(played));
}

TEST_F(Door, LetsInOneProcessAToken) {
  Played first = worker();
  Played second(dir_.socket());
  wire::Hello words = hello();
  words.worker = "twin";
  second.say(words);
  EXPECT_THAT(expect<wire::Reject>(second)->text, HasSubstr("before"));
  first.say(wire::Fetch{CheckpointId{8}, 0, 3});
  EXPECT_TRUE(expect<wire::Fetched>(first));
}

TEST_F(Door, TakesATokenOnce) {
  { Played first = worker(); }
  Played second(dir_.socket());
  second.say(hello());
  EXPECT_EQ(expect<wire::Reject>(second)->text, "wrong resume key");
}

TEST_F(Door, RefusesWhoeverSaysSomethingElseFirst) {
  Played played(dir_.socket());
  played.say(report(1));
  EXPECT_THAT(expect<wire::Reject>(played)->text, HasSubstr("Hello"));
}

TEST_F(Door, ClosesOnWhoeverSaysTooMuchBeforeHello) {
  Played played(dir_.socket());
  played.say_bytes(std::string("\0\x02\0\0", 4) + std::string(100, 'x'));
  EXPECT_FALSE(expect<wire::Welcome>(played));
  EXPECT_TRUE(played.closed);
}

TEST(SocketDirectory, IsPrivateAndGoes) {
  std::string path;
  {
    const auto dir = SocketDir::make();
    ASSERT_TRUE(dir.has_value());
    path = dir->path();
    EXPECT_LE(dir->socket().size(), 107u);
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SocketDirectory, IsMadeWhileOthersMakeTheirsAndLeave) {
  std::atomic<int> made = 0;
  std::vector<std::jthread> runs;
  for (int run = 0; run < 4; ++run) {
    runs.emplace_back([&] {
      for (int i = 0; i < 300; ++i) made += SocketDir::make().has_value();  // and gone again
    });
  }
  runs.clear();
  EXPECT_EQ(made, 4 * 300);
}

TEST(SocketDirectory, TellsThePeersOfThisUserFromThoseOfOthers) {
  int own[2], of_another[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, own), 0);
  EXPECT_TRUE(is_of_this_user(own[0]));
  if (::geteuid() != 0) GTEST_SKIP() << "only root may be somebody else for a moment";
  ASSERT_EQ(::seteuid(65534), 0);
  const int made = ::socketpair(AF_UNIX, SOCK_STREAM, 0, of_another);
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_EQ(made, 0);
  EXPECT_FALSE(is_of_this_user(of_another[0]));
  for (const int fd : {own[0], own[1], of_another[0], of_another[1]}) ::close(fd);
}

}  // namespace
}  // namespace tune

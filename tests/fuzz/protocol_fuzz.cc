// A peer that says anything: the controller's half of the conversation hears a worker, the worker's half a controller,
// whose frames are the input. Each attempt's messages are delivered once and in order, whatever is said; nothing
// crashes.

#include <map>
#include <memory>

#include "core/runtime/conversation.h"
#include "core/runtime/worker_peer.h"
#include "core/workers.h"
#include "tests/fuzz/fuzz.h"

namespace tune::fuzz {
namespace {

class Nowhere final : public FrameSink {
 public:
  void send(const wire::Body& body, std::uint64_t) override {
    std::string frame;
    (void)wire::append_frame(frame, body);
  }
  void send_frame(std::string_view frame) override { sent_ += frame.size(); }
  bool wants_more() const override { return sent_ < 1u << 20; }

 private:
  std::size_t sent_ = 0;
};

/// Takes what the peer delivers, and answers each report.
class Desk final : public Workers::Handler, public CheckpointChannel {
 public:
  void on_ready(Result<TrainableInfo>) override {}
  void on_unusable(Error) override {}
  void on_message(WorkerMessage message, std::uint64_t) override {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.log.seq; }) {
            Seq& last = last_[wire::key_of(body)];
            require(body.log.seq == last + 1, "messages are delivered once and in order");
            last = body.log.seq;
            if (last % 2 == 0) peer->acknowledge({body.log.trial, body.log.attempt, last, Verdict::kContinue, {}});
          }
        },
        message);
  }
  void on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string) override {
    for (const auto& [trial, attempt] : attempts) peer->acknowledge({trial, attempt, INT64_MAX, Verdict::kStop, {}});
  }
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override {
    uploads_[key] += bytes.size();
    done({});
  }
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override {
    done(CheckpointInfo{uploads_[key], std::string(64, '0'), true});
    uploads_.erase(key);
  }
  void abandon(std::uint64_t key) override { uploads_.erase(key); }
  void read(CheckpointId, std::uint64_t, std::size_t, std::function<void(Result<std::string>)> done) override {
    done(fail(ErrorCode::kNotFound, "there is none"));
  }

  WorkerPeer* peer = nullptr;

 private:
  std::map<wire::AttemptKey, Seq> last_;
  std::map<std::uint64_t, std::uint64_t> uploads_;
};

template <class Hear>
void each_frame(std::string_view bytes, Hear&& hear) {
  std::uint64_t id = 0;
  while (true) {
    auto taken = wire::take_frame(bytes, 1u << 20);
    if (!taken || taken->used == 0) return;
    taken->envelope.id = ++id;
    hear(std::move(taken->envelope));
    bytes.remove_prefix(taken->used);
  }
}

Assign assign_of(std::int64_t trial, std::int32_t attempt) {
  Assign assign;
  assign.trial = TrialId{trial};
  assign.attempt = Attempt{attempt};
  return assign;
}

void hear_a_worker(std::string_view bytes) {
  Desk desk;
  WorkerPeer peer(desk, desk,
                  {.loaded = [](Result<TrainableInfo>) {},
                   .drained = [](std::string) {},
                   .log = [](wire::LogLine) {},
                   .progress = [] {},
                   .later = [](double, std::function<void()> what) { what(); }});
  desk.peer = &peer;
  peer.attach(std::make_shared<Nowhere>(), {}, 1, {});
  for (std::int64_t trial = 0; trial < 4; ++trial) peer.assign(assign_of(trial, 1));
  each_frame(bytes, [&](wire::Envelope envelope) {
    if (const auto* hello = std::get_if<wire::Hello>(&envelope.body)) {
      return peer.attach(std::make_shared<Nowhere>(), *hello, 1, {});
    }
    peer.receive(std::move(envelope));
  });
  peer.send_acknowledgements();
  peer.lose_all("the input has ended");
}

void hear_a_controller(std::string_view bytes) {
  std::vector<wire::AttemptKey> held;
  std::map<wire::AttemptKey, Seq> said;
  Conversation* spoken = nullptr;
  Conversation conversation({}, 10, 0,
                            {.assign = [&](Assign assign) { held.push_back(wire::key_of(assign)); },
                             .ack =
                                 [&](const Ack& ack) {
                                   ReportMessage report;
                                   report.log.trial = ack.trial;
                                   report.log.attempt = ack.attempt;
                                   report.log.seq = ++said[wire::key_of(ack)];
                                   (void)spoken->say_kept(wire::key_of(ack), report, report.log.seq, false);
                                 },
                             .order = [](const Order&) {},
                             .fence = [&](const wire::AttemptKey& key) { std::erase(held, key), said.erase(key); },
                             .held = [&] { return held; },
                             .room = [] {},
                             .leave = [](const std::string&) {},
                             .welcomed = [] {}});
  spoken = &conversation;
  Nowhere sink;
  conversation.open(sink, 0);
  double now = 0;
  each_frame(bytes, [&](wire::Envelope envelope) {
    require(conversation.receive(std::move(envelope), now += 0.1), "ids that follow each other are heard");
    conversation.pump();
    conversation.beat(now);
  });
  (void)conversation.is_over(now);
}

}  // namespace
}  // namespace tune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tune::fuzz::hear_a_worker(tune::fuzz::text_of(data, size));
  tune::fuzz::hear_a_controller(tune::fuzz::text_of(data, size));
  return 0;
}

#include "core/runtime/conversation.h"

#include <algorithm>
#include <map>
#include <set>

namespace tune {
namespace {

/// So many fit into a Hello, which may not be long; what is not listed is given up.
constexpr std::size_t kMostListed = 2000;

}  // namespace

Conversation::Conversation(wire::Hello who, double lease, double now, Events events, std::uint64_t chunk)
    : who_(std::move(who)), events_(std::move(events)), spool_(chunk), lease_(lease), lease_from_(now) {}

// --- the connection -------------------------------------------------------------------------------------------------

void Conversation::open(FrameSink& sink, double now) {
  sink_ = &sink;
  welcome_ = false;
  last_id_ = 0;
  wire::Hello hello = who_;
  hello.epoch_seen = epoch_;
  std::map<Key, Seq> held;
  for (const Key& key : events_.held()) held[key] = 0;
  for (const auto& [key, last] : spool_.streams()) held[key] = last;
  for (const auto& [key, last] : held) {
    if (hello.running.size() < kMostListed) hello.running.push_back({key, last});
  }
  beats_.clear();
  beats_.emplace_back(beat_, now);
  sink_->send(std::move(hello));
}

void Conversation::close() {
  sink_ = nullptr;
  welcome_ = false;
}

void Conversation::hang_up() {
  hung_up_ = true;
  close();
}

void Conversation::pump() {
  if (welcome_) spool_.pump(*sink_);
}

void Conversation::welcomed(const wire::Welcome& welcome, double now) {
  welcome_ = true;
  epoch_ = welcome.epoch;
  who_.resume_key = welcome.resume_key;
  lease_ = welcome.lease_ms / 1000.0;
  heartbeat_ = welcome.heartbeat_ms / 1000.0;
  if (!beats_.empty()) lease_from_ = beats_.front().second;
  std::set<Key> wanted;
  for (const auto& known : welcome.attempts) {
    if (known.fence) continue;
    wanted.insert(known.who);
    spool_.rewind(known.who, known.last_seq);
  }
  std::vector<Key> given_up = events_.held();
  for (const auto& [key, last] : spool_.streams()) given_up.push_back(key);
  for (const Key& key : given_up) {
    if (wanted.contains(key)) continue;
    spool_.forget(key);
    events_.fence(key);
  }
  events_.welcomed();
  if (sink_) sink_->write_soon();
  beat(now);
}

void Conversation::beat(double now) {
  if (!welcome_) return;
  beats_.emplace_back(++beat_, now);
  sink_->send(wire::Heartbeat{beat_});
}

double Conversation::beat_every() const { return std::min(heartbeat_, lease_ / 5); }

// --- what is said ---------------------------------------------------------------------------------------------------

void Conversation::say(const wire::Body& body) {
  if (welcome_) sink_->send(body);
}

Result<void> Conversation::say_kept(const Key& key, const wire::Body& message, Seq seq, bool ends, Fd checkpoint,
                                    std::uint64_t size) {
  auto added = spool_.add(key, seq, message, ends, std::move(checkpoint), size);
  if (added && welcome_) sink_->write_soon();
  return added;
}

// --- what is heard --------------------------------------------------------------------------------------------------

bool Conversation::receive(wire::Envelope envelope, double now) {
  if (!sink_) return true;
  if (envelope.id != last_id_ + 1) return false;
  last_id_ = envelope.id;
  hear(std::move(envelope.body), now);
  return true;
}

void Conversation::hear(wire::Body body, double now) {
  if (const auto* welcome = std::get_if<wire::Welcome>(&body)) {
    if (!welcome_) welcomed(*welcome, now);  // once a connection: another one knows nothing of what was assigned since
    return;
  }
  if (const auto* reject = std::get_if<wire::Reject>(&body)) {
    return events_.leave("the controller refuses this worker: " + reject->text);
  }
  if (!welcome_) return;  // nobody speaks before that
  if (const auto* ack = std::get_if<Ack>(&body)) {
    spool_.acknowledge(wire::key_of(*ack), ack->seq);
    events_.ack(*ack);
    events_.room();
  } else if (auto* assign = std::get_if<Assign>(&body)) {
    events_.assign(std::move(*assign));
  } else if (const auto* order = std::get_if<Order>(&body)) {
    events_.order(*order);
  } else if (const auto* part = std::get_if<wire::ChunkAck>(&body)) {
    spool_.acknowledge_chunks(wire::key_of(*part), part->seq, part->received);
    sink_->write_soon();
  } else if (const auto* resend = std::get_if<wire::Resend>(&body)) {
    spool_.rewind(wire::key_of(*resend), resend->from_seq - 1);
    sink_->write_soon();
  } else if (const auto* fence = std::get_if<wire::Fence>(&body)) {
    spool_.forget(wire::key_of(*fence));
    events_.fence(wire::key_of(*fence));
  } else if (const auto* answer = std::get_if<wire::HeartbeatAck>(&body)) {
    while (!beats_.empty() && beats_.front().first <= answer->n) {
      lease_from_ = std::max(lease_from_, beats_.front().second);
      beats_.pop_front();
    }
  } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&body)) {
    events_.leave(goodbye->reason);
  } else if (const auto* drain = std::get_if<wire::Drain>(&body)) {
    events_.leave(drain->reason);
  }  // anything else is a worker's to say, and ignored
}

}  // namespace tune

#pragma once

// The worker's half of the conversation with its controllers, one after the other: what it has said and is not
// acknowledged, what it hears, how long its lease runs. It knows no socket and no clock: what it says goes to a
// FrameSink, and times are given, in seconds of one clock that runs on in sleep (boot_seconds). dialogue.h gives it
// connections; tests/torture/virtual a network that does its worst.
//
// The rules are those of docs/formats/worker-protocol.md.

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/frame_sink.h"
#include "core/runtime/spool.h"

namespace tune {

class Conversation {
 public:
  using Key = wire::AttemptKey;

  struct Events {
    std::function<void(Assign)> assign;
    std::function<void(const Ack&)> ack;
    std::function<void(const Order&)> order;
    std::function<void(const Key&)> fence;          ///< kill it and forget it
    std::function<std::vector<Key>()> held;         ///< attempts that wait or run here
    std::function<void()> room;                     ///< an attempt that was full may not be any more
    std::function<void(const std::string&)> leave;  ///< the controller says that it is over
    std::function<void()> welcomed;                 ///< a controller listens from here on
  };

  /// `who`: what each Hello says of this process. The lease, in seconds, runs from `now`. `chunk`: as of Spool.
  Conversation(wire::Hello who, double lease, double now, Events events, std::uint64_t chunk = wire::kMaxChunk);

  /// A connection: says Hello. `sink` must live until close().
  void open(FrameSink& sink, double now);
  void close();
  /// Keeps what is said, however much it is, and opens no connection any more.
  void hang_up();

  /// False: this connection has lost, repeated or reordered what the controller said, and must be closed; after the
  /// next Welcome all of it is said anew.
  bool receive(wire::Envelope envelope, double now);
  /// To be called by the connection before it writes.
  void pump();
  /// A sign of life, if somebody listens; to be repeated every beat_every() seconds.
  void beat(double now);
  double beat_every() const;
  /// Whether no controller has answered a sign of life for the length of the lease.
  bool is_over(double now) const { return now - lease_from_ > lease_; }
  double lease() const { return lease_; }
  bool is_welcome() const { return welcome_; }

  /// Not kept: without a controller that listens it is lost.
  void say(const wire::Body& body);
  /// Kept until acknowledged. As Spool::add.
  Result<void> say_kept(const Key& key, const wire::Body& message, Seq seq, bool ends, Fd checkpoint = {},
                        std::uint64_t size = 0);
  /// Whether no more should be taken from this attempt's trial.
  bool is_full(const Key& key) const { return !hung_up_ && spool_.is_full(key); }

  /// What is not acknowledged.
  Spool& spool() { return spool_; }
  const Spool& spool() const { return spool_; }

 private:
  void hear(wire::Body body, double now);
  void welcomed(const wire::Welcome& welcome, double now);

  wire::Hello who_;
  Events events_;
  FrameSink* sink_ = nullptr;
  std::uint64_t last_id_ = 0;  // heard on this connection
  bool welcome_ = false, hung_up_ = false;
  Spool spool_;
  std::uint64_t epoch_ = 0;
  double lease_, heartbeat_ = 2;
  double lease_from_;                                   // the last sign of life that was answered
  std::deque<std::pair<std::uint64_t, double>> beats_;  // sent, not answered
  std::uint64_t beat_ = 0;
};

}  // namespace tune

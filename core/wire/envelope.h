#pragma once

// The worker protocol as plain structs, and their bytes: what core/messages.h says of trials, and what is about the
// connection itself. Protobuf is behind this header; docs/formats/worker-protocol.md describes the bytes.
//
// Hostile input: a frame is refused by its length before anything of it is kept, an unknown message, an enumerator that
// is none, a negative number where none can be, and lists of unequal length are errors (kDamaged). Nothing received is
// executed or used as a path.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/messages.h"
#include "core/result.h"

namespace tune::wire {

inline constexpr std::uint32_t kVersion = 1;
/// Bytes of an envelope, and of one before the peer is known.
inline constexpr std::size_t kMaxEnvelope = 16u << 20;
inline constexpr std::size_t kMaxBeforeHello = 64u << 10;
/// Checkpoints up to this size travel inside their message, larger ones in chunks.
inline constexpr std::size_t kInlineCheckpoint = 256u << 10;
inline constexpr std::size_t kMaxChunk = 1u << 20;
/// Bytes of chunks on their way that no ChunkAck has confirmed.
inline constexpr std::size_t kChunkWindow = 4u << 20;

/// The fence of every message about a trial.
struct AttemptKey {
  TrialId trial;
  Attempt attempt;
  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

template <class Message>
AttemptKey key_of(const Message& message) {
  if constexpr (requires { message.log; }) {
    return {message.log.trial, message.log.attempt};
  } else {
    return {message.trial, message.attempt};
  }
}

struct Hello {
  std::string launch;  ///< which start of a worker this is
  std::string worker;  ///< this process, drawn anew by each
  std::string token;
  std::string resume_key;  ///< of the controller that let it in before; another one asks for the token
  std::string build;       ///< version of the program
  std::string host;
  std::int64_t pid = 0;
  std::int64_t slots = 1;
  std::uint64_t epoch_seen = 0;
  struct Running {
    AttemptKey who;
    Seq last_seq = 0;  ///< of the last message made, sent or not
    friend bool operator==(const Running&, const Running&) = default;
  };
  std::vector<Running> running;
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Welcome {
  std::uint64_t epoch = 0;
  std::uint32_t lease_ms = 0, heartbeat_ms = 0;
  std::string resume_key;
  struct Known {
    AttemptKey who;
    Seq last_seq = 0;    ///< received: the worker goes on with the next
    bool fence = false;  ///< not wanted any more: kill and forget
    friend bool operator==(const Known&, const Known&) = default;
  };
  std::vector<Known> attempts;
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

struct Reject {
  std::string text;
  friend bool operator==(const Reject&, const Reject&) = default;
};

/// The trainable is loaded, or cannot be.
struct Loaded {
  Result<TrainableInfo> info;
  friend bool operator==(const Loaded&, const Loaded&) = default;
};

/// The attempt died with its fork server: no failure of its own. Counts in the attempt's sequence, and is its end.
struct LostMessage {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  std::string why;
  friend bool operator==(const LostMessage&, const LostMessage&) = default;
};

/// Bytes of the checkpoint that message `seq` will name. Offset 0 begins anew.
struct Chunk {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  std::uint64_t offset = 0;
  std::string data;
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// All bytes below `received` are with the writer.
struct ChunkAck {
  TrialId trial;
  Attempt attempt;
  Seq seq = 0;
  std::uint64_t received = 0;
  friend bool operator==(const ChunkAck&, const ChunkAck&) = default;
};

/// Asks for up to `size` bytes of a stored checkpoint.
struct Fetch {
  CheckpointId checkpoint;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  friend bool operator==(const Fetch&, const Fetch&) = default;
};

struct Fetched {
  CheckpointId checkpoint;
  std::uint64_t offset = 0;
  std::string data;
  std::string error;  ///< if it cannot be read
  friend bool operator==(const Fetched&, const Fetched&) = default;
};

struct Resend {
  TrialId trial;
  Attempt attempt;
  Seq from_seq = 0;
  friend bool operator==(const Resend&, const Resend&) = default;
};

/// This attempt is none of the present: kill and forget.
struct Fence {
  TrialId trial;
  Attempt attempt;
  friend bool operator==(const Fence&, const Fence&) = default;
};

struct Heartbeat {
  std::uint64_t n = 0;
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

struct HeartbeatAck {
  std::uint64_t n = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const HeartbeatAck&, const HeartbeatAck&) = default;
};

/// From the controller: end everything and leave. From a worker: it cannot go on.
struct Drain {
  std::string reason;
  friend bool operator==(const Drain&, const Drain&) = default;
};

struct Goodbye {
  std::string reason;
  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

struct LogLine {
  enum class Level { kNote, kWarning, kError } level = Level::kNote;
  std::string text;
  friend bool operator==(const LogLine&, const LogLine&) = default;
};

using Body = std::variant<Hello, Welcome, Reject, Loaded, Assign, Started, ReportMessage, SavedMessage, DoneMessage,
                          LostMessage, Chunk, ChunkAck, Fetch, Fetched, Ack, Resend, Fence, Order, Heartbeat,
                          HeartbeatAck, Drain, Goodbye, LogLine>;

struct Envelope {
  std::uint32_t version = kVersion;
  std::uint64_t id = 0;
  std::uint64_t reply_to = 0;
  Body body;
};

/// Appends the whole frame. kBadInput if it is larger than kMaxEnvelope; nothing is appended then.
Result<void> append_frame(std::string& out, const Body& body, std::uint64_t id = 0, std::uint64_t reply_to = 0);

/// One frame taken from the front of `in`; used 0: not complete yet.
struct TakenFrame {
  std::size_t used = 0;
  Envelope envelope;
};
Result<TakenFrame> take_frame(std::string_view in, std::size_t max_envelope = kMaxEnvelope);

}  // namespace tune::wire

#pragma once

// What a worker has said and the controller has not acknowledged: kept as the bytes that go over the wire, a stream an
// attempt, in order of seq. It covers a broken connection; after a reconnect each stream goes on behind what the
// controller has. Large checkpoints go before the message that names them, in chunks, within a window over all streams.
//
// Bounded: is_full() says when no more should be read from the trial, which then waits in its socket. Nothing is
// dropped.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/channel.h"
#include "core/runtime/frame_sink.h"

namespace tune {

class Spool {
 public:
  using Key = wire::AttemptKey;

  /// Bytes of one attempt, and of all, beyond which is_full().
  static constexpr std::uint64_t kMostOfOne = 8u << 20;
  static constexpr std::uint64_t kMostOfAll = 64u << 20;

  /// `chunk`: bytes of a checkpoint that go at once, kMaxChunk at most.
  explicit Spool(std::uint64_t chunk = wire::kMaxChunk) : chunk_(chunk) {}

  /// Requires: seq is one more than the last of that attempt. `checkpoint`: a memory file of `size` bytes that goes
  /// before the message, or none. `ends`: the attempt has no further messages.
  Result<void> add(const Key& key, Seq seq, const wire::Body& message, bool ends, Fd checkpoint = {},
                   std::uint64_t size = 0);

  /// Sends what is unsent while the sink wants more and the window allows.
  void pump(FrameSink& sink);

  void acknowledge(const Key& key, Seq seq);
  /// All bytes below `received` of the checkpoint of `seq` are with the writer.
  void acknowledge_chunks(const Key& key, Seq seq, std::uint64_t received);
  /// The controller has everything up to `last_seq`; what follows is sent anew.
  void rewind(const Key& key, Seq last_seq);
  void forget(const Key& key);

  bool is_full(const Key& key) const;
  bool has_unsent() const { return !ready_.empty(); }
  /// The last seq of each attempt whose messages are not all acknowledged.
  std::vector<std::pair<Key, Seq>> streams() const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Seq seq = 0;
    std::string frame;
    Fd checkpoint;
    std::uint64_t size = 0, sent = 0, confirmed = 0;  ///< of the checkpoint
    std::uint64_t bytes() const { return frame.size() + size; }
    std::uint64_t in_flight() const { return sent > confirmed ? sent - confirmed : 0; }
  };
  struct Stream {
    std::deque<Entry> entries;
    std::size_t next = 0;  ///< first one not sent
    Seq last = 0;
    std::uint64_t bytes = 0;
    bool ends = false, queued = false;
  };

  void make_ready(const Key& key, Stream& stream);
  /// True: all of it is sent.
  bool send_checkpoint(const Key& key, Entry& entry, FrameSink& sink);
  void reset_checkpoint(Entry& entry);

  std::uint64_t chunk_;
  std::map<Key, Stream> streams_;
  std::deque<Key> ready_;  ///< streams with something unsent
  std::uint64_t bytes_ = 0, in_flight_ = 0;
};

}  // namespace tune

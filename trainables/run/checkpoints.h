#pragma once

// Checkpoints of trials that run in this process, on their way to the store and back: small ones inside their message,
// large ones through the CheckpointChannel.
//
// Thread rule: the loop's thread, but for checkpoint_info().

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/workers.h"

namespace tune {

/// Checkpoints up to this size travel inside their message; larger ones go through the CheckpointChannel before it.
inline constexpr std::size_t kMaxInline = 256u << 10;

/// Size, and the hash of a small one; a large one is hashed by whoever stores it.
CheckpointInfo checkpoint_info(std::string_view bytes);

/// The bytes that travel with a message; null: it is of a kind that has none.
std::string* checkpoint_bytes(WorkerMessage& message);

/// Takes a large checkpoint out of its message, which then names what was stored. One that cannot be stored is lost,
/// its report is not: the trial goes on, and has one checkpoint less. False: nothing is left of the message.
bool name_stored(WorkerMessage& message, const Result<CheckpointInfo>& info);

/// Carries bytes between trials and the channel, a chunk at a time. Its callbacks come as long as it lives.
class CheckpointCarrier {
 public:
  explicit CheckpointCarrier(CheckpointChannel& channel) : state_(std::make_shared<State>(State{&channel})) {}
  ~CheckpointCarrier() { state_->channel = nullptr; }
  CheckpointCarrier(const CheckpointCarrier&) = delete;
  CheckpointCarrier& operator=(const CheckpointCarrier&) = delete;

  /// `done(info, key)`, with the key under which the channel knows it.
  void store(std::string bytes, std::function<void(Result<CheckpointInfo>, std::uint64_t)> done);
  /// All `size` bytes of a stored one, or why they cannot be had.
  void fetch(CheckpointId id, std::uint64_t size, std::function<void(Result<std::string>)> done);

 private:
  struct State {
    CheckpointChannel* channel;  ///< null: it is over
    std::uint64_t last_key = 0;
  };
  struct Upload;
  struct Download;
  static void go_on(const std::shared_ptr<Upload>& upload);
  static void go_on(const std::shared_ptr<Download>& download);

  std::shared_ptr<State> state_;
};

}  // namespace tune

#pragma once

// The small own frames between a worker, its fork server ("host") and the trial processes, all on one machine and of
// one build: binary, little-endian, no Protobuf, so that a process that has loaded LibTorch (and LibTorch's
// libprotobuf) holds none of ours. Encoding only; core/channel.h moves the bytes and the descriptors.
//
//   worker -> host    Load, Spawn           host -> worker    Ready, Spawned, Exited
//   worker -> trial   Begin, AckFrame, OrderFrame, Quit       trial -> worker   ReportFrame, SavedFrame, DoneFrame
//
// A frame is: u32 length of what follows, u8 type, u8 number of descriptors attached, fields. Texts and bytes are u32
// length + bytes; optional fields a u8 before. Decoding never reads beyond the frame, and a frame that is too long,
// unknown or badly formed is an error (kDamaged).

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/messages.h"
#include "core/result.h"

namespace tune {

/// Frames larger than this are refused: checkpoints travel as descriptors (memfd), so none is.
inline constexpr std::size_t kMaxFrame = 16u << 20;
/// Checkpoints up to this size travel inside a frame, larger ones as a sealed memfd.
inline constexpr std::size_t kInlineInFrame = 64u << 10;

// --- worker -> host
/// Load this trainable: the first frame. Not among the arguments, which every user of the machine may read: its
/// environment may hold what was not meant for them.
struct Load {
  std::string trainable;  ///< as core/trainable_ref.h writes it
  friend bool operator==(const Load&, const Load&) = default;
};
/// Fork a trial process. Descriptors: [0] its end of the trial channel, [1] its stdout and stderr (a pipe).
struct Spawn {
  std::int64_t slot = 0;
  std::string attempt_mark;              ///< value of TUNE_ATTEMPT in its environment
  std::vector<std::string> environment;  ///< NAME=VALUE to add (CUDA_VISIBLE_DEVICES, ...)
  int threads = 1;                       ///< for OpenMP, LibTorch and BLAS
  std::uint64_t memory = 0;              ///< limit in bytes of its own memory, 0: none
  friend bool operator==(const Spawn&, const Spawn&) = default;
};

// --- host -> worker
struct Ready {
  bool ok = false;
  TrainableInfo info;
  std::string error;  ///< if not ok
  std::string hint;
  ErrorCode code = ErrorCode::kTrial;
  friend bool operator==(const Ready&, const Ready&) = default;
};
struct Spawned {
  std::int64_t slot = 0;
  std::int64_t pid = 0;  ///< 0: fork failed, `error` says why
  std::string error;
  friend bool operator==(const Spawned&, const Spawned&) = default;
};
struct Exited {
  std::int64_t pid = 0;
  int status = 0;  ///< as of waitpid
  double cpu_seconds = 0;
  std::uint64_t max_rss = 0;
  friend bool operator==(const Exited&, const Exited&) = default;
};

// --- worker -> trial
/// One trial. Descriptor [0], if `has_checkpoint` and not inline: memfd with the state to continue from.
struct Begin {
  Assign assign;          ///< checkpoint_bytes: inline state
  std::string directory;  ///< of this attempt; made when asked for
  bool has_checkpoint = false;
  friend bool operator==(const Begin&, const Begin&) = default;
};
struct AckFrame {
  Ack ack;
  friend bool operator==(const AckFrame&, const AckFrame&) = default;
};
struct OrderFrame {
  Order order;
  friend bool operator==(const OrderFrame&, const OrderFrame&) = default;
};
/// Reused process: no more trials, leave.
struct Quit {
  friend bool operator==(const Quit&, const Quit&) = default;
};

// --- trial -> worker
/// Descriptor [0], if `checkpoint_size` > 0 and not inline: memfd with the checkpoint.
struct ReportFrame {
  ReportMessage report;  ///< log.checkpoint is not set: the worker hashes
  std::uint64_t checkpoint_size = 0;
  friend bool operator==(const ReportFrame&, const ReportFrame&) = default;
};
struct SavedFrame {
  SavedMessage saved;
  std::uint64_t checkpoint_size = 0;
  friend bool operator==(const SavedFrame&, const SavedFrame&) = default;
};
/// The trial has ended by itself; a reused process is free again, another one exits.
struct DoneFrame {
  Ended log;
  friend bool operator==(const DoneFrame&, const DoneFrame&) = default;
};

using Frame = std::variant<Spawn, Ready, Spawned, Exited, Begin, AckFrame, OrderFrame, Quit, ReportFrame, SavedFrame,
                           DoneFrame, Load>;

/// Appends the whole frame (with its length). `descriptors`: how many go with it.
void encode_frame(std::string& out, const Frame& frame, int descriptors = 0);

/// One frame taken from the front of `in`: how many bytes it used (0: not complete yet), and how many descriptors it
/// has.
struct DecodedFrame {
  std::size_t used = 0;
  int descriptors = 0;
  Frame frame;
};
Result<DecodedFrame> decode_frame(std::string_view in);

}  // namespace tune

// Frames: a length and an Envelope.

#include "core/wire/envelope.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <array>
#include <exception>

#include "core/wire/convert.h"

namespace tune::wire {
namespace {

constexpr std::size_t kLength = 4;

/// Most envelopes fit into this much, so that the arena asks for no memory.
constexpr std::size_t kArenaBlock = 2048;

/// One envelope's objects: gone with it, without a visit to each.
class Scratch {
 public:
  Scratch() : arena_(block_.data(), block_.size()) {}
  proto::Envelope& envelope() { return *google::protobuf::Arena::CreateMessage<proto::Envelope>(&arena_); }

 private:
  alignas(8) std::array<char, kArenaBlock> block_;
  google::protobuf::Arena arena_;
};

std::size_t read_length(std::string_view in) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(in[i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

}  // namespace

Result<void> append_frame(std::string& out, const Body& body, std::uint64_t id, std::uint64_t reply_to) {
  const std::size_t begin = out.size();
  try {
    Scratch scratch;
    proto::Envelope& envelope = scratch.envelope();
    envelope.set_version(kVersion);
    envelope.set_msg_id(id);
    envelope.set_reply_to(reply_to);
    to_proto(body, envelope);
    const std::size_t size = envelope.ByteSizeLong();
    if (size > kMaxEnvelope) {
      return fail(ErrorCode::kBadInput,
                  fmt::format("a message of {} bytes; at most {} are possible", size, kMaxEnvelope));
    }
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift & 0xff));
    out.resize(begin + kLength + size);
    envelope.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data() + begin + kLength));
    return {};
  } catch (const std::exception& error) {  // Protobuf's own checks
    out.resize(begin);
    return fail(ErrorCode::kInternal, fmt::format("cannot encode a message: {}", error.what()));
  }
}

Result<TakenFrame> take_frame(std::string_view in, std::size_t max_envelope) {
  if (in.size() < kLength) return TakenFrame{};
  const std::size_t size = read_length(in);
  if (size > max_envelope) {
    return fail(ErrorCode::kDamaged,
                fmt::format("a message of {} bytes where at most {} are allowed", size, max_envelope));
  }
  if (in.size() < kLength + size) return TakenFrame{};
  try {
    Scratch scratch;
    proto::Envelope& envelope = scratch.envelope();
    if (!envelope.ParseFromArray(in.data() + kLength, static_cast<int>(size))) {
      return fail(ErrorCode::kDamaged, "a message that is no envelope");
    }
    if (envelope.version() != kVersion) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("the peer speaks version {} of the worker protocol, this program {}", envelope.version(),
                              kVersion));
    }
    Result<Body> body = from_proto(envelope);
    if (!body) return pass_on(std::move(body));
    return TakenFrame{kLength + size, {envelope.version(), envelope.msg_id(), envelope.reply_to(), *std::move(body)}};
  } catch (const std::exception& error) {
    return fail(ErrorCode::kDamaged, fmt::format("a message that cannot be read: {}", error.what()));
  }
}

}  // namespace tune::wire

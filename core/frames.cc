#include "core/frames.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "core/frame_codec.h"

namespace tune {

// One list of fields a struct, found by the codec through its argument.

template <class A>
void fields(A& a, typename A::template Ref<TrainableInfo::Param> v) {
  a(v.name, v.required);
  a.choice(v.kind, TrainableInfo::Param::Kind::kBool);
}

template <class A>
void fields(A& a, typename A::template Ref<TrainableInfo> v) {
  a(v.name, v.parameters, v.any_parameters, v.numbered_parameters, v.can_save, v.can_reset, v.has_end, v.metrics);
  a.choice(v.isolation, Isolation::kThread);
}

template <class A>
void fields(A& a, typename A::template Ref<CheckpointInfo> v) {
  a(v.size, v.sha256, v.external);
}

template <class A>
void fields(A& a, typename A::template Ref<Wait> v) {
  a(v.step, v.save);
}

template <class A>
void fields(A& a, typename A::template Ref<Limits> v) {
  a(v.time, v.silence, v.output);
}

template <class A>
void fields(A& a, typename A::template Ref<Resources> v) {
  a(v.cpu, v.gpu, v.memory);
}

template <class A>
void fields(A& a, typename A::template Ref<Assign> v) {
  a(v.trial, v.attempt, v.trial_name, v.config_json, v.seed, v.start_step, v.elapsed, v.checkpoint, v.checkpoint_id,
    v.checkpoint_bytes, v.wait, v.every, v.at_end, v.stop_time, v.limits, v.resources);
}

template <class A>
void fields(A& a, typename A::template Ref<Ack> v) {
  a(v.trial, v.attempt, v.seq);
  a.choice(v.verdict, Verdict::kStop);
  a(v.wait);
}

template <class A>
void fields(A& a, typename A::template Ref<Order> v) {
  a(v.trial, v.attempt);
  a.choice(v.kind, OrderKind::kKill);
  a(v.grace, v.reason);
}

template <class A>
void fields(A& a, typename A::template Ref<Reported> v) {
  a(v.trial, v.attempt, v.seq, v.step, v.elapsed, v.metrics, v.extra, v.checkpoint);
}

template <class A>
void fields(A& a, typename A::template Ref<Saved> v) {
  a(v.trial, v.attempt, v.seq, v.step, v.elapsed, v.checkpoint);
}

template <class A>
void fields(A& a, typename A::template Ref<Ended> v) {
  a(v.trial, v.attempt, v.seq);
  a.choice(v.how, EndKind::kFailed);
  a.choice(v.cause, Cause::kLostWorker);
  a(v.text, v.code, v.elapsed);
}

template <class A>
void fields(A& a, typename A::template Ref<ReportMessage> v) {
  a(v.log, v.waits, v.checkpoint_bytes);
}

template <class A>
void fields(A& a, typename A::template Ref<SavedMessage> v) {
  a(v.log, v.checkpoint_bytes);
}

// --- frames

template <class A>
void fields(A& a, typename A::template Ref<Load> v) {
  a(v.trainable);
}

template <class A>
void fields(A& a, typename A::template Ref<Spawn> v) {
  a(v.slot, v.attempt_mark, v.environment, v.threads, v.memory);
}

template <class A>
void fields(A& a, typename A::template Ref<Ready> v) {
  a(v.ok, v.info, v.error, v.hint);
  a.choice(v.code, ErrorCode::kInternal);
}

template <class A>
void fields(A& a, typename A::template Ref<Spawned> v) {
  a(v.slot, v.pid, v.error);
}

template <class A>
void fields(A& a, typename A::template Ref<Exited> v) {
  a(v.pid, v.status, v.cpu_seconds, v.max_rss);
}

template <class A>
void fields(A& a, typename A::template Ref<Begin> v) {
  a(v.assign, v.directory, v.has_checkpoint);
}

template <class A>
void fields(A& a, typename A::template Ref<AckFrame> v) {
  a(v.ack);
}

template <class A>
void fields(A& a, typename A::template Ref<OrderFrame> v) {
  a(v.order);
}

template <class A>
void fields(A&, typename A::template Ref<Quit>) {}

template <class A>
void fields(A& a, typename A::template Ref<ReportFrame> v) {
  a(v.report, v.checkpoint_size);
}

template <class A>
void fields(A& a, typename A::template Ref<SavedFrame> v) {
  a(v.saved, v.checkpoint_size);
}

template <class A>
void fields(A& a, typename A::template Ref<DoneFrame> v) {
  a(v.log);
}

namespace {

using frame_codec::Decoder;
using frame_codec::Encoder;

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeaderBytes = 2;  // type and descriptors

template <class T>
Frame decode_as(Decoder& in) {
  T frame;
  fields(in, frame);
  return frame;
}

template <std::size_t... I>
Frame decode_type(std::size_t type, Decoder& in, std::index_sequence<I...>) {
  using Decode = Frame (*)(Decoder&);
  static constexpr std::array<Decode, sizeof...(I)> kByType{&decode_as<std::variant_alternative_t<I, Frame>>...};
  return kByType[type](in);
}

}  // namespace

void encode_frame(std::string& out, const Frame& frame, int descriptors) {
  const std::size_t start = out.size();
  out.append(kLengthBytes, '\0');
  out += static_cast<char>(frame.index());
  out += static_cast<char>(descriptors);
  Encoder encoder(out);
  std::visit([&](const auto& body) { fields(encoder, body); }, frame);
  const auto length = static_cast<std::uint32_t>(out.size() - start - kLengthBytes);
  std::memcpy(out.data() + start, &length, sizeof length);
}

Result<DecodedFrame> decode_frame(std::string_view in) {
  DecodedFrame out;
  if (in.size() < kLengthBytes) return out;
  std::uint32_t length = 0;
  std::memcpy(&length, in.data(), sizeof length);
  if (length < kHeaderBytes || length > kMaxFrame) {
    return fail(ErrorCode::kDamaged,
                fmt::format("frame of {} bytes; {} to {} are possible", length, kHeaderBytes, kMaxFrame));
  }
  if (in.size() < kLengthBytes + length) return out;
  const auto type = static_cast<unsigned char>(in[kLengthBytes]);
  if (type >= std::variant_size_v<Frame>)
    return fail(ErrorCode::kDamaged, fmt::format("frame of unknown type {}", type));
  out.used = kLengthBytes + length;
  out.descriptors = static_cast<unsigned char>(in[kLengthBytes + 1]);
  Decoder decoder(in.substr(kLengthBytes + kHeaderBytes, length - kHeaderBytes));
  out.frame = decode_type(type, decoder, std::make_index_sequence<std::variant_size_v<Frame>>());
  if (!decoder.ok() || !decoder.at_end()) {
    return fail(ErrorCode::kDamaged, fmt::format("frame of type {} is badly formed", type));
  }
  return out;
}

}  // namespace tune

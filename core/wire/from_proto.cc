// Generated classes to plain structs, with all checks: this is what a peer's bytes pass through.

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/wire/convert.h"

namespace tune::wire {
namespace {

/// Notes the first thing that is wrong; the fields after it are read, and thrown away.
class Checker {
 public:
  void require(bool holds, const char* what) {
    if (!holds && !wrong_) wrong_ = what;
  }

  template <class Enum>
  Enum enumerator(std::uint32_t value, Enum last, const char* what) {
    require(value <= static_cast<std::uint32_t>(last), what);
    return wrong_ ? Enum{} : static_cast<Enum>(value);
  }

  AttemptKey who(bool present, const proto::Attempt& from) {
    require(present && from.trial() >= 0 && from.attempt() >= 1, "a trial or attempt");
    return {TrialId{from.trial()}, Attempt{from.attempt()}};
  }

  Seq seq(std::int64_t value) {
    require(value >= 1, "a sequence number");
    return value;
  }

  Step step(std::int64_t value) {
    require(value >= 0, "a step");
    return value;
  }

  double seconds(double value) {
    require(std::isfinite(value) && value >= 0, "a time");
    return value;
  }

  const char* wrong() const { return wrong_; }

 private:
  const char* wrong_ = nullptr;
};

template <class Message, class Proto>
void take_who(Message& to, const Proto& from, Checker& check) {
  const AttemptKey key = check.who(from.has_who(), from.who());
  if constexpr (requires { to.log; }) {
    to.log.trial = key.trial;
    to.log.attempt = key.attempt;
  } else {
    to.trial = key.trial;
    to.attempt = key.attempt;
  }
}

CheckpointInfo take(proto::Checkpoint& from) {
  return {from.size(), std::move(*from.mutable_sha256()), from.external()};
}

Wait take(const proto::Wait& from, Checker& check) {
  if (from.has_step()) check.require(from.step() >= 0, "a wait point");
  return {from.has_step() ? from.step() : INT64_MAX, from.save()};
}

/// The bytes beside a message must be those its checkpoint names.
void check_bytes(const CheckpointInfo& info, const std::string& bytes, Checker& check) {
  check.require(info.external ? bytes.empty() : bytes.size() == info.size, "the size of a checkpoint");
}

Body take(proto::Hello& from, Checker& check) {
  Hello to;
  to.launch = std::move(*from.mutable_launch());
  to.worker = std::move(*from.mutable_worker());
  to.token = std::move(*from.mutable_token());
  to.resume_key = std::move(*from.mutable_resume_key());
  to.build = std::move(*from.mutable_build());
  to.host = std::move(*from.mutable_host());
  to.pid = from.pid();
  to.slots = from.slots();
  check.require(to.slots >= 1, "a number of slots");
  to.epoch_seen = from.epoch_seen();
  for (const auto& running : from.running()) {
    check.require(running.last_seq() >= 0, "a sequence number");
    to.running.push_back({check.who(running.has_who(), running.who()), running.last_seq()});
  }
  return to;
}

Body take(proto::Welcome& from, Checker& check) {
  Welcome to;
  to.epoch = from.epoch();
  to.lease_ms = from.lease_ms();
  to.heartbeat_ms = from.heartbeat_ms();
  check.require(to.lease_ms > 0 && to.heartbeat_ms > 0, "a lease");
  to.resume_key = std::move(*from.mutable_resume_key());
  for (const auto& known : from.attempts()) {
    check.require(known.last_seq() >= 0, "a sequence number");
    to.attempts.push_back({check.who(known.has_who(), known.who()), known.last_seq(), known.fence()});
  }
  return to;
}

Body take(proto::Loaded& from, Checker& check) {
  if (!from.ok()) {
    const auto code = check.enumerator(from.error_code(), ErrorCode::kInternal, "an error code");
    return Loaded{fail(code, std::move(*from.mutable_error()), std::move(*from.mutable_hint()))};
  }
  TrainableInfo info;
  info.name = std::move(*from.mutable_name());
  for (auto& parameter : *from.mutable_parameters()) {
    const auto kind = check.enumerator(parameter.kind(), TrainableInfo::Param::Kind::kBool, "a kind of parameter");
    info.parameters.push_back({std::move(*parameter.mutable_name()), parameter.required(), kind});
  }
  info.any_parameters = from.any_parameters();
  info.numbered_parameters = from.numbered_parameters();
  info.can_save = from.can_save();
  info.can_reset = from.can_reset();
  info.has_end = from.has_end();
  for (auto& metric : *from.mutable_metrics()) info.metrics.push_back(std::move(metric));
  info.isolation = check.enumerator(from.isolation(), Isolation::kThread, "an isolation");
  return Loaded{std::move(info)};
}

Body take(proto::Assign& from, Checker& check) {
  Assign to;
  take_who(to, from, check);
  to.trial_name = std::move(*from.mutable_trial_name());
  to.config_json = std::move(*from.mutable_config_json());
  to.seed = from.seed();
  to.start_step = check.step(from.start_step());
  to.elapsed = check.seconds(from.elapsed());
  if (from.has_checkpoint()) to.checkpoint = take(*from.mutable_checkpoint());
  to.checkpoint_id = CheckpointId{from.checkpoint_id()};
  to.checkpoint_bytes = std::move(*from.mutable_checkpoint_bytes());
  if (to.checkpoint) check_bytes(*to.checkpoint, to.checkpoint_bytes, check);
  to.wait = take(from.wait(), check);
  to.every = from.every();
  to.at_end = from.at_end();
  if (from.has_stop_time()) to.stop_time = check.seconds(from.stop_time());
  if (from.limits().has_time()) to.limits.time = check.seconds(from.limits().time());
  if (from.limits().has_silence()) to.limits.silence = check.seconds(from.limits().silence());
  if (from.limits().has_output()) to.limits.output = from.limits().output();
  to.resources = {check.seconds(from.resources().cpu()), check.seconds(from.resources().gpu()),
                  from.resources().memory()};
  to.slots = from.slots() == 0 ? 1 : from.slots();
  check.require(to.slots >= 1, "a number of slots");
  return to;
}

Body take(proto::Started& from, Checker& check) {
  Started to;
  take_who(to, from, check);
  to.pid = from.pid();
  return to;
}

Body take(proto::Report& from, Checker& check) {
  ReportMessage to;
  take_who(to, from, check);
  to.log.seq = check.seq(from.seq());
  to.log.step = check.step(from.step());
  to.log.elapsed = check.seconds(from.elapsed());
  check.require(from.name_size() == from.value_size(), "a list of metrics");
  if (!check.wrong()) {
    to.log.metrics.reserve(static_cast<std::size_t>(from.name_size()));
    for (int i = 0; i < from.name_size(); ++i)
      to.log.metrics.emplace_back(std::move(*from.mutable_name(i)), from.value(i));
  }
  to.log.extra = std::move(*from.mutable_extra());
  to.waits = from.waits();
  to.checkpoint_bytes = std::move(*from.mutable_checkpoint_bytes());
  if (from.has_checkpoint()) {
    to.log.checkpoint = take(*from.mutable_checkpoint());
    check_bytes(*to.log.checkpoint, to.checkpoint_bytes, check);
  }
  return to;
}

Body take(proto::Saved& from, Checker& check) {
  SavedMessage to;
  take_who(to, from, check);
  to.log.seq = check.seq(from.seq());
  to.log.step = check.step(from.step());
  to.log.elapsed = check.seconds(from.elapsed());
  check.require(from.has_checkpoint(), "a saved checkpoint");
  to.log.checkpoint = take(*from.mutable_checkpoint());
  to.checkpoint_bytes = std::move(*from.mutable_checkpoint_bytes());
  check_bytes(to.log.checkpoint, to.checkpoint_bytes, check);
  return to;
}

Body take(proto::Done& from, Checker& check) {
  DoneMessage to;
  take_who(to, from, check);
  to.log.seq = check.seq(from.seq());
  to.log.how = check.enumerator(from.how(), EndKind::kFailed, "a kind of end");
  to.log.cause = check.enumerator(from.cause(), Cause::kLostWorker, "a cause");
  to.log.text = std::move(*from.mutable_text());
  to.log.code = from.code();
  to.log.elapsed = check.seconds(from.elapsed());
  to.output_head = std::move(*from.mutable_output_head());
  to.output_tail = std::move(*from.mutable_output_tail());
  to.output_bytes = from.output_bytes();
  to.cpu_seconds = check.seconds(from.cpu_seconds());
  to.max_rss = from.max_rss();
  return to;
}

Body take(proto::Lost& from, Checker& check) {
  LostMessage to;
  take_who(to, from, check);
  to.seq = check.seq(from.seq());
  to.why = std::move(*from.mutable_why());
  return to;
}

Body take(proto::Chunk& from, Checker& check) {
  Chunk to;
  take_who(to, from, check);
  to.seq = check.seq(from.seq());
  to.offset = from.offset();
  to.data = std::move(*from.mutable_data());
  check.require(!to.data.empty() && to.data.size() <= kMaxChunk, "the size of a chunk");
  return to;
}

Body take(proto::ChunkAck& from, Checker& check) {
  ChunkAck to;
  take_who(to, from, check);
  to.seq = check.seq(from.seq());
  to.received = from.received();
  return to;
}

Body take(proto::Fetch& from, Checker& check) {
  check.require(from.size() >= 1 && from.size() <= kMaxChunk, "the size of a chunk");
  return Fetch{CheckpointId{from.checkpoint_id()}, from.offset(), from.size()};
}

Body take(proto::Fetched& from, Checker& check) {
  check.require(from.data().size() <= kMaxChunk, "the size of a chunk");
  return Fetched{CheckpointId{from.checkpoint_id()}, from.offset(), std::move(*from.mutable_data()),
                 std::move(*from.mutable_error())};
}

Body take(proto::Ack& from, Checker& check) {
  Ack to;
  take_who(to, from, check);
  check.require(from.seq() >= 0, "a sequence number");
  to.seq = from.seq();
  to.verdict = check.enumerator(from.verdict(), Verdict::kStop, "a verdict");
  to.wait = take(from.wait(), check);
  return to;
}

Body take(proto::Resend& from, Checker& check) {
  Resend to;
  take_who(to, from, check);
  to.from_seq = check.seq(from.from_seq());
  return to;
}

Body take(proto::Fence& from, Checker& check) {
  Fence to;
  take_who(to, from, check);
  return to;
}

Body take(proto::Order& from, Checker& check) {
  Order to;
  take_who(to, from, check);
  to.kind = check.enumerator(from.kind(), OrderKind::kKill, "an order");
  to.grace = check.seconds(from.grace());
  to.reason = std::move(*from.mutable_reason());
  return to;
}

Body take(proto::Log& from, Checker& check) {
  const auto level = check.enumerator(from.level(), LogLine::Level::kError, "a level");
  return LogLine{level, std::move(*from.mutable_text())};
}

}  // namespace

Result<Body> from_proto(proto::Envelope& in) {
  using Case = proto::Envelope::BodyCase;
  Checker check;
  Body body;
  switch (in.body_case()) {
    case Case::kHello: body = take(*in.mutable_hello(), check); break;
    case Case::kWelcome: body = take(*in.mutable_welcome(), check); break;
    case Case::kReject: body = Reject{std::move(*in.mutable_reject()->mutable_text())}; break;
    case Case::kLoaded: body = take(*in.mutable_loaded(), check); break;
    case Case::kAssign: body = take(*in.mutable_assign(), check); break;
    case Case::kStarted: body = take(*in.mutable_started(), check); break;
    case Case::kReport: body = take(*in.mutable_report(), check); break;
    case Case::kSaved: body = take(*in.mutable_saved(), check); break;
    case Case::kDone: body = take(*in.mutable_done(), check); break;
    case Case::kLost: body = take(*in.mutable_lost(), check); break;
    case Case::kChunk: body = take(*in.mutable_chunk(), check); break;
    case Case::kChunkAck: body = take(*in.mutable_chunk_ack(), check); break;
    case Case::kFetch: body = take(*in.mutable_fetch(), check); break;
    case Case::kFetched: body = take(*in.mutable_fetched(), check); break;
    case Case::kAck: body = take(*in.mutable_ack(), check); break;
    case Case::kResend: body = take(*in.mutable_resend(), check); break;
    case Case::kFence: body = take(*in.mutable_fence(), check); break;
    case Case::kOrder: body = take(*in.mutable_order(), check); break;
    case Case::kHeartbeat: body = Heartbeat{in.heartbeat().n()}; break;
    case Case::kHeartbeatAck: body = HeartbeatAck{in.heartbeat_ack().n(), in.heartbeat_ack().epoch()}; break;
    case Case::kDrain: body = Drain{std::move(*in.mutable_drain()->mutable_reason())}; break;
    case Case::kGoodbye: body = Goodbye{std::move(*in.mutable_goodbye()->mutable_reason())}; break;
    case Case::kLog: body = take(*in.mutable_log(), check); break;
    case Case::BODY_NOT_SET: return fail(ErrorCode::kDamaged, "a message of a kind that is unknown here");
  }
  if (check.wrong()) return fail(ErrorCode::kDamaged, fmt::format("a message with {} that cannot be", check.wrong()));
  return body;
}

}  // namespace tune::wire

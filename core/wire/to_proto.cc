// Plain structs to generated classes.

#include "core/wire/convert.h"

namespace tune::wire {
namespace {

template <class Message>
void set_who(const Message& from, proto::Attempt* to) {
  const AttemptKey key = key_of(from);
  to->set_trial(key.trial.value);
  to->set_attempt(key.attempt.value);
}

void set_who(const AttemptKey& key, proto::Attempt* to) {
  to->set_trial(key.trial.value);
  to->set_attempt(key.attempt.value);
}

void set(const CheckpointInfo& from, proto::Checkpoint* to) {
  to->set_size(from.size);
  to->set_sha256(from.sha256);
  to->set_external(from.external);
}

void set(const Wait& from, proto::Wait* to) {
  if (from.step != INT64_MAX) to->set_step(from.step);
  to->set_save(from.save);
}

void set(const Limits& from, proto::Limits* to) {
  if (from.time) to->set_time(*from.time);
  if (from.silence) to->set_silence(*from.silence);
  if (from.output) to->set_output(*from.output);
}

void set(const Resources& from, proto::Resources* to) {
  to->set_cpu(from.cpu);
  to->set_gpu(from.gpu);
  to->set_memory(from.memory);
}

struct ToProto {
  proto::Envelope& out;

  void operator()(const Hello& from) const {
    auto* to = out.mutable_hello();
    to->set_launch(from.launch);
    to->set_worker(from.worker);
    to->set_token(from.token);
    to->set_resume_key(from.resume_key);
    to->set_build(from.build);
    to->set_host(from.host);
    to->set_pid(from.pid);
    to->set_slots(from.slots);
    to->set_epoch_seen(from.epoch_seen);
    for (const auto& running : from.running) {
      auto* entry = to->add_running();
      set_who(running.who, entry->mutable_who());
      entry->set_last_seq(running.last_seq);
    }
  }

  void operator()(const Welcome& from) const {
    auto* to = out.mutable_welcome();
    to->set_epoch(from.epoch);
    to->set_lease_ms(from.lease_ms);
    to->set_heartbeat_ms(from.heartbeat_ms);
    to->set_resume_key(from.resume_key);
    for (const auto& known : from.attempts) {
      auto* entry = to->add_attempts();
      set_who(known.who, entry->mutable_who());
      entry->set_last_seq(known.last_seq);
      entry->set_fence(known.fence);
    }
  }

  void operator()(const Reject& from) const { out.mutable_reject()->set_text(from.text); }

  void operator()(const Loaded& from) const {
    auto* to = out.mutable_loaded();
    to->set_ok(from.info.has_value());
    if (!from.info) {
      to->set_error_code(static_cast<std::uint32_t>(from.info.error().code));
      to->set_error(from.info.error().message);
      to->set_hint(from.info.error().hint);
      return;
    }
    const TrainableInfo& info = *from.info;
    to->set_name(info.name);
    for (const auto& parameter : info.parameters) {
      auto* entry = to->add_parameters();
      entry->set_name(parameter.name);
      entry->set_required(parameter.required);
      entry->set_kind(static_cast<std::uint32_t>(parameter.kind));
    }
    to->set_any_parameters(info.any_parameters);
    to->set_numbered_parameters(info.numbered_parameters);
    to->set_can_save(info.can_save);
    to->set_can_reset(info.can_reset);
    to->set_has_end(info.has_end);
    for (const auto& metric : info.metrics) to->add_metrics(metric);
    to->set_isolation(static_cast<std::uint32_t>(info.isolation));
  }

  void operator()(const Assign& from) const {
    auto* to = out.mutable_assign();
    set_who(from, to->mutable_who());
    to->set_trial_name(from.trial_name);
    to->set_config_json(from.config_json);
    to->set_seed(from.seed);
    to->set_start_step(from.start_step);
    to->set_elapsed(from.elapsed);
    if (from.checkpoint) set(*from.checkpoint, to->mutable_checkpoint());
    to->set_checkpoint_id(from.checkpoint_id.value);
    to->set_checkpoint_bytes(from.checkpoint_bytes);
    set(from.wait, to->mutable_wait());
    to->set_every(from.every);
    to->set_at_end(from.at_end);
    if (from.stop_time) to->set_stop_time(*from.stop_time);
    set(from.limits, to->mutable_limits());
    set(from.resources, to->mutable_resources());
    if (from.slots != 1) to->set_slots(from.slots);
  }

  void operator()(const Started& from) const {
    auto* to = out.mutable_started();
    set_who(from, to->mutable_who());
    to->set_pid(from.pid);
  }

  void operator()(const ReportMessage& from) const {
    auto* to = out.mutable_report();
    set_who(from, to->mutable_who());
    to->set_seq(from.log.seq);
    to->set_step(from.log.step);
    to->set_elapsed(from.log.elapsed);
    for (const auto& [name, value] : from.log.metrics) {
      to->add_name(name);
      to->add_value(value);
    }
    to->set_extra(from.log.extra);
    if (from.log.checkpoint) set(*from.log.checkpoint, to->mutable_checkpoint());
    to->set_waits(from.waits);
    to->set_checkpoint_bytes(from.checkpoint_bytes);
  }

  void operator()(const SavedMessage& from) const {
    auto* to = out.mutable_saved();
    set_who(from, to->mutable_who());
    to->set_seq(from.log.seq);
    to->set_step(from.log.step);
    to->set_elapsed(from.log.elapsed);
    set(from.log.checkpoint, to->mutable_checkpoint());
    to->set_checkpoint_bytes(from.checkpoint_bytes);
  }

  void operator()(const DoneMessage& from) const {
    auto* to = out.mutable_done();
    set_who(from, to->mutable_who());
    to->set_seq(from.log.seq);
    to->set_how(static_cast<std::uint32_t>(from.log.how));
    to->set_cause(static_cast<std::uint32_t>(from.log.cause));
    to->set_text(from.log.text);
    to->set_code(from.log.code);
    to->set_elapsed(from.log.elapsed);
    to->set_output_head(from.output_head);
    to->set_output_tail(from.output_tail);
    to->set_output_bytes(from.output_bytes);
    to->set_cpu_seconds(from.cpu_seconds);
    to->set_max_rss(from.max_rss);
  }

  void operator()(const LostMessage& from) const {
    auto* to = out.mutable_lost();
    set_who(from, to->mutable_who());
    to->set_seq(from.seq);
    to->set_why(from.why);
  }

  void operator()(const Chunk& from) const {
    auto* to = out.mutable_chunk();
    set_who(from, to->mutable_who());
    to->set_seq(from.seq);
    to->set_offset(from.offset);
    to->set_data(from.data);
  }

  void operator()(const ChunkAck& from) const {
    auto* to = out.mutable_chunk_ack();
    set_who(from, to->mutable_who());
    to->set_seq(from.seq);
    to->set_received(from.received);
  }

  void operator()(const Fetch& from) const {
    auto* to = out.mutable_fetch();
    to->set_checkpoint_id(from.checkpoint.value);
    to->set_offset(from.offset);
    to->set_size(from.size);
  }

  void operator()(const Fetched& from) const {
    auto* to = out.mutable_fetched();
    to->set_checkpoint_id(from.checkpoint.value);
    to->set_offset(from.offset);
    to->set_data(from.data);
    to->set_error(from.error);
  }

  void operator()(const Ack& from) const {
    auto* to = out.mutable_ack();
    set_who(from, to->mutable_who());
    to->set_seq(from.seq);
    to->set_verdict(static_cast<std::uint32_t>(from.verdict));
    set(from.wait, to->mutable_wait());
  }

  void operator()(const Resend& from) const {
    auto* to = out.mutable_resend();
    set_who(from, to->mutable_who());
    to->set_from_seq(from.from_seq);
  }

  void operator()(const Fence& from) const { set_who(from, out.mutable_fence()->mutable_who()); }

  void operator()(const Order& from) const {
    auto* to = out.mutable_order();
    set_who(from, to->mutable_who());
    to->set_kind(static_cast<std::uint32_t>(from.kind));
    to->set_grace(from.grace);
    to->set_reason(from.reason);
  }

  void operator()(const Heartbeat& from) const { out.mutable_heartbeat()->set_n(from.n); }

  void operator()(const HeartbeatAck& from) const {
    out.mutable_heartbeat_ack()->set_n(from.n);
    out.mutable_heartbeat_ack()->set_epoch(from.epoch);
  }

  void operator()(const Drain& from) const { out.mutable_drain()->set_reason(from.reason); }
  void operator()(const Goodbye& from) const { out.mutable_goodbye()->set_reason(from.reason); }

  void operator()(const LogLine& from) const {
    out.mutable_log()->set_level(static_cast<std::uint32_t>(from.level));
    out.mutable_log()->set_text(from.text);
  }
};

}  // namespace

void to_proto(const Body& body, proto::Envelope& out) { std::visit(ToProto{out}, body); }

}  // namespace tune::wire

// Assignments, answers and messages without a checkpoint apart; those with one are in worker_peer_checkpoints.cc.

#include "core/runtime/worker_peer.h"

#include <algorithm>

namespace tune {

WorkerPeer::WorkerPeer(Workers::Handler& handler, CheckpointChannel& channel, Events events)
    : handler_(handler), channel_(channel), events_(std::move(events)) {}

WorkerPeer::~WorkerPeer() { *alive_ = false; }

// --- the connection -------------------------------------------------------------------------------------------------

void WorkerPeer::attach(std::shared_ptr<FrameSink> link, const wire::Hello& hello, std::uint64_t hello_id,
                        wire::Welcome welcome) {
  detach();
  link_ = std::move(link);
  std::set<Key> held;
  welcome.attempts.reserve(hello.running.size());
  for (const auto& running : hello.running) {
    Record* record = find(running.who);
    welcome.attempts.push_back({running.who, record ? record->received : 0, record == nullptr});
    if (record) held.insert(running.who);
  }
  link_->send(std::move(welcome), hello_id);

  std::vector<std::pair<std::uint64_t, Key>> in_order;
  in_order.reserve(records_.size());
  for (const auto& [key, record] : records_) in_order.emplace_back(record.number, key);
  std::sort(in_order.begin(), in_order.end());
  for (const auto& [number, key] : in_order) {
    Record* const record = find(key);
    if (!record) continue;
    if (held.contains(key)) {
      record->assign.reset();
      if (record->ack) push_ack(*record, *record->ack);
    } else if (record->assign) {
      send(*record->assign);
    } else if (record->end == 0) {
      deliver_lost(key, "its worker knows nothing of it any more");
      continue;
    }
    if (record->order) send(*record->order);
  }
}

void WorkerPeer::detach() {
  link_.reset();
  pending_acks_.clear();
  for (auto& [key, record] : records_) {
    drop_upload(record);
    record.pending_ack = SIZE_MAX;
  }
}

void WorkerPeer::send(const wire::Body& body) {
  if (link_) link_->send(body);
}

void WorkerPeer::push_ack(Record& record, const Ack& ack) {
  if (!link_) return;
  if (record.pending_ack < pending_acks_.size()) {
    pending_acks_[record.pending_ack] = ack;
    return;
  }
  record.pending_ack = pending_acks_.size();
  pending_acks_.push_back(ack);
  link_->write_soon();
}

void WorkerPeer::send_acknowledgements() {
  if (pending_acks_.empty()) return;
  std::vector<Ack> acks;
  acks.swap(pending_acks_);
  for (const Ack& ack : acks) {
    if (Record* record = find(wire::key_of(ack))) record->pending_ack = SIZE_MAX;
    send(ack);
  }
}

// --- what the controller says ---------------------------------------------------------------------------------------

void WorkerPeer::assign(Assign assign) {
  const Key key = wire::key_of(assign);
  Record& record = records_[key];
  record.number = next_number_++;
  record.assign = std::move(assign);
  send(*record.assign);
}

void WorkerPeer::inherit(const Key& key, Seq last_seq) {
  Record& record = records_[key];
  record.number = next_number_++;
  record.received = record.delivered = last_seq;
}

void WorkerPeer::acknowledge(const Ack& ack) {
  const Key key = wire::key_of(ack);
  Record* const record = find(key);
  if (!record) return;
  Ack known = ack;
  known.seq = std::min(ack.seq, record->delivered);  // of what has not come nobody can say that it is safe
  record->ack = known;
  push_ack(*record, known);
  if (record->end != 0 && known.seq >= record->end) erase(key);
}

void WorkerPeer::order(const Order& order) {
  Record* const record = find(wire::key_of(order));
  if (!record || record->end != 0) return;
  if (order.kind != OrderKind::kSave) record->order = order;  // to save is said once
  send(order);
}

void WorkerPeer::lose_all(const std::string& why) {
  detach();
  std::vector<Key> keys;
  keys.reserve(records_.size());
  for (const auto& [key, record] : records_) keys.push_back(key);
  std::vector<std::pair<TrialId, Attempt>> now;
  for (const Key& key : keys) {
    Record& record = records_.at(key);
    if (record.end != 0) {
      if (record.waiting.empty())
        erase(key);
      else
        record.lost_why = why;  // should its checkpoint not be stored after all
      continue;
    }
    if (!record.waiting.empty()) {
      deliver_lost(key, why);
      continue;
    }
    erase(key);
    now.emplace_back(key.trial, key.attempt);
  }
  if (!now.empty()) handler_.on_lost(std::move(now), why);
}

void WorkerPeer::deliver_lost(const Key& key, std::string why) {
  Record* const record = find(key);
  if (!record) return;
  record->lost_why = why;
  record->end = ++record->received;
  record->waiting.push_back({wire::LostMessage{key.trial, key.attempt, record->end, std::move(why)}, record->end});
  deliver(key);
}

// --- what the worker says -------------------------------------------------------------------------------------------

WorkerPeer::Record* WorkerPeer::find(const Key& key) {
  const auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

void WorkerPeer::erase(const Key& key) {
  if (Record* record = find(key)) drop_upload(*record);
  records_.erase(key);
}

void WorkerPeer::receive(wire::Envelope envelope) {
  wire::Body& body = envelope.body;
  if (auto* report = std::get_if<ReportMessage>(&body)) {
    const Seq seq = report->log.seq;
    receive_numbered(std::move(*report), seq);
  } else if (auto* done = std::get_if<DoneMessage>(&body)) {
    const Seq seq = done->log.seq;
    receive_numbered(std::move(*done), seq);
  } else if (auto* saved = std::get_if<SavedMessage>(&body)) {
    const Seq seq = saved->log.seq;
    receive_numbered(std::move(*saved), seq);
  } else if (auto* lost = std::get_if<wire::LostMessage>(&body)) {
    const Seq seq = lost->seq;
    receive_numbered(std::move(*lost), seq);
  } else if (auto* chunk = std::get_if<wire::Chunk>(&body)) {
    receive_chunk(std::move(*chunk));
  } else if (const auto* fetch = std::get_if<wire::Fetch>(&body)) {
    receive_fetch(*fetch);
  } else if (const auto* started = std::get_if<Started>(&body)) {
    receive_started(*started);
  } else if (auto* loaded = std::get_if<wire::Loaded>(&body)) {
    events_.loaded(std::move(loaded->info));
  } else if (auto* line = std::get_if<wire::LogLine>(&body)) {
    events_.log(std::move(*line));
  } else if (auto* drain = std::get_if<wire::Drain>(&body)) {
    events_.drained(std::move(drain->reason));
  }  // anything else is the controller's to say, and ignored
}

void WorkerPeer::receive_started(const Started& started) {
  Record* const record = find(wire::key_of(started));
  if (!record || record->end != 0) return;
  record->assign.reset();
  handler_.on_message(started, 0);
}

template <class Message>
void WorkerPeer::receive_numbered(Message message, Seq seq) {
  constexpr bool kIsEnd = std::is_same_v<Message, DoneMessage> || std::is_same_v<Message, wire::LostMessage>;
  const Key key = wire::key_of(message);
  Record* const record = find(key);
  if (!record) return send(wire::Fence{key.trial, key.attempt});
  record->assign.reset();
  if (seq <= record->received) {  // a repeat: the same answer, if it was answered
    if (record->ack && record->ack->seq >= seq) push_ack(*record, *record->ack);
    return;
  }
  // What the store has refused is asked for after a rest, and whatever follows it in the stream comes again then.
  const auto ask_again = [&, rests = record->refused == record->received + 1](Seq from) {
    if (!rests) send(wire::Resend{key.trial, key.attempt, from});
  };
  if (seq > record->received + 1) return ask_again(record->received + 1);
  if (record->end != 0) return;

  const CheckpointInfo* large = nullptr;
  if constexpr (std::is_same_v<Message, ReportMessage>) {
    if (message.log.checkpoint && message.log.checkpoint->external) large = &*message.log.checkpoint;
  } else if constexpr (std::is_same_v<Message, SavedMessage>) {
    if (message.log.checkpoint.external) large = &message.log.checkpoint;
  }
  if (large && (!record->upload || record->upload->seq != seq || record->upload->received != large->size)) {
    drop_upload(*record);
    return ask_again(seq);
  }
  record->received = seq;
  if (kIsEnd) record->end = seq;
  const bool is_large = large != nullptr;
  record->waiting.push_back({std::move(message), seq, 0, true});
  if (is_large) finish_upload(key, *record, record->waiting.back());
  deliver(key);
}

void WorkerPeer::deliver(const Key& key) {
  while (Record* const record = find(key)) {  // the handler may answer at once, which may end the record
    if (!*alive_ || record->waiting.empty() || !record->waiting.front().ready) return;
    Item item = std::move(record->waiting.front());
    record->waiting.pop_front();
    record->delivered = item.seq;
    const bool ends = item.seq == record->end;
    if (auto* lost = std::get_if<wire::LostMessage>(&item.message)) {
      handler_.on_lost({{key.trial, key.attempt}}, std::move(lost->why));
    } else {
      events_.progress();
      handler_.on_message(std::move(std::get<WorkerMessage>(item.message)), item.large);
    }
    if (ends && !link_) return erase(key);  // there is no worker any more that could be told
  }
}

}  // namespace tune

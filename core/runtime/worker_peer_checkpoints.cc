// Large checkpoints: chunks from a worker to the store, with flow control, and bytes of stored ones to a worker.

#include <algorithm>
#include <utility>

#include "core/runtime/worker_peer.h"

namespace tune {
namespace {

/// Seconds, after a store that takes no checkpoint (full disk).
constexpr double kAskAgain = 1;

}  // namespace

void WorkerPeer::receive_chunk(wire::Chunk chunk) {
  const Key key = wire::key_of(chunk);
  Record* const record = find(key);
  if (!record) return send(wire::Fence{key.trial, key.attempt});
  if (chunk.seq != record->received + 1) return;  // of a message that has come: a repeat
  if (chunk.offset == 0) {
    drop_upload(*record);
    record->upload = Upload{next_channel_key_++, chunk.seq, 0};
  }
  if (!record->upload || record->upload->seq != chunk.seq || record->upload->received != chunk.offset) return;
  Upload& upload = *record->upload;
  upload.received += chunk.data.size();
  const std::uint64_t written = upload.received;
  channel_.write(
      upload.channel_key, std::move(chunk.data),
      [this, alive = alive_, key, channel_key = upload.channel_key, seq = chunk.seq, written](Result<void> done) {
        if (!*alive || !holds(key, channel_key)) return;
        if (!done) return retreat(key, seq, done.error());
        send(wire::ChunkAck{key.trial, key.attempt, seq, written});
      });
}

/// Whether the checkpoint under this key of the channel is still on its way, or its message waits.
bool WorkerPeer::holds(const Key& key, std::uint64_t channel_key) {
  const Record* const record = find(key);
  if (!record) return false;
  if (record->upload && record->upload->channel_key == channel_key) return true;
  return std::any_of(record->waiting.begin(), record->waiting.end(),
                     [&](const Item& item) { return item.large == channel_key; });
}

void WorkerPeer::drop_upload(Record& record) {
  if (!record.upload) return;
  channel_.abandon(record.upload->channel_key);
  record.upload.reset();
}

void WorkerPeer::finish_upload(const Key& key, Record& record, Item& item) {
  const std::uint64_t channel_key = record.upload->channel_key;
  record.upload.reset();  // from here on the item holds it
  item.large = channel_key;
  item.ready = false;
  channel_.finish(channel_key, [this, alive = alive_, key, channel_key](Result<CheckpointInfo> info) {
    if (*alive) on_finished(key, channel_key, std::move(info));
  });
}

void WorkerPeer::on_finished(const Key& key, std::uint64_t channel_key, Result<CheckpointInfo> info) {
  Record* const record = find(key);
  if (!record) return;
  for (Item& item : record->waiting) {
    if (item.large != channel_key) continue;
    if (!info) return retreat(key, item.seq, info.error());
    complaint_.clear();
    info->external = true;
    auto& message = std::get<WorkerMessage>(item.message);
    if (auto* report = std::get_if<ReportMessage>(&message)) report->log.checkpoint = *info;
    if (auto* saved = std::get_if<SavedMessage>(&message)) saved->log.checkpoint = *info;
    item.ready = true;
    return deliver(key);
  }
}

void WorkerPeer::retreat(const Key& key, Seq seq, const Error& why) {
  Record* const record = find(key);
  if (!record) return;
  drop_upload(*record);
  while (!record->waiting.empty() && record->waiting.back().seq >= seq) {
    if (record->waiting.back().large != 0) channel_.abandon(record->waiting.back().large);
    record->waiting.pop_back();
  }
  record->received = seq - 1;
  record->end = 0;
  if (!record->lost_why.empty()) return deliver_lost(key, record->lost_why);  // nobody is there to send it again
  if (why.code == ErrorCode::kDamaged) {
    return events_.drained(why.message +
                           "; no checkpoint can be stored there. Once that file is moved away, trials whose "
                           "checkpoints lie in it go on from earlier ones, or start again");
  }
  if (std::exchange(complaint_, why.message) != why.message) {
    events_.log({wire::LogLine::Level::kWarning, "a checkpoint cannot be stored, trying again: " + why.message});
  }
  record->refused = seq;
  events_.later(kAskAgain, [this, alive = alive_, key, seq] {
    if (!*alive) return;
    Record* const owner = find(key);
    if (!owner) return;
    if (owner->refused == seq) owner->refused = 0;
    if (owner->received == seq - 1 && !owner->upload) send(wire::Resend{key.trial, key.attempt, seq});
  });
}

void WorkerPeer::receive_fetch(const wire::Fetch& fetch) {
  channel_.read(fetch.checkpoint, fetch.offset, fetch.size, [this, alive = alive_, fetch](Result<std::string> bytes) {
    if (!*alive) return;
    wire::Fetched answer{fetch.checkpoint, fetch.offset, {}, {}};
    if (bytes) {
      answer.data = *std::move(bytes);
    } else {
      answer.error = bytes.error().message.empty() ? "it cannot be read" : bytes.error().message;
    }
    send(answer);
  });
}

}  // namespace tune

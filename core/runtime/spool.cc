#include "core/runtime/spool.h"

#include <unistd.h>

#include <algorithm>

namespace tune {

Result<void> Spool::add(const Key& key, Seq seq, const wire::Body& message, bool ends, Fd checkpoint,
                        std::uint64_t size) {
  Entry entry;
  entry.seq = seq;
  if (auto encoded = wire::append_frame(entry.frame, message); !encoded) return encoded;
  entry.checkpoint = std::move(checkpoint);
  entry.size = entry.checkpoint ? size : 0;
  Stream& stream = streams_[key];
  stream.last = seq;
  stream.ends = ends;
  stream.bytes += entry.bytes();
  bytes_ += entry.bytes();
  stream.entries.push_back(std::move(entry));
  make_ready(key, stream);
  return {};
}

void Spool::make_ready(const Key& key, Stream& stream) {
  if (stream.queued || stream.next >= stream.entries.size()) return;
  stream.queued = true;
  ready_.push_back(key);
}

void Spool::pump(FrameSink& sink) {
  for (std::size_t rounds = ready_.size(); rounds > 0 && sink.wants_more(); --rounds) {
    const Key key = ready_.front();
    ready_.pop_front();
    const auto found = streams_.find(key);
    if (found == streams_.end()) continue;
    Stream& stream = found->second;
    stream.queued = false;
    while (stream.next < stream.entries.size() && sink.wants_more()) {
      Entry& entry = stream.entries[stream.next];
      if (entry.checkpoint && !send_checkpoint(key, entry, sink)) break;
      sink.send_frame(entry.frame);
      ++stream.next;
    }
    make_ready(key, stream);
  }
}

bool Spool::send_checkpoint(const Key& key, Entry& entry, FrameSink& sink) {
  while (entry.sent < entry.size) {
    if (!sink.wants_more() || in_flight_ >= wire::kChunkWindow) return false;
    wire::Chunk chunk{key.trial, key.attempt, entry.seq, entry.sent, {}};
    chunk.data.resize(std::min<std::uint64_t>(chunk_, entry.size - entry.sent));
    const ssize_t got =
        ::pread(entry.checkpoint.get(), chunk.data.data(), chunk.data.size(), static_cast<off_t>(entry.sent));
    if (got <= 0) return false;  // cannot be: the file was measured, and memory is not read in vain
    chunk.data.resize(static_cast<std::size_t>(got));
    entry.sent += chunk.data.size();
    in_flight_ += chunk.data.size();
    sink.send(std::move(chunk));
  }
  return true;
}

void Spool::reset_checkpoint(Entry& entry) {
  in_flight_ -= entry.in_flight();
  entry.sent = entry.confirmed = 0;
}

void Spool::acknowledge(const Key& key, Seq seq) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  while (!stream.entries.empty() && stream.next > 0 && stream.entries.front().seq <= seq) {
    Entry& entry = stream.entries.front();
    reset_checkpoint(entry);
    stream.bytes -= entry.bytes();
    bytes_ -= entry.bytes();
    stream.entries.pop_front();
    --stream.next;
  }
  if (stream.entries.empty() && stream.ends) streams_.erase(found);
}

void Spool::acknowledge_chunks(const Key& key, Seq seq, std::uint64_t received) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;
  for (Entry& entry : found->second.entries) {
    if (entry.seq != seq) continue;
    in_flight_ -= entry.in_flight();
    entry.confirmed = std::clamp(received, entry.confirmed, entry.sent);
    in_flight_ += entry.in_flight();
  }
}

void Spool::rewind(const Key& key, Seq last_seq) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  stream.next = 0;
  for (Entry& entry : stream.entries) {
    reset_checkpoint(entry);
    if (entry.seq <= last_seq) ++stream.next;
  }
  make_ready(key, stream);
}

void Spool::forget(const Key& key) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;
  for (Entry& entry : found->second.entries) reset_checkpoint(entry);
  bytes_ -= found->second.bytes;
  streams_.erase(found);
}

bool Spool::is_full(const Key& key) const {
  if (bytes_ >= kMostOfAll) return true;
  const auto found = streams_.find(key);
  return found != streams_.end() && found->second.bytes >= kMostOfOne;
}

std::vector<std::pair<Spool::Key, Seq>> Spool::streams() const {
  std::vector<std::pair<Key, Seq>> all;
  all.reserve(streams_.size());
  for (const auto& [key, stream] : streams_) all.emplace_back(key, stream.last);
  return all;
}

}  // namespace tune

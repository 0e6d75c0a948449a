#include "experiments/store/blob_channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/store/database.h"

namespace tune {

// --- The loop's thread -----------------------------------------------------------------------------------------------

BlobChannel::BlobChannel(std::string path, ExperimentId experiment, std::string vfs, Post post,
                         std::map<CheckpointId, std::int64_t> stored, std::int64_t last_key)
    : path_(std::move(path)),
      experiment_(experiment),
      vfs_(std::move(vfs)),
      post_(std::move(post)),
      stored_(std::move(stored)),
      last_key_(last_key) {
  if (!file_exists(path_)) return;
  std::set<std::int64_t> alive;
  for (const auto& [id, key] : stored_) alive.insert(key);
  enqueue([this, alive = std::move(alive)] { sweep(alive); });
}

BlobChannel::~BlobChannel() { close(); }

void BlobChannel::close() {
  *open_ = false;
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BlobChannel::enqueue(std::function<void()> job) {
  {
    const std::lock_guard guard(mutex_);
    if (stop_) return;
    jobs_.push_back(std::move(job));
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  wake_.notify_one();
}

void BlobChannel::write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) {
  auto shared = std::make_shared<std::string>(std::move(bytes));
  enqueue([this, key, shared, done = std::move(done)]() mutable {
    answer<void>(std::move(done), take(key, std::move(*shared)));
  });
}

void BlobChannel::finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) {
  enqueue([this, key, done = std::move(done)]() mutable {
    std::int64_t stored_key = 0;
    auto info = complete(key, stored_key);
    // The key is known to the loop before the one who asked hears of it, and on the loop's own thread.
    std::function<void(Result<CheckpointInfo>)> known = [this, key, stored_key,
                                                         done = std::move(done)](Result<CheckpointInfo> result) {
      if (result) finished_[key] = stored_key;
      done(std::move(result));
    };
    answer<CheckpointInfo>(std::move(known), std::move(info));
  });
}

void BlobChannel::abandon(std::uint64_t key) {
  if (const auto found = finished_.find(key); found != finished_.end()) {
    const std::int64_t stored_key = found->second;
    finished_.erase(found);
    enqueue([this, stored_key] { remove_bytes(stored_key); });
    return;
  }
  enqueue([this, key] { drop(key); });
}

void BlobChannel::read(CheckpointId id, std::uint64_t offset, std::size_t size,
                       std::function<void(Result<std::string>)> done) {
  const auto found = stored_.find(id);
  const std::optional<std::int64_t> key = found == stored_.end() ? std::nullopt : std::optional(found->second);
  enqueue([this, id, key, offset, size, done = std::move(done)]() mutable {
    answer<std::string>(std::move(done),
                        key ? fetch(*key, offset, size)
                            : fail(ErrorCode::kNotFound, fmt::format("checkpoint {} is not in {}", id.value, path_)));
  });
}

std::optional<std::int64_t> BlobChannel::finished(std::uint64_t key) const {
  const auto found = finished_.find(key);
  if (found == finished_.end()) return std::nullopt;
  return found->second;
}

void BlobChannel::link(CheckpointId id, std::uint64_t key) {
  const auto found = finished_.find(key);
  if (found == finished_.end()) return;
  stored_[id] = found->second;
  finished_.erase(found);
}

void BlobChannel::release(CheckpointId id) {
  const auto found = stored_.find(id);
  if (found == stored_.end()) return;
  const std::int64_t key = found->second;
  stored_.erase(found);
  enqueue([this, key] { remove_bytes(key); });
}

// --- The writer's thread ---------------------------------------------------------------------------------------------

void BlobChannel::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (jobs_.empty()) break;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
  }
  file_.reset();
}

template <class T>
void BlobChannel::answer(std::function<void(Result<T>)> done, Result<T> result) {
  if (!post_) return;
  post_([open = open_, done = std::move(done), result = std::move(result)]() mutable {
    if (*open) done(std::move(result));
  });
}

Result<BlobFile*> BlobChannel::file(bool create) {
  if (file_ && !file_exists(path_)) {  // somebody deleted it: what was written to it is gone
    file_.reset();
    for (auto& [key, f] : flights_) {
      if (f.next_position > 0) f.failed = Error{ErrorCode::kNotFound, path_ + " was deleted", {}};
    }
  }
  if (file_) return &*file_;
  auto opened = BlobFile::open(path_, experiment_, create, vfs_);
  if (!opened) return pass_on(std::move(opened));
  if (!last_key_is_known_) {
    auto last = opened->last_key();
    if (!last) return pass_on(std::move(last));
    last_key_ = std::max(last_key_, *last);
    last_key_is_known_ = true;
  }
  file_ = *std::move(opened);
  return &*file_;
}

Result<BlobChannel::Flight*> BlobChannel::flight(std::uint64_t key) {
  if (const auto found = flights_.find(key); found != flights_.end()) return &found->second;
  auto ready = file(true);
  if (!ready) return pass_on(std::move(ready));
  Flight& fresh = flights_[key];
  fresh.stored_key = ++last_key_;
  return &fresh;
}

Result<void> BlobChannel::take(std::uint64_t key, std::string bytes) {
  auto found = flight(key);
  if (!found) return pass_on(std::move(found));
  Flight& f = **found;
  if (f.failed) return tl::unexpected<Error>(*f.failed);
  f.hash.update(bytes);
  f.size += bytes.size();
  const auto add = [&](std::string chunk) {
    pending_bytes_ += chunk.size();
    pending_.push_back({f.stored_key, f.next_position++, std::move(chunk)});
  };
  if (f.buffer.empty() && bytes.size() == BlobFile::kChunk) {
    add(std::move(bytes));
  } else {
    f.buffer += bytes;
    while (f.buffer.size() >= BlobFile::kChunk) {
      add(f.buffer.substr(0, BlobFile::kChunk));
      f.buffer.erase(0, BlobFile::kChunk);
      if (pending_bytes_ < BlobFile::kTransaction) continue;
      auto flushed = flush(std::nullopt);
      if (!flushed) return flushed;
    }
  }
  return pending_bytes_ >= BlobFile::kTransaction ? flush(std::nullopt) : Result<void>();
}

Result<CheckpointInfo> BlobChannel::complete(std::uint64_t key, std::int64_t& stored_key) {
  auto found = flight(key);
  if (!found) return pass_on(std::move(found));
  Flight& f = **found;
  stored_key = f.stored_key;
  Result<void> written;
  CheckpointInfo info;
  if (f.failed) {
    written = tl::unexpected<Error>(*f.failed);
  } else {
    if (!f.buffer.empty()) {
      pending_bytes_ += f.buffer.size();
      pending_.push_back({f.stored_key, f.next_position++, std::move(f.buffer)});
    }
    info = {f.size, f.hash.hex(), true};
    written = flush(BlobFile::Finished{f.stored_key, info.size, info.sha256});
  }
  if (!written) {
    drop(key);
    return pass_on(std::move(written));
  }
  flights_.erase(key);
  return info;
}

/// Nothing of a transaction that failed is stored: every checkpoint that had a part in it is spoilt.
Result<void> BlobChannel::flush(const std::optional<BlobFile::Finished>& finished) {
  auto ready = file(true);
  Result<void> written = ready ? (*ready)->write(pending_, finished) : pass_on(std::move(ready));
  if (!written) {
    file_.reset();  // opened again by the next one: a handle whose sync failed is not to be trusted
    for (auto& [key, f] : flights_) {
      const auto has_part = [&](const BlobFile::Chunk& chunk) { return chunk.key == f.stored_key; };
      if (std::ranges::any_of(pending_, has_part)) f.failed = written.error();
    }
  }
  pending_.clear();
  pending_bytes_ = 0;
  return written;
}

void BlobChannel::drop(std::uint64_t key) {
  const auto found = flights_.find(key);
  if (found == flights_.end()) return;
  const Flight& f = found->second;
  std::erase_if(pending_, [&](const BlobFile::Chunk& chunk) { return chunk.key == f.stored_key; });
  pending_bytes_ = 0;
  for (const BlobFile::Chunk& chunk : pending_) pending_bytes_ += chunk.bytes.size();
  if (f.next_position > 0) remove_bytes(f.stored_key);
  flights_.erase(found);
}

Result<std::string> BlobChannel::fetch(std::int64_t stored_key, std::uint64_t offset, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    const std::uint64_t at = offset + out.size();
    auto& last = last_read_;
    if (last.key != stored_key || at < last.offset || at >= last.offset + last.bytes.size()) {
      auto ready = file(false);
      if (!ready) return pass_on(std::move(ready));
      const std::uint64_t begin = at / BlobFile::kChunk * BlobFile::kChunk;
      auto bytes = (*ready)->read(stored_key, begin);
      if (!bytes) return bytes;
      last = {stored_key, begin, *std::move(bytes)};
      if (at >= last.offset + last.bytes.size()) break;  // the end
    }
    out += std::string_view(last.bytes).substr(at - last.offset, size - out.size());
  }
  return out;
}

// What cannot be removed now is an orphan, which the next start of the experiment sweeps.
void BlobChannel::remove_bytes(std::int64_t stored_key) {
  if (last_read_.key == stored_key) last_read_ = {};
  auto ready = file(false);
  if (ready && !(*ready)->remove(stored_key)) file_.reset();
}

void BlobChannel::sweep(const std::set<std::int64_t>& alive) {
  auto ready = file(false);
  if (ready && !(*ready)->sweep(alive)) file_.reset();
}

}  // namespace tune

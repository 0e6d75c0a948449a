#include "trainables/run/checkpoints.h"

#include <fmt/format.h>

#include <utility>

#include "core/sha256.h"

namespace tune {
namespace {

/// What goes through the channel at once.
constexpr std::size_t kChunk = 1u << 20;

}  // namespace

CheckpointInfo checkpoint_info(std::string_view bytes) {
  const bool small = bytes.size() <= kMaxInline;
  return {bytes.size(), small ? sha256_hex(bytes) : std::string(), false};
}

std::string* checkpoint_bytes(WorkerMessage& message) {
  if (auto* report = std::get_if<ReportMessage>(&message)) return &report->checkpoint_bytes;
  if (auto* saved = std::get_if<SavedMessage>(&message)) return &saved->checkpoint_bytes;
  return nullptr;
}

bool name_stored(WorkerMessage& message, const Result<CheckpointInfo>& info) {
  checkpoint_bytes(message)->clear();
  if (auto* report = std::get_if<ReportMessage>(&message)) {
    report->log.checkpoint = info ? std::optional(*info) : std::nullopt;
    return true;
  }
  if (info) std::get<SavedMessage>(message).log.checkpoint = *info;
  return info.has_value();
}

struct CheckpointCarrier::Upload {
  std::shared_ptr<State> state;
  std::string bytes;
  std::size_t offset = 0;
  std::uint64_t key = 0;
  std::function<void(Result<CheckpointInfo>, std::uint64_t)> done;
};

void CheckpointCarrier::store(std::string bytes, std::function<void(Result<CheckpointInfo>, std::uint64_t)> done) {
  const std::uint64_t key = ++state_->last_key;
  go_on(std::make_shared<Upload>(Upload{state_, std::move(bytes), 0, key, std::move(done)}));
}

void CheckpointCarrier::go_on(const std::shared_ptr<Upload>& upload) {
  CheckpointChannel& channel = *upload->state->channel;
  if (upload->offset >= upload->bytes.size()) {
    channel.finish(upload->key, [upload](Result<CheckpointInfo> info) {
      if (upload->state->channel != nullptr) upload->done(std::move(info), upload->key);
    });
    return;
  }
  channel.write(upload->key, upload->bytes.substr(upload->offset, kChunk), [upload](Result<void> written) {
    if (upload->state->channel == nullptr) return;
    upload->offset += kChunk;
    if (written) return go_on(upload);
    upload->state->channel->abandon(upload->key);
    upload->done(tl::unexpected<Error>(written.error()), upload->key);
  });
}

struct CheckpointCarrier::Download {
  std::shared_ptr<State> state;
  CheckpointId id;
  std::uint64_t size = 0;
  std::string bytes;
  std::function<void(Result<std::string>)> done;
};

void CheckpointCarrier::fetch(CheckpointId id, std::uint64_t size, std::function<void(Result<std::string>)> done) {
  go_on(std::make_shared<Download>(Download{state_, id, size, {}, std::move(done)}));
}

void CheckpointCarrier::go_on(const std::shared_ptr<Download>& download) {
  download->state->channel->read(download->id, download->bytes.size(), kChunk, [download](Result<std::string> bytes) {
    if (download->state->channel == nullptr) return;
    if (!bytes) return download->done(std::move(bytes));
    download->bytes += *bytes;
    if (download->bytes.size() >= download->size) return download->done(std::move(download->bytes));
    if (!bytes->empty()) return go_on(download);
    download->done(fail(ErrorCode::kDamaged,
                        fmt::format("it has {} bytes instead of {}", download->bytes.size(), download->size)));
  });
}

}  // namespace tune

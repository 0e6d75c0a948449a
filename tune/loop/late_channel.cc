#include "tune/loop/late_channel.h"

namespace tune {

void LateChannel::write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) {
  channel_->write(key, std::move(bytes), std::move(done));
}
void LateChannel::finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) {
  channel_->finish(key, std::move(done));
}
void LateChannel::abandon(std::uint64_t key) {
  if (channel_ != nullptr) channel_->abandon(key);
}
void LateChannel::read(CheckpointId id, std::uint64_t offset, std::size_t size,
                       std::function<void(Result<std::string>)> done) {
  channel_->read(id, offset, size, std::move(done));
}

}  // namespace tune

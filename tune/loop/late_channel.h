#pragma once

// Large checkpoints before the store is open: the workers start while the file is still being checked.

#include "core/workers.h"

namespace tune {

/// A channel whose end is known later. Requires: connect() comes before the first write, finish or read.
class LateChannel final : public CheckpointChannel {
 public:
  void connect(CheckpointChannel& channel) { channel_ = &channel; }
  void write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) override;
  void finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) override;
  void abandon(std::uint64_t key) override;
  void read(CheckpointId id, std::uint64_t offset, std::size_t size,
            std::function<void(Result<std::string>)> done) override;

 private:
  CheckpointChannel* channel_ = nullptr;
};

}  // namespace tune

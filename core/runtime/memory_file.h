#pragma once

// Checkpoints as memory files: how the worker holds what is too large for a message.

#include <cstdint>
#include <string>

#include "core/channel.h"

namespace tune {

/// An empty memory file of `size` bytes, to be filled by write_at.
Result<Fd> empty_memory_file(std::uint64_t size);
Result<void> write_at(int fd, std::uint64_t offset, std::string_view bytes);
/// From now on nobody can change it.
Result<void> seal(int fd);

/// Its size; kDamaged if it is no file.
Result<std::uint64_t> size_of(int fd);
/// SHA-256 of its first `size` bytes, hex; read in pieces.
Result<std::string> hash_of(int fd, std::uint64_t size);

}  // namespace tune

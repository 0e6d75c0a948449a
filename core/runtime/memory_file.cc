#include "core/runtime/memory_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/sha256.h"

namespace tune {
namespace {

constexpr std::size_t kPiece = 1u << 20;

tl::unexpected<Error> io_error(const char* what) {
  return fail(ErrorCode::kIo, fmt::format("{} a checkpoint in memory: {}", what, std::strerror(errno)));
}

}  // namespace

Result<Fd> empty_memory_file(std::uint64_t size) {
  Fd file(::memfd_create("tune-checkpoint", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) return io_error("cannot hold");
  return file;
}

Result<void> write_at(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return io_error("cannot write");
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> seal(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return io_error("cannot seal");
  return {};
}

Result<std::uint64_t> size_of(int fd) {
  struct stat found {};
  if (::fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
    return fail(ErrorCode::kDamaged, "a checkpoint that is no memory file");
  }
  return static_cast<std::uint64_t>(found.st_size);
}

Result<std::string> hash_of(int fd, std::uint64_t size) {
  Sha256 hash;
  std::string piece(std::min<std::uint64_t>(kPiece, size), '\0');
  for (std::uint64_t offset = 0; offset < size;) {
    const ssize_t got =
        ::pread(fd, piece.data(), std::min<std::uint64_t>(piece.size(), size - offset), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("cannot read");
    hash.update({piece.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
  }
  return hash.hex();
}

}  // namespace tune

// Bytes between processes of one machine: a memory file whose descriptor travels, sealed so that nobody changes
// it under the reader's hands.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/channel.h"

namespace tune {
namespace {

tl::unexpected<Error> io_error(const char* what) {
  return fail(ErrorCode::kIo, fmt::format("memory file: {}: {}", what, std::strerror(errno)));
}

}  // namespace

Result<Fd> make_memfd(std::string_view bytes) {
  Fd fd(::memfd_create("tune", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return io_error("create");
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return io_error("write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return io_error("seal");
  }
  return fd;
}

Result<std::string> read_memfd(int fd, std::uint64_t size) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return io_error("stat");
  if (static_cast<std::uint64_t>(status.st_size) < size) {
    return fail(ErrorCode::kDamaged, fmt::format("memory file: {} bytes announced, {} found", size, status.st_size));
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {  // by position: the descriptor's offset is shared with the writer
    const ssize_t got = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return io_error("read");
    }
    if (got == 0) return fail(ErrorCode::kDamaged, fmt::format("memory file: ends at {} of {} bytes", done, size));
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace tune

#include "trainables/command/report_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/channel.h"

namespace tune {

Result<void> ReportFile::make(std::string path) {
  path_ = std::move(path);
  const Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) {
    return fail(ErrorCode::kIo, "cannot write " + path_ + ": " + std::strerror(errno));
  }
  inode_ = found.st_ino;
  return {};
}

bool ReportFile::read_new(LineSplitter& lines) {
  // Without waiting for whoever should open the other end of what is no file any more.
  const Fd file(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
  if (found.st_size < offset_ || found.st_ino != inode_) {
    lines.drop();
    offset_ = 0;
    inode_ = found.st_ino;
  }
  std::array<char, 1 << 16> buffer;
  for (const off_t end = offset_ + kHelping; offset_ < end;) {
    const ssize_t got = ::pread(file.get(), buffer.data(), buffer.size(), offset_);
    if (got <= 0) return false;
    offset_ += got;
    lines.feed(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
  return true;
}

}  // namespace tune

#include "tune/cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace tune::cli {

namespace fs = std::filesystem;

NewFile::NewFile(const std::string& path) : path_(path), target_(path) {
  std::error_code unknown;
  if (fs::is_symlink(path, unknown)) {
    const fs::path found = fs::weakly_canonical(path, unknown);
    if (!unknown) target_ = found.string();
  }
  const fs::file_status status = fs::status(target_, unknown);
  draft_ = fs::exists(status) && !fs::is_regular_file(status) ? target_ : target_ + ".part";
}

NewFile::~NewFile() {
  if (draft_ != target_) std::remove(draft_.c_str());
}

Result<void> NewFile::keep() {
  if (draft_ == target_) return {};
  const int file = ::open(draft_.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return failed();
  const bool synced = ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  if (!synced) errno = why;
  if (!synced || std::rename(draft_.c_str(), target_.c_str()) != 0) return failed();
  return {};
}

tl::unexpected<Error> NewFile::failed() const {
  const int code = errno;
  return fail(code == ENOSPC ? ErrorCode::kDiskFull : ErrorCode::kIo,
              fmt::format("cannot write {}: {}", path_, std::system_category().message(code)));
}

}  // namespace tune::cli

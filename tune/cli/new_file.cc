#include "tune/cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace tune::cli {
namespace {

namespace fs = std::filesystem;

class NewFile {
 public:
  explicit NewFile(const std::string& path) : target_(path) {
    std::error_code unknown;
    if (fs::is_symlink(path, unknown)) {
      const fs::path found = fs::weakly_canonical(path, unknown);
      if (!unknown) target_ = found.string();
    }
    const fs::file_status status = fs::status(target_, unknown);
    draft_ = fs::exists(status) && !fs::is_regular_file(status) ? target_ : target_ + ".part";
  }
  ~NewFile() {
    if (draft_ != target_) std::remove(draft_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  const std::string& draft() const { return draft_; }
  /// False: errno says why.
  bool keep() {
    if (draft_ == target_) return true;
    const int file = ::open(draft_.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return false;
    const bool synced = ::fsync(file) == 0;
    const int why = errno;
    ::close(file);
    if (!synced) errno = why;
    return synced && std::rename(draft_.c_str(), target_.c_str()) == 0;
  }

 private:
  std::string target_, draft_;
};

}  // namespace

Result<void> write_output(const std::string& path, const std::function<Result<void>(std::ostream&)>& write) {
  if (path == "-") {
    auto written = write(std::cout);
    std::cout.flush();
    return written;
  }
  NewFile file(path);
  std::ofstream out(file.draft(), std::ios::binary);
  if (!out) return cannot_write(path);
  auto written = write(out);
  out.close();
  if (written && (out.fail() || !file.keep())) return cannot_write(path);
  return written;
}

tl::unexpected<Error> cannot_write(const std::string& path) {
  const int code = errno;
  return fail(code == ENOSPC ? ErrorCode::kDiskFull : ErrorCode::kIo,
              fmt::format("cannot write {}: {}", path == "-" ? "stdout" : path, std::system_category().message(code)));
}

}  // namespace tune::cli

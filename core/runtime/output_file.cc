#include "core/runtime/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace tune {

void OutputFile::begin(std::string path) {
  end();
  path_ = std::move(path);
}

void OutputFile::add(std::string_view bytes) {
  if (path_.empty() || bytes.empty()) return;
  if (!file_) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file_) return path_.clear();
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return end();
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  if (size_ - forgotten_ >= 2 * kWindow) forget_beginning();
}

void OutputFile::forget_beginning() {
  constexpr std::uint64_t kPage = 4096;
  const std::uint64_t until = (size_ - kWindow) / kPage * kPage;
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (::fallocate(file_.get(), mode, static_cast<off_t>(forgotten_), static_cast<off_t>(until - forgotten_)) != 0) {
    return end();  // a file system without holes: it must not fill up
  }
  forgotten_ = until;
}

void OutputFile::end() {
  if (file_) {
    ::unlink(path_.c_str());
    ::rmdir(std::filesystem::path(path_).parent_path().c_str());
  }
  file_ = Fd();
  path_.clear();
  size_ = forgotten_ = 0;
}

std::string attempts_dir(const std::string& database) {
  return std::filesystem::absolute(database).lexically_normal().string() + ".d";
}

std::string output_file_path(const std::string& attempts_dir, const std::string& trial_name, Attempt attempt) {
  return fmt::format("{}/{}/a{}.out", attempts_dir, trial_name, attempt.value);
}

}  // namespace tune

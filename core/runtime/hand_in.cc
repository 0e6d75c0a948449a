#include "core/runtime/hand_in.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/sha256.h"

namespace tune {
namespace {

constexpr const char* kHeader = "tune hand-in 1 {:020} {}\n";
constexpr std::size_t kHeaderSize = std::string_view("tune hand-in 1 ").size() + 20 + 1 + 64 + 1;

/// Frames on their way into the file. What is written needs no further confirmation, so the spool sends on.
class FileSink final : public FrameSink {
 public:
  FileSink(Spool& spool, int fd) : spool_(spool), fd_(fd) {}

  void send_frame(std::string_view frame) override {
    if (error_ != 0) return;
    hash_.update(frame);
    size_ += frame.size();
    while (!frame.empty()) {
      const ssize_t written = ::write(fd_, frame.data(), frame.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        error_ = written < 0 ? errno : ENOSPC;
        return;
      }
      frame.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void send(const wire::Body& body, std::uint64_t) override {
    std::string frame;
    if (!wire::append_frame(frame, body)) return;  // a chunk: it fits
    send_frame(frame);
    if (const auto* chunk = std::get_if<wire::Chunk>(&body)) {
      spool_.acknowledge_chunks(wire::key_of(*chunk), chunk->seq, chunk->offset + chunk->data.size());
    }
  }
  bool wants_more() const override { return error_ == 0; }

  int error() const { return error_; }
  std::string header() { return fmt::format(fmt::runtime(kHeader), size_, hash_.hex()); }

 private:
  Spool& spool_;
  int fd_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
  int error_ = 0;
};

/// 0, or errno.
int write_all(Spool& spool, int fd) {
  if (::lseek(fd, static_cast<off_t>(kHeaderSize), SEEK_SET) < 0) return errno;
  FileSink sink(spool, fd);
  for (const auto& [key, last] : spool.streams()) spool.rewind(key, 0);
  while (spool.has_unsent() && sink.error() == 0) spool.pump(sink);
  if (sink.error() != 0) return sink.error();
  const std::string header = sink.header();
  if (::pwrite(fd, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) return errno;
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// A file as a piece of memory.
class Mapping {
 public:
  explicit Mapping(int fd) {
    struct stat found {};
    if (::fstat(fd, &found) != 0 || found.st_size <= 0) return;
    size_ = static_cast<std::size_t>(found.st_size);
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) bytes_ = static_cast<const char*>(at);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
  }
  std::string_view bytes() const { return bytes_ == nullptr ? std::string_view() : std::string_view(bytes_, size_); }

 private:
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

std::string hand_in_path(const std::string& attempts_dir, const std::string& launch) {
  return fmt::format("{}/{}.hand-in", attempts_dir, launch);
}

Result<void> write_hand_in(const std::string& path, Spool& spool) {
  if (spool.bytes() == 0) return {};
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string fresh = path + ".new";
  int error = 0;
  {
    const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    error = file ? write_all(spool, file.get()) : errno;
  }
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(fresh.c_str());
    return fail(error == ENOSPC ? ErrorCode::kDiskFull : ErrorCode::kIo,
                fmt::format("cannot write {}: {}", path, std::strerror(error)));
  }
  const Fd entry(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entry) ::fsync(entry.get());
  return {};
}

Result<void> read_hand_in(const std::string& path, const std::function<void(wire::Envelope)>& take) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return fail(ErrorCode::kNotFound, fmt::format("there is no {}", path));
  if (!file) return fail(ErrorCode::kIo, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  const Mapping mapping(file.get());
  const std::string_view all = mapping.bytes();
  const std::string_view header = all.substr(0, kHeaderSize);
  std::string_view frames = all.substr(header.size());
  if (header != fmt::format(fmt::runtime(kHeader), frames.size(), sha256_hex(frames))) {
    return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: its hash differs", path));
  }
  while (!frames.empty()) {
    auto taken = wire::take_frame(frames);
    if (!taken) return fail(ErrorCode::kDamaged, fmt::format("{}: {}", path, taken.error().message));
    if (taken->used == 0) return fail(ErrorCode::kDamaged, fmt::format("{} ends within a message", path));
    frames.remove_prefix(taken->used);
    take(std::move(taken->envelope));
  }
  return {};
}

void delete_hand_in(const std::string& path) {
  const bool is_half = ::unlink((path + ".new").c_str()) == 0;  // its worker was killed while it wrote
  if (::unlink(path.c_str()) == 0 || is_half) ::rmdir(std::filesystem::path(path).parent_path().c_str());
}

}  // namespace tune

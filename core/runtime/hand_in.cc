#include "core/runtime/hand_in.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/sha256.h"

namespace tune {
namespace {

constexpr const char* kHeader = "tune hand-in {} {:020} {}\n";
constexpr std::string_view kMagic = "tune hand-in 1 ";
constexpr std::size_t kHeaderSize = kMagic.size() + 20 + 1 + 64 + 1;
constexpr std::size_t kFrameHashSize = 8;

std::string hash_of_frame(std::string_view frame) {
  const std::uint64_t hash = XXH3_64bits(frame.data(), frame.size());
  std::string out;
  for (std::size_t i = 0; i < kFrameHashSize; ++i) out += static_cast<char>(hash >> (8 * i));
  return out;
}

/// Frames on their way into the file. What is written needs no further confirmation, so the spool sends on.
class FileSink final : public FrameSink {
 public:
  FileSink(Spool& spool, int fd) : spool_(spool), fd_(fd) {}

  void send_frame(std::string_view frame) override {
    write(hash_of_frame(frame));
    write(frame);
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
  std::string header() { return fmt::format(fmt::runtime(kHeader), 2, size_, hash_.hex()); }

 private:
  void write(std::string_view bytes) {
    if (error_ != 0) return;
    hash_.update(bytes);
    size_ += bytes.size();
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        error_ = written < 0 ? errno : ENOSPC;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

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
  return fmt::format("{}/{}{}", attempts_dir, launch, kHandInSuffix);
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
  const bool is_hashed = header.substr(0, kMagic.size()) == "tune hand-in 2 ";
  const bool is_whole =
      header == fmt::format(fmt::runtime(kHeader), is_hashed ? 2 : 1, frames.size(), sha256_hex(frames));
  if (!is_whole && !is_hashed) return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: its hash differs", path));
  while (!frames.empty()) {
    const std::string_view hash = frames.substr(0, is_hashed ? kFrameHashSize : 0);
    frames.remove_prefix(hash.size());
    auto taken = wire::take_frame(frames);
    if (!taken) return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: {}", path, taken.error().message));
    if (taken->used == 0)
      return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: it ends within a message", path));
    if (is_hashed && hash != hash_of_frame(frames.substr(0, taken->used))) {
      return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: the hash of a message differs", path));
    }
    frames.remove_prefix(taken->used);
    take(std::move(taken->envelope));
  }
  if (is_whole) return {};
  return fail(ErrorCode::kDamaged, fmt::format("{} is damaged: its hash differs", path));
}

std::string damaged_hand_in_path(const std::string& path) { return path + ".damaged"; }

void keep_damaged_hand_in(const std::string& path) { ::rename(path.c_str(), damaged_hand_in_path(path).c_str()); }

void delete_hand_in(const std::string& path) {
  const bool is_half = ::unlink((path + ".new").c_str()) == 0;  // its worker was killed while it wrote
  if (::unlink(path.c_str()) == 0 || is_half) ::rmdir(std::filesystem::path(path).parent_path().c_str());
}

}  // namespace tune

#include "core/channel.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tune {
namespace {

/// More descriptors than any frame carries; a message with more is refused.
constexpr std::size_t kMaxDescriptors = 16;
constexpr std::size_t kReadAtOnce = 64u << 10;
/// What one fill() takes at most, so that one talkative peer does not hold up an event loop.
constexpr std::size_t kFillAtMost = 4u << 20;

tl::unexpected<Error> io_error(const char* what, int error) {
  if (error == EPIPE || error == ECONNRESET) return fail(ErrorCode::kIo, fmt::format("{}: the peer is gone", what));
  return fail(ErrorCode::kIo, fmt::format("{}: {}", what, std::strerror(error)));
}

void wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  ::poll(&entry, 1, -1);  // an interrupted wait only makes the caller try again
}

/// sendmsg of the bytes, with descriptors; bytes sent, or -1 and errno.
ssize_t send_some(int fd, std::string_view bytes, const int* descriptors, std::size_t count, int flags) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control{};
  if (count > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
  }
  while (true) {
    const ssize_t sent = ::sendmsg(fd, &message, flags | MSG_NOSIGNAL);
    if (sent >= 0 || errno != EINTR) return sent;
  }
}

enum class Read { kSome, kNothingNow, kEnd };

/// One recvmsg onto the end of `in`; *size: bytes read.
Result<Read> receive_some(int fd, std::string& in, std::deque<Fd>& descriptors, int flags, std::size_t* size) {
  std::array<char, kReadAtOnce> buffer;
  iovec piece{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Read::kNothingNow;
    if (errno == ECONNRESET) return Read::kEnd;
    return io_error("receive", errno);
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int received = -1;
      std::memcpy(&received, CMSG_DATA(header) + i * sizeof(int), sizeof received);
      descriptors.emplace_back(received);
    }
  }
  if (message.msg_flags & MSG_CTRUNC) return fail(ErrorCode::kDamaged, "a message with too many descriptors");
  if (got == 0) return Read::kEnd;
  in.append(buffer.data(), static_cast<std::size_t>(got));
  *size = static_cast<std::size_t>(got);
  return Read::kSome;
}

Result<std::string> encode_checked(const Frame& frame, std::size_t descriptors) {
  if (descriptors > kMaxDescriptors) return fail(ErrorCode::kInternal, "too many descriptors for one frame");
  std::string bytes;
  encode_frame(bytes, frame, static_cast<int>(descriptors));
  if (bytes.size() - sizeof(std::uint32_t) > kMaxFrame) {
    return fail(ErrorCode::kBadInput,
                fmt::format("a frame of {} bytes; at most {} are possible", bytes.size(), kMaxFrame));
  }
  return bytes;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() { reset(); }

int Fd::release() { return std::exchange(fd_, -1); }

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<std::pair<Channel, Channel>> Channel::pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return io_error("socketpair", errno);
  return std::pair(Channel(Fd(ends[0])), Channel(Fd(ends[1])));
}

Result<void> Channel::send(const Frame& frame, const std::vector<int>& descriptors) {
  while (true) {  // what was queued goes first
    Result<bool> sent = flush();
    if (!sent) return pass_on(std::move(sent));
    if (*sent) break;
    wait_for(fd(), POLLOUT);
  }
  const Result<std::string> bytes = encode_checked(frame, descriptors.size());
  if (!bytes) return tl::unexpected(bytes.error());
  std::string_view rest = *bytes;
  std::size_t count = descriptors.size();  // they go with the first byte
  while (!rest.empty()) {
    const ssize_t sent = send_some(fd(), rest, descriptors.data(), count, 0);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) return io_error("send", errno);
      wait_for(fd(), POLLOUT);
      continue;
    }
    if (sent > 0) count = 0;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::optional<ReceivedFrame>> Channel::receive() {
  while (true) {
    Result<std::optional<ReceivedFrame>> frame = next();
    if (!frame || *frame) return frame;
    std::size_t size = 0;
    const Result<Read> read = receive_some(fd(), in_, in_descriptors_, 0, &size);
    if (!read) return tl::unexpected(read.error());
    if (*read == Read::kEnd) return std::nullopt;
    if (*read == Read::kNothingNow) wait_for(fd(), POLLIN);
  }
}

Result<bool> Channel::queue(const Frame& frame, std::vector<Fd> descriptors) {
  Result<std::string> bytes = encode_checked(frame, descriptors.size());
  if (!bytes) return pass_on(std::move(bytes));
  unsent_.push_back({std::move(*bytes), 0, std::move(descriptors)});
  return flush();
}

Result<bool> Channel::flush() {
  while (!unsent_.empty()) {
    Unsent& first = unsent_.front();
    std::array<int, kMaxDescriptors> raw{};
    for (std::size_t i = 0; i < first.descriptors.size(); ++i) raw[i] = first.descriptors[i].get();
    const std::string_view rest = std::string_view(first.bytes).substr(first.sent);
    const ssize_t sent = send_some(fd(), rest, raw.data(), first.descriptors.size(), MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      return io_error("send", errno);
    }
    if (sent > 0) first.descriptors.clear();  // the kernel holds them now
    first.sent += static_cast<std::size_t>(sent);
    if (first.sent == first.bytes.size()) unsent_.pop_front();
  }
  return true;
}

Result<bool> Channel::fill() {
  std::size_t total = 0;
  while (total < kFillAtMost) {
    std::size_t size = 0;
    const Result<Read> read = receive_some(fd(), in_, in_descriptors_, MSG_DONTWAIT, &size);
    if (!read) return tl::unexpected(read.error());
    if (*read == Read::kEnd) return false;
    if (*read == Read::kNothingNow) break;
    total += size;
  }
  return true;
}

Result<std::optional<ReceivedFrame>> Channel::next() {
  Result<DecodedFrame> decoded = decode_frame(std::string_view(in_).substr(in_begin_));
  if (!decoded) return pass_on(std::move(decoded));
  if (decoded->used == 0) {
    in_.erase(0, in_begin_);
    in_begin_ = 0;
    return std::nullopt;
  }
  in_begin_ += decoded->used;
  const auto count = static_cast<std::size_t>(decoded->descriptors);
  if (count > in_descriptors_.size()) return fail(ErrorCode::kDamaged, "a frame without the descriptors it announces");
  ReceivedFrame received{std::move(decoded->frame), {}};
  for (std::size_t i = 0; i < count; ++i) {
    received.descriptors.push_back(std::move(in_descriptors_.front()));
    in_descriptors_.pop_front();
  }
  return received;
}

}  // namespace tune

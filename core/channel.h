#pragma once

// A Unix stream socket that carries frames and descriptors (SCM_RIGHTS). Blocking use by trial processes and hosts; the
// worker drives the same object from its event loop through fd() and the non-blocking half.
//
// Thread rule: one thread sends, one thread receives.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/frames.h"

namespace tune {

/// A descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

struct ReceivedFrame {
  Frame frame;
  std::vector<Fd> descriptors;
};

class Channel {
 public:
  Channel() = default;
  explicit Channel(Fd socket) : socket_(std::move(socket)) {}
  /// Two connected ends, close-on-exec.
  static Result<std::pair<Channel, Channel>> pair();

  int fd() const { return socket_.get(); }
  Fd take_fd() { return std::move(socket_); }

  /// Sends the whole frame, waiting if the peer is slow. Descriptors stay the caller's. kIo if the peer is gone.
  Result<void> send(const Frame& frame, const std::vector<int>& descriptors = {});
  /// Waits for the next frame; nothing at the end of the stream.
  Result<std::optional<ReceivedFrame>> receive();

  // --- without waiting
  /// Queues, and sends what the socket takes; true once nothing is left to send.
  Result<bool> queue(const Frame& frame, std::vector<Fd> descriptors = {});
  Result<bool> flush();
  bool has_unsent() const { return !unsent_.empty(); }
  /// Reads what is there; frames that are complete come out of next(). False at the end of the stream.
  Result<bool> fill();
  Result<std::optional<ReceivedFrame>> next();

 private:
  struct Unsent {
    std::string bytes;
    std::size_t sent = 0;
    std::vector<Fd> descriptors;
  };
  Fd socket_;
  std::string in_;
  std::size_t in_begin_ = 0;
  std::deque<Fd> in_descriptors_;
  std::deque<Unsent> unsent_;
};

/// A sealed memory file with these bytes, and the bytes of one.
Result<Fd> make_memfd(std::string_view bytes);
Result<std::string> read_memfd(int fd, std::uint64_t size);

}  // namespace tune

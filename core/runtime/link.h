#pragma once

// One connection of the worker protocol: whole envelopes in and out over a Unix socket. What is sent while one handler
// of the loop runs goes out in one write after it, so that a thousand acknowledgements cost one system call.
//
// Thread rule: the loop's thread. Held by shared_ptr, since operations under way keep it alive; after close() nothing
// calls back.

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/frame_sink.h"

namespace tune {

class Link final : public FrameSink, public std::enable_shared_from_this<Link> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  struct Callbacks {
    std::function<void(wire::Envelope)> received;
    std::function<void()> before_write;              ///< may send more; asked while less than kEnough waits
    std::function<void(const std::string&)> closed;  ///< by the peer, or for what it sent; at most once
  };
  /// Unsent bytes beyond which nobody is asked for more.
  static constexpr std::size_t kEnough = 1u << 20;

  Link(boost::asio::io_context& io, Socket socket, std::size_t max_envelope);
  ~Link() override;

  void start(Callbacks callbacks);
  void set_max_envelope(std::size_t bytes) { max_envelope_ = bytes; }

  void send(const wire::Body& body, std::uint64_t reply_to = 0) override;
  void send_frame(std::string_view frame) override;
  /// Asks before_write soon.
  void write_soon() override;
  bool wants_more() const override { return open_ && unsent() < kEnough; }
  std::size_t unsent() const { return out_.size() - out_begin_; }
  bool is_open() const { return open_; }

  /// Sends what waits, then closes.
  void close_after_write();
  void close();
  /// Waits up to `seconds` until all is sent. For the end of a program, when the loop no longer runs.
  void write_now(double seconds);

 private:
  void read();
  void take_frames();
  void write();
  void fail(const std::string& why);

  boost::asio::io_context& io_;
  Socket socket_;
  Callbacks callbacks_;
  std::size_t max_envelope_;
  std::vector<char> in_;
  std::size_t in_begin_ = 0, in_end_ = 0;
  std::string out_;
  std::size_t out_begin_ = 0;
  std::uint64_t next_id_ = 1;
  bool open_ = true, write_planned_ = false, waits_to_write_ = false, closes_ = false;
};

}  // namespace tune

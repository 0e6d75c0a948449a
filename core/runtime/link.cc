#include "core/runtime/link.h"

#include <poll.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "core/runtime/proc.h"

namespace tune {
namespace {

constexpr std::size_t kReadAtOnce = 256u << 10;

}  // namespace

Link::Link(boost::asio::io_context& io, Socket socket, std::size_t max_envelope)
    : io_(io), socket_(std::move(socket)), max_envelope_(max_envelope) {}

Link::~Link() { close(); }

void Link::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  if (error) return fail(error.message());
  read();
}

void Link::read() {
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  if (in_.size() - in_end_ < kReadAtOnce) {
    if (in_begin_ > 0) std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
    in_.resize(std::max(in_.size(), in_end_ + kReadAtOnce));
  }
  socket_.async_read_some(
      boost::asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        if (!self->open_) return;
        if (error) return self->fail(error == boost::asio::error::eof ? "the peer has closed it" : error.message());
        self->in_end_ += size;
        self->take_frames();
        if (self->open_) self->read();
      });
}

void Link::take_frames() {
  while (open_) {
    auto taken = wire::take_frame({in_.data() + in_begin_, in_end_ - in_begin_}, max_envelope_);
    if (!taken) return fail(taken.error().message);
    if (taken->used == 0) return;
    in_begin_ += taken->used;
    callbacks_.received(std::move(taken->envelope));
  }
}

void Link::send(const wire::Body& body, std::uint64_t reply_to) {
  if (!open_) return;
  if (const auto encoded = wire::append_frame(out_, body, next_id_, reply_to); !encoded) {
    return fail(encoded.error().message);
  }
  ++next_id_;
  write_soon();
}

void Link::send_frame(std::string_view frame) {
  if (!open_) return;
  out_.append(frame);
  write_soon();
}

void Link::write_soon() {
  if (!open_ || write_planned_ || waits_to_write_) return;
  write_planned_ = true;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->write_planned_ = false;
    self->write();
  });
}

void Link::write() {
  while (open_) {
    if (callbacks_.before_write && unsent() < kEnough) {
      write_planned_ = true;  // what it sends is written here
      callbacks_.before_write();
      write_planned_ = false;
    }
    if (!open_ || unsent() == 0) break;
    boost::system::error_code error;
    const std::size_t sent = socket_.write_some(boost::asio::buffer(out_.data() + out_begin_, unsent()), error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
      waits_to_write_ = true;
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& failed) {
        self->waits_to_write_ = false;
        if (!self->open_) return;
        if (failed) return self->fail(failed.message());
        self->write();
      });
      return;
    }
    if (error) return fail(error.message());
    out_begin_ += sent;
    if (out_begin_ == out_.size()) {
      out_.clear();
      out_begin_ = 0;
    } else if (out_begin_ >= kEnough) {
      out_.erase(0, out_begin_);
      out_begin_ = 0;
    }
  }
  if (closes_ && open_) close();
}

void Link::close_after_write() {
  closes_ = true;
  if (unsent() == 0) return close();
  write_soon();
}

void Link::write_now(double seconds) {
  const double until = running_seconds() + seconds;
  while (open_ && unsent() > 0) {
    boost::system::error_code error;
    out_begin_ += socket_.write_some(boost::asio::buffer(out_.data() + out_begin_, unsent()), error);
    if (!error) continue;
    const double left = until - running_seconds();
    if (error != boost::asio::error::would_block || left <= 0) return;
    pollfd wait{socket_.native_handle(), POLLOUT, 0};
    ::poll(&wait, 1, static_cast<int>(left * 1000) + 1);
  }
}

void Link::close() {
  if (!open_) return;
  open_ = false;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Link::fail(const std::string& why) {
  if (!open_) return;
  close();
  if (callbacks_.closed) callbacks_.closed(why);
}

}  // namespace tune

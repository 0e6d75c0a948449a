#pragma once

// Calls back when a descriptor that somebody else owns can be read or written. Asio's own descriptors close what they
// watch and call back after their owner is gone; this one does neither.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

namespace tune {

/// Thread rule: the loop's thread.
class FdWatch {
 public:
  FdWatch(boost::asio::io_context& io, int fd, std::function<void()> readable, std::function<void()> writable = {})
      : state_(std::make_shared<State>(
            State{boost::asio::posix::stream_descriptor(io, fd), std::move(readable), std::move(writable)})) {}
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch() { stop(); }

  /// One call of `readable`, once there is something to read; asking twice is asking once.
  void arm_read() {
    if (state_->stopped || state_->reads) return;
    state_->reads = true;
    state_->descriptor.async_wait(Descriptor::wait_read, [state = state_](const boost::system::error_code& error) {
      state->reads = false;
      if (!error && !state->stopped) state->readable();
    });
  }
  void arm_write() {
    if (state_->stopped || state_->writes) return;
    state_->writes = true;
    state_->descriptor.async_wait(Descriptor::wait_write, [state = state_](const boost::system::error_code& error) {
      state->writes = false;
      if (!error && !state->stopped) state->writable();
    });
  }

  /// No call any more; to be called before the descriptor is closed. The callbacks live on until the last is back.
  void stop() {
    if (state_->stopped) return;
    state_->stopped = true;
    state_->descriptor.release();
  }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  struct State {
    Descriptor descriptor;
    std::function<void()> readable, writable;
    bool reads = false, writes = false, stopped = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace tune

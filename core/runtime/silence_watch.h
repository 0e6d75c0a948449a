#pragma once

// A worker that says nothing for too long, not even its heartbeat, is as good as dead, but may come to itself and go
// on: only its death is certain. This says when it is to be killed. A late worker is given one more look first, since
// it may have been this process that stood still.
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

namespace tune {

class SilenceWatch {
 public:
  /// `io` must outlive this object. `patience`: seconds. `too_long`: told once of each worker.
  SilenceWatch(boost::asio::io_context& io, double patience, std::function<void()> too_long);
  ~SilenceWatch() { *alive_ = false; }

  /// A worker lives from now on.
  void begin();
  /// It has said something.
  void heard();
  /// It lives no more, or is of no interest.
  void end();

 private:
  void look_again();

  double patience_;
  std::function<void()> too_long_;
  bool watches_ = false, suspected_ = false, told_ = false;
  double last_heard_ = 0;  // boot_seconds
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune

#pragma once

// A fork server that stands still (SIGSTOP, a lock that a library took before a fork) hangs its worker: nothing starts,
// and nobody hears that a trial has ended. This says when it is to be killed: when it has been stopped, or one and the
// same thing that it owes has stood out, at each look for so long. Looks are counted, not seconds: where this process
// stood still as well, one look has passed.
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace tune {

class HostWatch {
 public:
  /// What the fork server owes at this moment: numbers of processes that it has not forked yet or not reaped, and
  /// kItself where it is stopped.
  using Owed = std::function<std::set<std::int64_t>()>;
  static constexpr std::int64_t kItself = 0;
  static constexpr int kLooks = 5;

  /// `io` must outlive this object. `patience`: seconds.
  HostWatch(boost::asio::io_context& io, double patience, Owed owed, std::function<void()> stands_still);
  ~HostWatch() { *alive_ = false; }

  void begin() { look_again(); }
  void end() { timer_.cancel(); }

 private:
  void look_again();

  double period_;  // seconds
  Owed owed_;
  std::function<void()> stands_still_;
  std::map<std::int64_t, int> looks_;  // in a row that it was owed
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune

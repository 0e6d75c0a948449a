#pragma once

// Holds the trials of a worker back while the disk is full (disk_room.h says when it is): tells of it once, and looks
// again until there is room, which it tells too.
//
// Thread rule: the loop's thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/runtime/dialogue.h"
#include "core/runtime/disk_room.h"

namespace tune {

class DiskGate {
 public:
  /// `look_again`: trials are held back, and is_open() is to be asked again. Both references must outlive this object.
  DiskGate(boost::asio::io_context& io, const std::string& attempts_dir, Dialogue& dialogue,
           std::function<void()> look_again);
  ~DiskGate() { *alive_ = false; }

  /// Whether there is room for what a trial writes.
  bool is_open();
  /// A trial has failed, for want of room if this gives the folder that has none.
  std::optional<std::string> is_to_blame();
  /// A trial has said something.
  void heard() { room_.heard(); }

 private:
  void say_full(const std::string& folder);

  DiskRoom room_;
  Dialogue& dialogue_;
  std::function<void()> look_again_;
  bool said_full_ = false, looks_ = false;
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune

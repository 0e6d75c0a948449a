#pragma once

// The fork server (tune-host) as its worker sees it: started, told to fork, watched, and reaped with all orphans that
// the kernel hands to the worker.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/channel.h"
#include "core/runtime/fd_watch.h"
#include "core/runtime/worker.h"

namespace tune {

class HostProcess {
 public:
  struct Events {
    std::function<void(Ready)> ready;
    std::function<void(const Spawned&)> spawned;
    std::function<void(const Exited&)> exited;
    std::function<void(std::string how)> gone;  ///< with all it has forked
  };

  HostProcess(boost::asio::io_context& io, Events events);
  ~HostProcess();  ///< kill()

  /// Starts the program; it answers by ready() or gone(). kIo. `mark`: TUNE_ATTEMPT of its environment.
  Result<void> start(const WorkerOptions& options, const std::string& mark, bool reuse);
  void spawn(const Spawn& spawn, Fd trial_end, Fd output_end);
  /// SIGKILL, and waits for its end. No event any more.
  void kill();
  pid_t pid() const { return pid_; }

 private:
  void send(const Frame& frame, std::vector<Fd> descriptors = {});
  void readable();
  void lost();
  void reap();
  void watch_children();

  boost::asio::io_context& io_;
  Events events_;
  Channel channel_;
  std::unique_ptr<FdWatch> watch_;
  boost::asio::signal_set children_;
  pid_t pid_ = 0;
  int status_ = 0;  // of its end
  bool reaped_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tune

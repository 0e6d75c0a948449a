#pragma once

// One forked process that runs a trial, or one after another: its channel, what it prints, and its end by force.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/channel.h"
#include "core/runtime/fd_watch.h"
#include "core/runtime/memory_group.h"
#include "core/runtime/output_capture.h"
#include "core/runtime/output_file.h"
#include "core/wire/envelope.h"

namespace tune {

/// What a process is forked with and cannot change afterwards.
struct ProcessProfile {
  std::string gpus;  ///< CUDA_VISIBLE_DEVICES, if `sets_gpus`
  bool sets_gpus = false;
  int threads = 1;
  std::uint64_t memory = 0;  ///< limit, 0: none
  friend bool operator==(const ProcessProfile&, const ProcessProfile&) = default;
};

class TrialProcess {
 public:
  struct Events {
    std::function<void(TrialProcess&, ReceivedFrame)> frame;
    std::function<void(TrialProcess&)> printed;                     ///< output() has grown
    std::function<void(TrialProcess&, const std::string&)> broken;  ///< its frames cannot be read any more
  };

  /// The worker's ends of its channel and its output pipe.
  TrialProcess(boost::asio::io_context& io, std::int64_t number, std::string mark, ProcessProfile profile,
               Channel channel, Fd output, Events events);

  const std::int64_t number;
  const std::string mark;  ///< TUNE_ATTEMPT
  const ProcessProfile profile;
  pid_t pid = 0;  ///< 0: not forked yet
  bool kill_when_forked = false;
  bool leaves = false;                   ///< no further trial for it
  std::optional<wire::AttemptKey> runs;  ///< the attempt that is its own now
  std::optional<Exited> exited;
  std::optional<MemoryGroup> memory_group;  ///< holds its limit, where there may be one

  void send(const Frame& frame, std::vector<Fd> descriptors = {});
  OutputCapture& output() { return output_; }
  /// From now on what it prints can be followed at `path`, until end_output() forgets it all.
  void begin_output(std::string path);
  void end_output();

  /// While held, nothing is read from its channel, so that it waits when it has more to say.
  void hold();
  void release();
  /// Takes all there is of a dead process, held or not: what it has said, and what it has printed.
  void drain();
  /// What it has printed until now.
  void drain_output();

  /// SIGKILL to it, its group, and everything with its mark.
  void kill();
  /// Seconds of CPU so far; 0: unknown.
  double cpu_seconds() const;

 private:
  void readable();
  void take_frames();
  void output_readable();
  bool read_output(std::size_t at_most);

  Events events_;
  Channel channel_;
  Fd output_pipe_;
  OutputCapture output_;
  OutputFile output_file_;
  std::unique_ptr<FdWatch> channel_watch_, output_watch_;
  bool held_ = false, open_ = true, drained_ = false;
  std::shared_ptr<bool> alive_;  // false: this object is gone

 public:
  ~TrialProcess() { *alive_ = false; }
};

}  // namespace tune

#pragma once

// A fork server as a test sees it: the worker's end of its socket, and trials behind it.

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/channel.h"
#include "core/messages.h"

namespace tune {

/// One trial's process behind a host.
struct TrialProcess {
  pid_t pid = 0;
  std::string error;  ///< of Spawned
  Channel channel;
  Fd output;

  void begin(const Assign& assign, const std::string& checkpoint = {});
  /// The next frame, which must be of this kind.
  template <class T>
  T expect() {
    auto received = channel.receive();
    if (!received || !*received || !std::holds_alternative<T>((*received)->frame)) throw_unexpected(received);
    descriptors = std::move((*received)->descriptors);
    return std::get<T>((*received)->frame);
  }
  bool at_end();              ///< the next thing is the end of the stream
  std::string read_output();  ///< all of it, to its end

  std::vector<Fd> descriptors;  ///< of the last frame

  [[noreturn]] static void throw_unexpected(const Result<std::optional<ReceivedFrame>>& received);
};

class HostProcess {
 public:
  /// Of a library in the tests' folder: `actors`, and the class in it.
  explicit HostProcess(const std::string& library, const std::string& name = {}, std::vector<std::string> options = {});
  HostProcess(const std::string& program, const TrainableRef& ref, std::vector<std::string> options = {});
  HostProcess(const HostProcess&) = delete;
  ~HostProcess();  ///< closes the socket and waits for the host to end

  Ready ready();
  TrialProcess spawn(const Spawn& spawn = {});
  Spawned ask(const Spawn& spawn, const std::vector<int>& descriptors);
  Exited exited();
  void close();  ///< the worker's end
  int wait();    ///< wait status of the host
  pid_t pid() const { return pid_; }
  std::string read_output();  ///< of the host itself, to its end

 private:
  pid_t pid_ = -1;
  Channel channel_;
  Fd output_;
};

/// A request that says nothing but the slot.
Spawn spawn_in(std::int64_t slot);
/// The host without trainables of its own.
std::string test_host();
std::string library_path(const std::string& library);
/// An assignment of trial 1, attempt 1.
Assign simple_assign(const std::string& config_json = "{}");
std::string read_to_end(int fd);

}  // namespace tune

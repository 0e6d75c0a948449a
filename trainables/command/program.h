#pragma once

// One child process with its output on pipes: started, listened to, asked to leave. It stays in the process group of
// its parent and dies with it, so that whoever kills a trial's group kills the program too.

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/channel.h"
#include "core/result.h"

namespace tune {

struct ProgramCommand {
  std::vector<std::string> arguments;                            ///< at least one; the first is looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside what this process has
  std::string working_dir;
  bool is_shell = false;  ///< arguments run a shell on a text of the user's
};

/// How it ended.
struct ProgramEnd {
  bool signalled = false;
  int code = 0;  ///< exit code, or number of the signal
  bool is_shells =
      false;  ///< the end of a shell: how the programs that it ran and that were told to leave ended is not known
};

class Program {
 public:
  using Listener = std::function<void(std::string_view)>;

  /// kTrial in plain words if it cannot be started: no such program, not executable, no such working directory.
  static Result<Program> start(const ProgramCommand& command);

  /// Waits up to `milliseconds` for output, which goes to the listeners, for the end, or until a descriptor of `others`
  /// becomes readable. True while it runs.
  Result<bool> listen(int milliseconds, const Listener& out, const Listener& err, const std::vector<int>& others = {});

  /// SIGTERM: save a checkpoint and leave. While a shell runs programs of the user's, they are told as well, and
  /// listen() waits for them too. False: it has ended already.
  bool ask_to_leave();

  /// SIGKILL, to the same ones.
  void kill();

  /// Requires: listen() returned false.
  ProgramEnd end() const { return end_; }

 private:
  Program() = default;
  bool read_some(Fd& pipe, const Listener& listener);
  bool signal_all(int signal);

  pid_t pid_ = 0;
  bool is_shell_ = false;
  Fd handle_;  ///< pidfd
  Fd out_, err_;
  std::vector<Fd> told_;  ///< pidfds of what a shell runs, once told to leave
  bool ended_ = false;
  ProgramEnd end_;
};

}  // namespace tune

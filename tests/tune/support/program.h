#pragma once

// A program under test: started with arguments, environment and folder, its output kept in files of a memory-backed
// folder, so that no pipe of ours can hold it up.

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tune::testing {

/// Seconds that anything here may take before it counts as stuck. Under a sanitizer a program takes long to start.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double kPatience = 240;
#else
inline constexpr double kPatience = 60;
#endif

/// Asks again every millisecond or so until it holds; false if it does not within `seconds`.
bool eventually(const std::function<bool()>& holds, double seconds = kPatience);

struct Outcome {
  int code = -1;   ///< exit code; -1: ended by a signal
  int signal = 0;  ///< that ended it
  std::string out, err;
};

using Environment = std::map<std::string, std::string>;

/// `NAME=VALUE` of this process's environment without what would change the program's ways, and with what is `wanted`.
std::vector<std::string> plain_environment(const Environment& wanted);

struct Start {
  std::vector<std::string> command;  ///< absolute path of a program, and its arguments
  std::string folder;                ///< working directory
  Environment environment;           ///< added to a plain one; an empty value takes a variable away
  std::string output;                ///< path without ending: `.out` and `.err` are made
};

class Program {
 public:
  explicit Program(const Start& start);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();  ///< kills it if it still runs

  pid_t pid() const { return pid_; }
  bool is_over();
  void signal(int number) const;
  /// What it has printed so far.
  std::string out() const;
  std::string err() const;
  /// Waits for its end; kills it after `seconds` (a failure of the test).
  Outcome wait(double seconds = kPatience);

 private:
  pid_t pid_ = 0;
  bool over_ = false;
  int status_ = 0;
  std::string output_;
};

}  // namespace tune::testing

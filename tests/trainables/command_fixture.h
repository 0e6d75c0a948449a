#pragma once

// Runs programs as trials, against a host in memory.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "core/json.h"
#include "tests/trainables/fake_host.h"
#include "tests/trainables/scratch_directory.h"
#include "trainables/command/command.h"

namespace tune::testing {

class CommandFixture : public ::testing::Test {
 protected:
  CommandFixture() { host.directory = scratch.path(); }

  void run_text(const std::string& text, const std::string& more = "") {
    run("{\"command\":" + to_json(Value(text)) + ",\"working_dir\":" + to_json(Value(scratch.path())) + more + "}");
  }
  void run_list(const List& items, const std::string& more = "") {
    run("{\"command\":" + to_json(Value(items)) + ",\"working_dir\":" + to_json(Value(scratch.path())) + more + "}");
  }
  void run(const std::string& spec) {
    set_command_spec(spec);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    host.run(command_trainable());
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
  }

  /// Reports are answered once the program whose number is in the file `pids` has ended.
  void wait_for_the_end() {
    host.during_report = [this](std::int64_t) {
      const int process = static_cast<int>(syscall(SYS_pidfd_open, std::stoi(scratch.read("pids")), 0));
      if (process < 0) return;  // gone already
      pollfd end{process, POLLIN, 0};
      poll(&end, 1, -1);
      close(process);
    };
  }

  ScratchDirectory scratch;
  FakeHost host;
  std::string out, err;
};

}  // namespace tune::testing

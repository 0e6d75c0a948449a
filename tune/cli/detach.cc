#include "tune/cli/detach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tune/cli/exit_codes.h"

namespace tune::cli {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t waited_for = 0;

/// Ctrl-C before the run has begun is meant for it.
void pass_on_signal(int number) {
  if (waited_for > 0) kill(waited_for, number);
}

tl::unexpected<Error> failed(const std::string& what, const std::string& hint = {}) {
  return fail(ErrorCode::kIo, fmt::format("{}: {}", what, std::system_category().message(errno)), hint);
}

void copy_to_stderr(const std::string& file, std::streamoff from) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(from);
  char block[4096];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    std::fwrite(block, 1, static_cast<std::size_t>(in.gcount()), stderr);
  }
}

/// Whether the child has said that it has begun, rather than ended.
bool has_begun(int from_child) {
  char byte = 0;
  for (;;) {
    const ssize_t got = read(from_child, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    return got == 1;
  }
}

int end_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::string Detachment::log_of(const std::string& database, const std::string& experiment) {
  return (fs::path(database + ".d") / (experiment + ".log")).string();
}

Result<std::optional<int>> Detachment::split(const std::string& database, const std::string& experiment) {
  const std::string path = log_of(database, experiment);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const int log = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return failed("cannot write " + path, "--db FILE names a database in a folder that can be written");
  const off_t before = lseek(log, 0, SEEK_END);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    auto result = failed("cannot make a pipe");
    close(log);
    return result;
  }
  std::fflush(nullptr);
  child_ = fork();
  if (child_ < 0) {
    auto result = failed("cannot fork");
    for (const int descriptor : {log, ends[0], ends[1]}) close(descriptor);
    return result;
  }
  if (child_ == 0) {
    close(ends[0]);
    to_parent_ = ends[1];
    setsid();
    std::signal(SIGHUP, SIG_IGN);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close(nothing);
    close(log);
    return std::optional<int>();
  }
  close(ends[1]);
  close(log);
  waited_for = child_;
  std::signal(SIGINT, pass_on_signal);
  std::signal(SIGTERM, pass_on_signal);
  const bool begun = has_begun(ends[0]);
  close(ends[0]);
  if (begun) return std::optional<int>(kOk);
  const int code = end_of(child_);
  copy_to_stderr(path, before);
  return std::optional<int>(code);
}

void Detachment::begun() {
  if (to_parent_ < 0) return;
  const char byte = 1;
  while (write(to_parent_, &byte, 1) < 0 && errno == EINTR) {
  }
  close(to_parent_);
  to_parent_ = -1;
}

}  // namespace tune::cli

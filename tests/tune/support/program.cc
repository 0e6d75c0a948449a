#include "tests/tune/support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "core/argv.h"

extern char** environ;

namespace tune::testing {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::vector<std::string> plain_environment(const Environment& wanted) {
  Environment all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const char* name : {"TUNE_DB", "NO_COLOR", "FORCE_COLOR", "CUDA_VISIBLE_DEVICES"}) all.erase(name);
  all["TERM"] = "dumb";
  for (const auto& [name, value] : wanted) all[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : all) {
    if (!value.empty()) entries.push_back(name + "=" + value);
  }
  return entries;
}

bool eventually(const std::function<bool()>& holds, double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

Program::Program(const Start& start) : output_(start.output) {
  std::vector<std::string> arguments = start.command, environment = plain_environment(start.environment);
  const std::vector<char*> argv = argv_of(arguments), envp = argv_of(environment);
  const std::string out = output_ + ".out", err = output_ + ".err";
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  const int in_fd = open("/dev/null", O_RDONLY);
  const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(in_fd, 0), dup2(out_fd, 1), dup2(err_fd, 2);
  for (const int fd : {in_fd, out_fd, err_fd}) {
    if (fd > 2) close(fd);
  }
  if (chdir(start.folder.c_str()) == 0) execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

Program::Program(Program&& other) noexcept
    : pid_(other.pid_), over_(other.over_), status_(other.status_), output_(std::move(other.output_)) {
  other.over_ = true;
}

Program::~Program() {
  if (over_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Program::is_over() {
  if (!over_) over_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  return over_;
}

void Program::signal(int number) const {
  if (!over_) kill(pid_, number);
}

std::string Program::out() const { return file_text(output_ + ".out"); }
std::string Program::err() const { return file_text(output_ + ".err"); }

Outcome Program::wait(double seconds) {
  if (!eventually([this] { return is_over(); }, seconds)) {
    ADD_FAILURE() << "the program did not end within " << seconds << " s; it said:\n" << out() << err();
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
    over_ = true;
  }
  Outcome outcome;
  if (WIFEXITED(status_)) outcome.code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  outcome.out = out();
  outcome.err = err();
  return outcome;
}

}  // namespace tune::testing

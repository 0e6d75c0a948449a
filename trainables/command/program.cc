#include "trainables/command/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "core/argv.h"

namespace tune {
namespace {

// glibc 2.36 declares these without extern "C".
int pidfd_open(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }
bool pidfd_send(const Fd& process, int signal) {
  return syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

bool is_over(const Fd& process) {
  pollfd state{process.get(), POLLIN, 0};
  return poll(&state, 1, 0) > 0;
}

/// What the child could not do, told through a pipe that a successful exec closes.
struct StartFailure {
  enum Stage : int { kDirectory, kExec } stage;
  int error;
};

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& more) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : more) all[name] = value;
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

/// As execvp would find it, in the PATH that the program will have.
std::optional<std::string> find_program(const std::string& name, const std::vector<std::string>& environment,
                                        const std::string& working_dir) {
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& entry : environment) {
    if (entry.rfind("PATH=", 0) == 0) path = std::string_view(entry).substr(5);
  }
  for (;;) {
    const std::size_t end = path.find(':');
    // A relative PATH entry counts from the directory the program will start in.
    const auto candidate = std::filesystem::path(working_dir) / path.substr(0, end) / name;
    if (access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate.string();
    if (end == std::string_view::npos) return std::nullopt;
    path.remove_prefix(end + 1);
  }
}

tl::unexpected<Error> cannot_start(const ProgramCommand& command, const StartFailure& failure) {
  if (failure.stage == StartFailure::kDirectory) {
    return fail(ErrorCode::kTrial,
                "cannot enter the working directory " + command.working_dir + ": " + std::strerror(failure.error));
  }
  std::string hint;
  if (failure.error == EACCES) hint = "is it executable? chmod +x " + command.arguments[0];
  if (failure.error == ENOEXEC) hint = "a script needs a first line such as #!/bin/sh";
  if (failure.error == E2BIG) hint = "pass long values by ${params_file}";
  return fail(ErrorCode::kTrial, "cannot run '" + command.arguments[0] + "': " + std::strerror(failure.error), hint);
}

/// The file to execute.
Result<std::string> locate(const ProgramCommand& command, const std::vector<std::string>& environment) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(command.working_dir, ignored)) {
    return cannot_start(command, {StartFailure::kDirectory, ENOENT});
  }
  const std::string& name = command.arguments[0];
  const auto file = find_program(name, environment, command.working_dir);
  if (!file) {
    return fail(ErrorCode::kTrial, "cannot run '" + name + "': no such program in PATH",
                "a program beside the experiment file is ./" + name);
  }
  const auto path = std::filesystem::path(command.working_dir) / *file;
  if (access(path.c_str(), X_OK) != 0) return cannot_start(command, {StartFailure::kExec, errno});
  return *file;
}

/// In the child, between fork and exec: calls nothing but the kernel.
[[noreturn]] void become(const char* file, char* const* arguments, char* const* environment, const char* directory,
                         pid_t parent, int in, int out, int err, int failure_pipe) {
  const auto give_up = [failure_pipe](StartFailure::Stage stage) {
    const StartFailure failure{stage, errno};
    [[maybe_unused]] const auto written = write(failure_pipe, &failure, sizeof failure);
    _exit(127);
  };
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &normal, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  if (chdir(directory) != 0) give_up(StartFailure::kDirectory);
  execve(file, arguments, environment);
  give_up(StartFailure::kExec);
  __builtin_unreachable();
}

Result<std::pair<Fd, Fd>> make_pipe(int flags) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | flags) != 0) return fail(ErrorCode::kIo, std::string("no pipe: ") + std::strerror(errno));
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

pid_t parent_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::size_t name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return 0;
  pid_t parent = 0;
  return std::sscanf(text.c_str() + name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const pid_t child = std::atoi(entry.path().filename().c_str());
    if (child > 0 && parent_of(child) == pid) out.push_back(child);
  }
  return out;
}

/// A shell that had only one program to run may have become that program.
bool is_still_shell(pid_t pid) {
  std::error_code error;
  const bool same = std::filesystem::equivalent("/proc/" + std::to_string(pid) + "/exe", "/bin/sh", error);
  return same && !error;
}

}  // namespace

Result<Program> Program::start(const ProgramCommand& command) {
  for (const std::string& argument : command.arguments) {
    if (argument.find('\0') != std::string::npos) {
      return fail(ErrorCode::kTrial, "an argument of '" + command.arguments[0] + "' holds a NUL byte");
    }
  }
  const auto environment = merged_environment(command.environment);
  auto file = locate(command, environment);
  if (!file) return pass_on(std::move(file));
  auto out = make_pipe(0), err = make_pipe(0), failure = make_pipe(0);
  if (!out) return pass_on(std::move(out));
  if (!err) return pass_on(std::move(err));
  if (!failure) return pass_on(std::move(failure));
  const Fd in(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto arguments = argv_of(command.arguments);
  const auto variables = argv_of(environment);

  Program program;
  program.is_shell_ = command.is_shell;
  const pid_t parent = getpid();
  program.pid_ = fork();
  if (program.pid_ < 0) return fail(ErrorCode::kIo, std::string("cannot fork: ") + std::strerror(errno));
  if (program.pid_ == 0) {
    become(file->c_str(), arguments.data(), variables.data(), command.working_dir.c_str(), parent, in.get(),
           out->second.get(), err->second.get(), failure->second.get());
  }
  program.handle_ = Fd(pidfd_open(program.pid_));
  failure->second.reset();
  StartFailure what{};
  ssize_t got = 0;
  while ((got = read(failure->first.get(), &what, sizeof what)) < 0 && errno == EINTR) {
  }
  if (got == sizeof what) {
    waitpid(program.pid_, nullptr, 0);
    return cannot_start(command, what);
  }
  if (!program.handle_) return fail(ErrorCode::kIo, std::string("no pidfd: ") + std::strerror(errno));
  program.out_ = std::move(out->first);
  program.err_ = std::move(err->first);
  for (const Fd* pipe : {&program.out_, &program.err_}) fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
  return program;
}

/// Everything that lies in the pipe, up to a bound that keeps the caller awake. False: nothing more for now.
bool Program::read_some(Fd& pipe, const Listener& listener) {
  std::array<char, 1 << 16> buffer;
  for (int i = 0; i < 16 && pipe; ++i) {
    const ssize_t got = read(pipe.get(), buffer.data(), buffer.size());
    if (got > 0) {
      listener(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else {
      if (got == 0 || errno != EAGAIN) pipe.reset();
      return false;
    }
  }
  return static_cast<bool>(pipe);
}

Result<bool> Program::listen(int milliseconds, const Listener& out, const Listener& err,
                             const std::vector<int>& others) {
  std::vector<pollfd> waiting;
  if (out_) waiting.push_back({out_.get(), POLLIN, 0});
  if (err_) waiting.push_back({err_.get(), POLLIN, 0});
  if (!ended_) waiting.push_back({handle_.get(), POLLIN, 0});
  for (const Fd& fd : told_) waiting.push_back({fd.get(), POLLIN, 0});
  for (const int fd : others) waiting.push_back({fd, POLLIN, 0});
  if (poll(waiting.data(), waiting.size(), milliseconds) < 0 && errno != EINTR) {
    return fail(ErrorCode::kIo, std::string("poll: ") + std::strerror(errno));
  }
  if (!ended_ && is_over(handle_)) {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    end_.signalled = WIFSIGNALED(status);
    end_.code = end_.signalled ? WTERMSIG(status) : WEXITSTATUS(status);
  }
  told_.erase(std::remove_if(told_.begin(), told_.end(), is_over), told_.end());
  const bool over = ended_ && told_.empty();
  // What it wrote before its end lies in the pipes by now; what a process that it left behind may write later is not
  // waited for.
  while (read_some(out_, out) && over) {
  }
  while (read_some(err_, err) && over) {
  }
  return !over;
}

bool Program::signal_all(int signal) {
  if (ended_ || is_over(handle_)) return false;
  if (is_shell_ && is_still_shell(pid_)) {
    for (const pid_t child : children_of(pid_)) {
      Fd handle(pidfd_open(child));
      if (!handle || !pidfd_send(handle, signal)) continue;
      told_.push_back(std::move(handle));
      end_.is_shells = true;
    }
  }
  return pidfd_send(handle_, signal);
}

bool Program::ask_to_leave() { return signal_all(SIGTERM); }

void Program::kill() { signal_all(SIGKILL); }

}  // namespace tune

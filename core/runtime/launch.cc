#include "core/runtime/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/argv.h"
#include "core/json.h"
#include "core/runtime/output_capture.h"
#include "core/runtime/proc.h"
#include "core/runtime/socket_dir.h"
#include "core/sha256.h"

namespace tune {
namespace {

constexpr double kForDeath = 10;  // seconds; what does not die by SIGKILL in this time sleeps in the kernel

/// posix_spawn's two parameter objects.
struct SpawnSetup {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  SpawnSetup() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigfillset(&signals);
    ::sigdelset(&signals, SIGKILL);
    ::sigdelset(&signals, SIGSTOP);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
};

/// StartWorker for a program.
Result<pid_t> spawn_program(const std::vector<std::string>& arguments, const std::string& complaints,
                            const Fd& secrets) {
  const std::vector<char*> argv = argv_of(arguments);

  SpawnSetup setup;
  ::posix_spawn_file_actions_addopen(&setup.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&setup.files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&setup.files, STDERR_FILENO, complaints.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
  ::posix_spawn_file_actions_adddup2(&setup.files, secrets.get(), kSecretsFd);
  ::posix_spawn_file_actions_addclosefrom_np(&setup.files, kSecretsFd + 1);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0], &setup.files, &setup.attributes, argv.data(), environ);
  if (error == 0) return pid;
  return fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("cannot start the worker {}: {}", arguments.front(), std::strerror(error)));
}

}  // namespace

Result<LaunchedWorker> launch_worker(LaunchPlan plan, const StartWorker& start) {
  LaunchedWorker worker;
  worker.launch = random_hex(16);
  plan.worker.launch = worker.launch;
  plan.worker.token = random_hex(32);
  worker.proof = sha256_hex(plan.worker.token);
  worker.socket = plan.worker.socket;

  auto secrets = make_memfd(worker_secrets(plan.worker));
  if (!secrets) return pass_on(std::move(secrets));
  if (secrets->get() == kSecretsFd) {  // dup2 onto itself would leave close-on-exec set
    secrets = Fd(::fcntl(kSecretsFd, F_DUPFD_CLOEXEC, kSecretsFd + 1));
  }

  std::vector<std::string> arguments = plan.command;
  for (std::string& argument : worker_arguments(plan.worker, kSecretsFd)) arguments.push_back(std::move(argument));
  const auto pid = start ? start(std::move(arguments), plan.complaints, *secrets)
                         : spawn_program(arguments, plan.complaints, *secrets);
  if (!pid) return fail(pid.error().code, pid.error().message, pid.error().hint);
  worker.pid = *pid;
  worker.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, worker.pid, 0)));
  worker.start = process_start(worker.pid).value_or(0);
  if (!worker.pidfd) {
    ::kill(worker.pid, SIGKILL);
    ::waitpid(worker.pid, nullptr, 0);
    return fail(ErrorCode::kIo, fmt::format("cannot watch the worker: {}", std::strerror(errno)));
  }
  return worker;
}

void end_worker(LaunchedWorker& worker, double patience) {
  const auto gone = [&](double seconds) {
    pollfd wait{worker.pidfd.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(seconds * 1000)) > 0;
  };
  if (!gone(patience)) {
    ::kill(worker.pid, SIGKILL);
    gone(kForDeath);
  }
  ::waitpid(worker.pid, nullptr, WNOHANG);
  end_marked(worker.launch, kForDeath);
  worker.pid = 0;
}

std::string last_complaints(const std::string& complaints) {
  OutputCapture capture;
  std::ifstream file(complaints);
  std::string line;
  while (std::getline(file, line)) capture.add(line + "\n");
  return capture.last_lines(5, 1000);
}

std::string status_words(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("exit code {}", WIFEXITED(status) ? WEXITSTATUS(status) : status);
}

std::string own_program() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string("/proc/self/exe");
}

std::string default_host_program() {
  const std::filesystem::path bin = std::filesystem::path(own_program()).parent_path();
  const std::filesystem::path beside = bin / "tune-host";
  const std::filesystem::path apart = bin.parent_path() / "libexec" / "tune" / "tune-host";
  std::error_code ignored;
  return !std::filesystem::exists(beside, ignored) && std::filesystem::exists(apart, ignored) ? apart : beside;
}

std::string launches_to_json(const std::vector<const LaunchedWorker*>& launches) {
  List rows;
  const std::string boot = boot_id();
  for (const LaunchedWorker* worker : launches) {
    Map row;
    row.emplace_back("launch", Value(worker->launch));
    row.emplace_back("proof", Value(worker->proof));
    row.emplace_back("socket", Value(worker->socket));
    row.emplace_back("pid", Value(static_cast<std::int64_t>(worker->pid)));
    row.emplace_back("start", Value(worker->start));
    row.emplace_back("boot", Value(boot));
    rows.emplace_back(std::move(row));
  }
  return to_json(Value(std::move(rows)));
}

}  // namespace tune

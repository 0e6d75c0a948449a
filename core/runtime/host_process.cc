#include "core/runtime/host_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

#include "core/argv.h"
#include "core/runtime/host_command.h"
#include "core/runtime/launch.h"
#include "core/runtime/open_files.h"
#include "core/trainable_ref.h"

namespace tune {
namespace {

/// The environment with these variables set: TUNE_ATTEMPT among them is in the first block of the new program's memory,
/// where /proc shows it, and where a forked trial can put its own mark in its place.
std::vector<std::string> environment_with(std::vector<std::string> set) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view name = std::string_view(*entry).substr(0, std::string_view(*entry).find('=') + 1);
    if (name.empty() || std::ranges::none_of(set, [&](const std::string& one) { return one.starts_with(name); })) {
      all.emplace_back(*entry);
    }
  }
  std::ranges::move(set, std::back_inserter(all));
  return all;
}

/// A copy of this process becomes the fork server.
[[noreturn]] void become_host(HostEntry entry, Fd channel, std::vector<std::string> arguments,
                              const std::string& mark) {
  constexpr int kHostFd = 3;
  if (channel.get() != kHostFd) ::dup2(channel.get(), kHostFd);
  (void)channel.release();
  ::close_range(kHostFd + 1, ~0u, 0);
  forget_signal_handlers();
  ::setenv("TUNE_ATTEMPT", mark.c_str(), 1);
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "--fd") arguments[i + 1] = std::to_string(kHostFd);
  }
  std::vector<char*> argv = argv_of(arguments);
  const int code = entry(static_cast<int>(arguments.size()), argv.data());
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace

HostProcess::HostProcess(boost::asio::io_context& io, Events events)
    : io_(io), events_(std::move(events)), children_(io, SIGCHLD) {
  watch_children();
}

HostProcess::~HostProcess() {
  *alive_ = false;
  kill();
}

Result<void> HostProcess::start(const WorkerOptions& options, const std::string& mark, bool reuse) {
  auto pair = Channel::pair();
  if (!pair) return pass_on(std::move(pair));
  Fd host_end = pair->second.take_fd();
  const pid_t self = ::getpid();
  auto command = options.host_entry == nullptr ? host_command(options) : HostCommand{{options.host_program}, {}};
  if (!command) {
    boost::asio::post(io_, [this, alive = alive_, error = command.error()] {
      if (*alive) events_.ready(Ready{false, {}, error.message, error.hint, error.code});
    });
    return {};
  }
  std::vector<std::string> arguments = std::move(command->arguments);
  for (const std::string& argument :
       {std::string("--fd"), std::to_string(host_end.get()), std::string("--parent"), std::to_string(self)}) {
    arguments.push_back(argument);
  }
  if (reuse) arguments.push_back("--reuse");
  command->environment.push_back("TUNE_ATTEMPT=" + mark);
  std::vector<std::string> environment = environment_with(std::move(command->environment));
  const std::vector<char*> argv = argv_of(arguments), envp = argv_of(environment);

  pid_ = ::fork();  // this process has one thread
  if (pid_ < 0) {
    pid_ = 0;
    return fail(ErrorCode::kIo, fmt::format("cannot start the fork server: {}", std::strerror(errno)));
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != self) ::_exit(1);
    restore_open_files();
    if (options.host_entry != nullptr) become_host(options.host_entry, std::move(host_end), arguments, mark);
    ::signal(SIGPIPE, SIG_DFL);
    const int flags = ::fcntl(host_end.get(), F_GETFD);
    ::fcntl(host_end.get(), F_SETFD, flags & ~FD_CLOEXEC);
    ::execve(argv[0], argv.data(), envp.data());
    const int error = errno;
    Channel to_worker(std::move(host_end));
    (void)to_worker.send(Ready{false,
                               {},
                               fmt::format("cannot start {}: {}", argv[0], std::strerror(error)),
                               "tune is not installed whole: tune-host belongs beside it",
                               ErrorCode::kNotFound});
    ::_exit(127);
  }
  channel_ = std::move(pair->first);
  watch_ = std::make_unique<FdWatch>(
      io_, channel_.fd(), [this] { readable(); },
      [this] {
        const auto flushed = channel_.flush();
        if (flushed && !*flushed) watch_->arm_write();
      });
  watch_->arm_read();
  send(Load{to_json(options.trainable)});
  return {};
}

void HostProcess::spawn(const Spawn& spawn, Fd trial_end, Fd output_end) {
  std::vector<Fd> descriptors;
  descriptors.push_back(std::move(trial_end));
  descriptors.push_back(std::move(output_end));
  send(spawn, std::move(descriptors));
}

void HostProcess::send(const Frame& frame, std::vector<Fd> descriptors) {
  const auto sent = channel_.queue(frame, std::move(descriptors));
  if (sent && !*sent) watch_->arm_write();  // if it is gone, reading will tell
}

void HostProcess::readable() {
  const auto filled = channel_.fill();
  const bool open = filled && *filled;
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && watch_) {
    auto received = channel_.next();
    if (!received) return lost();
    if (!*received) break;
    Frame& frame = (*received)->frame;
    if (auto* ready = std::get_if<Ready>(&frame)) {
      events_.ready(std::move(*ready));
    } else if (const auto* spawned = std::get_if<Spawned>(&frame)) {
      events_.spawned(*spawned);
    } else if (const auto* exited = std::get_if<Exited>(&frame)) {
      events_.exited(*exited);
    }
  }
  if (!*alive || !watch_) return;
  if (!open) return lost();
  watch_->arm_read();
}

void HostProcess::lost() {
  kill();  // has no effect on one that has ended already: its own status stays
  events_.gone(status_words(status_));
}

void HostProcess::kill() {
  watch_.reset();
  channel_ = Channel();
  if (pid_ == 0) return;
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  pid_ = 0;
  reap();
}

/// What has ended: orphans of trials, which come to the worker (PR_SET_CHILD_SUBREAPER), and the host.
void HostProcess::reap() {
  int status = 0;
  while (const pid_t ended = ::waitpid(-1, &status, WNOHANG)) {
    if (ended < 0) return;
    if (ended != pid_) continue;
    status_ = status;
    reaped_ = true;
  }
}

void HostProcess::watch_children() {
  children_.async_wait([this, alive = alive_](const boost::system::error_code& error, int) {
    if (error || !*alive) return;
    reap();
    watch_children();
  });
}

}  // namespace tune

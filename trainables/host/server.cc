#include "trainables/host/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <set>

#include "core/channel.h"
#include "core/trainable_ref.h"
#include "trainables/host/child.h"
#include "trainables/host/describe.h"
#include "trainables/host/process.h"

namespace tune {
namespace {

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); }

Ready refusal(const Error& error) { return {false, {}, error.message, error.hint, error.code}; }

/// A copy of a process holds none of its threads, so whoever waits for one there waits for ever: refused.
std::optional<Error> new_threads(const LoadedTrainable& trainable) {
  const int more = count_tasks() - trainable.tasks;
  if (more <= 0) return std::nullopt;
  return Error{ErrorCode::kTrial,
               fmt::format("{} has started {} thread{} before its first trial; forked trials would hang",
                           trainable.info.name, more, more == 1 ? "" : "s"),
               "start threads in the trial itself, or give it `isolation: thread`"};
}

/// What the worker wants to be loaded: its first frame. kIo: it has none to say.
Result<TrainableRef> receive_ref(Channel& channel) {
  auto received = channel.receive();
  if (!received) return pass_on(std::move(received));
  const Load* const load = *received ? std::get_if<Load>(&(*received)->frame) : nullptr;
  if (load == nullptr) return fail(ErrorCode::kIo, "nobody says which trainable is to be loaded");
  return parse_trainable_ref(load->trainable);
}

class Server {
 public:
  Server(const ServerOptions& options, Channel& channel, const LoadedTrainable& trainable)
      : options_(options), channel_(channel), trainable_(trainable) {}

  int run(int children_signal);

 private:
  /// False: the worker is gone, or says what nobody understands.
  bool take_frames();
  bool spawn(ReceivedFrame& received);
  bool reap();
  void kill_all();

  const ServerOptions& options_;
  Channel& channel_;
  const LoadedTrainable& trainable_;
  std::set<pid_t> children_;
};

int Server::run(int children_signal) {
  while (true) {
    pollfd watched[] = {{channel_.fd(), POLLIN, 0}, {children_signal, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) break;
    if (watched[1].revents != 0) {
      signalfd_siginfo told[8];
      while (::read(children_signal, told, sizeof told) > 0) continue;
      if (!reap()) break;
    }
    if (watched[0].revents != 0 && !take_frames()) break;
  }
  kill_all();
  return 0;
}

bool Server::take_frames() {
  const auto alive = channel_.fill();
  while (true) {
    auto received = channel_.next();
    if (!received) {
      std::fprintf(stderr, "tune-host: %s\n", received.error().message.c_str());
      return false;
    }
    if (!*received) break;
    if (std::holds_alternative<Quit>((*received)->frame)) return false;
    if (std::holds_alternative<Spawn>((*received)->frame) && !spawn(**received)) return false;
  }
  return alive && *alive;
}

bool Server::spawn(ReceivedFrame& received) {
  const Spawn& spawn = std::get<Spawn>(received.frame);
  Spawned answer{spawn.slot, 0, {}};
  if (received.descriptors.size() < 2) {
    answer.error = "a trial's process needs a channel and an output";
    return channel_.send(answer).has_value();
  }
  if (const auto threads = new_threads(trainable_)) {
    answer.error = threads->message;
    return channel_.send(answer).has_value();
  }
  // What stands in a buffer here would be printed once more by each child that calls exit().
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    run_child({trainable_, spawn, received.descriptors[0].get(), received.descriptors[1].get(), self, options_.reuse});
  }
  if (pid < 0) {
    answer.error = fmt::format("cannot fork: {}", std::strerror(errno));
  } else {
    ::setpgid(pid, pid);  // here too: whoever kills the group must not come before the child has made it
    children_.insert(pid);
    answer.pid = pid;
  }
  return channel_.send(answer).has_value();
}

bool Server::reap() {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
    if (pid <= 0) return true;
    if (children_.erase(pid) == 0) continue;  // one that the library started for itself
    const Exited exited{pid, status, seconds(usage.ru_utime) + seconds(usage.ru_stime),
                        static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
    if (!channel_.send(exited)) return false;
  }
}

void Server::kill_all() {
  for (const pid_t pid : children_) {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
  }
  for (const pid_t pid : children_) ::waitpid(pid, nullptr, 0);
}

}  // namespace

int serve(const ServerOptions& options, const CompiledIn& compiled_in) {
  if (options.parent != 0) {
    die_with_parent(options.parent);
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a parent that is dead already has closed the socket
  }
  ::fcntl(options.fd, F_SETFD, FD_CLOEXEC);
  Channel channel{Fd(options.fd)};
  std::signal(SIGPIPE, SIG_IGN);
  // Blocked before anything is loaded, so that a thread that a library starts does not take the signal away.
  sigset_t child_ends;
  ::sigemptyset(&child_ends);
  ::sigaddset(&child_ends, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_ends, nullptr);
  const Fd children_signal(::signalfd(-1, &child_ends, SFD_NONBLOCK | SFD_CLOEXEC));

  const auto ref = receive_ref(channel);
  if (!ref) {
    (void)channel.send(refusal(ref.error()));
    return 1;
  }
  const auto loaded = load_alone(*ref, compiled_in, [&](const Error& e) { (void)channel.send(refusal(e)); });
  if (!loaded) {
    (void)channel.send(refusal(loaded.error()));
    return 1;
  }
  if (const auto threads = new_threads(*loaded)) {
    (void)channel.send(refusal(*threads));
    return 1;
  }
  const Ready ready{true, loaded->info, {}, {}, ErrorCode::kTrial};
  if (!children_signal || !channel.send(ready)) return 1;
  Server server(options, channel, *loaded);
  const int code = server.run(children_signal.get());
  std::fflush(nullptr);
  _exit(code);  // a library's destructors are for trials
}

}  // namespace tune

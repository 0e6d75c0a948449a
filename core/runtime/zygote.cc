#include "core/runtime/zygote.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace tune {
namespace {

constexpr int kSocketFd = 3;
constexpr std::size_t kLongest = 1 << 20;

/// One request: NUL-terminated texts (complaints, then arguments), and the memory file of its secrets.
bool send_request(int socket, const std::string& texts, int secrets) {
  iovec part{const_cast<char*>(texts.data()), texts.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &secrets, sizeof secrets);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(texts.size());
}

/// The texts of the next request; empty: nobody asks any more.
std::vector<std::string> receive_request(int socket, Fd& secrets) {
  std::string bytes(kLongest, '\0');
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, 0);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return {};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  secrets = Fd(fd);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < static_cast<std::size_t>(size); at += texts.back().size() + 1) {
    texts.emplace_back(bytes.c_str() + at);
  }
  return texts;
}

/// stdin, stdout and stderr of a process that nobody sees.
void mute(const std::string& complaints) {
  const int null = ::open("/dev/null", O_RDWR);
  const int errors = complaints.empty() ? -1 : ::open(complaints.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(errors >= 0 ? errors : null, STDERR_FILENO);
  for (const int fd : {null, errors}) {
    if (fd > STDERR_FILENO) ::close(fd);
  }
}

[[noreturn]] void become_worker(std::vector<std::string> texts, Fd secrets, HostEntry host) {
  ::setsid();
  forget_signal_handlers();
  mute(texts.front());
  if (secrets.get() != kSecretsFd) ::dup2(secrets.get(), kSecretsFd);
  (void)secrets.release();
  ::close_range(kSecretsFd + 1, ~0u, 0);
  texts.erase(texts.begin());
  auto options = parse_worker_arguments(texts);
  int code = 2;
  if (options) {
    options->host_entry = host;
    code = run_worker(*options);
  }
  ::_exit(code);
}

[[noreturn]] void become_zygote(int socket, HostEntry host) {
  forget_signal_handlers();
  ::signal(SIGINT, SIG_IGN);   // a Ctrl-C is the program's to answer
  ::signal(SIGCHLD, SIG_IGN);  // workers are watched by whoever asked for them
  mute({});
  if (socket != kSocketFd) ::dup2(socket, kSocketFd);
  ::close_range(kSocketFd + 1, ~0u, 0);
  while (true) {
    Fd secrets;
    std::vector<std::string> texts = receive_request(kSocketFd, secrets);
    if (texts.empty()) ::_exit(0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (secrets.get() == kSocketFd) ::_exit(1);
      become_worker(std::move(texts), std::move(secrets), host);
    }
    if (::send(kSocketFd, &pid, sizeof pid, MSG_NOSIGNAL) != sizeof pid) ::_exit(1);
  }
}

}  // namespace

Result<std::unique_ptr<Zygote>> Zygote::start(HostEntry host) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(ErrorCode::kIo, fmt::format("socketpair: {}", std::strerror(errno)));
  }
  Fd ours(ends[0]), theirs(ends[1]);
  // What stands in a buffer would be printed once more by each copy.
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(ErrorCode::kIo, fmt::format("cannot fork: {}", std::strerror(errno)));
  if (pid == 0) become_zygote(theirs.get(), host);
  return std::unique_ptr<Zygote>(new Zygote(pid, std::move(ours)));
}

Zygote::~Zygote() {
  socket_.reset();
  ::kill(pid_, SIGKILL);  // other copies may hold the socket as well
  ::waitpid(pid_, nullptr, 0);
}

Result<pid_t> Zygote::start_worker(const std::vector<std::string>& arguments, const std::string& complaints,
                                   const Fd& secrets) {
  std::string texts = complaints + '\0';
  for (std::size_t i = 1; i < arguments.size(); ++i) texts += arguments[i] + '\0';
  pid_t pid = 0;
  if (!send_request(socket_.get(), texts, secrets.get()) ||
      ::recv(socket_.get(), &pid, sizeof pid, 0) != static_cast<ssize_t>(sizeof pid)) {
    return fail(ErrorCode::kIo, "the process from which workers are forked is gone", "run the program again");
  }
  if (pid < 0) return fail(ErrorCode::kIo, "cannot fork a worker");
  return pid;
}

}  // namespace tune

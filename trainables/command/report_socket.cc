#include "trainables/command/report_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/json.h"
#include "trainables/command/line_splitter.h"

namespace tune {
namespace {

constexpr const char* kTooLong = "a report is at most 1 MiB long";
constexpr std::size_t kMaxConnections = 64;  // further ones wait in the listener's queue

tl::unexpected<Error> system_error(ErrorCode code, const std::string& what) {
  return fail(code, what + ": " + std::strerror(errno));
}

Fd new_socket(int flags) { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

/// Calls `use` with the address of a path of any length: a long one is named through its open directory, since an
/// address holds 107 bytes.
template <typename Use>
int with_address(const std::string& path, Use use) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string name = path;
  Fd directory;
  if (name.size() >= sizeof address.sun_path) {
    const std::size_t slash = path.rfind('/');
    directory = Fd(::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return -1;
    name = "/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash);
  }
  if (name.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  return use(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(sizeof address));
}

bool send_all(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Result<ReportSocket> ReportSocket::listen(const std::string& path) {
  ReportSocket made;
  made.listener_ = new_socket(SOCK_NONBLOCK);
  ::unlink(path.c_str());
  const int bound = with_address(
      path, [&](const sockaddr* address, socklen_t size) { return ::bind(made.listener_.get(), address, size); });
  // Nobody is let in before listen().
  if (bound != 0 || ::chmod(path.c_str(), 0600) != 0 || ::listen(made.listener_.get(), SOMAXCONN) != 0) {
    return system_error(ErrorCode::kIo, "cannot make the socket " + path);
  }
  return made;
}

std::vector<int> ReportSocket::descriptors() const {
  std::vector<int> all;
  if (connections_.size() < kMaxConnections && !rests_) all.push_back(listener_.get());
  for (const Connection& connection : connections_) all.push_back(connection.socket.get());
  return all;
}

void ReportSocket::accept_all() {
  while (connections_.size() < kMaxConnections) {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    rests_ = !socket && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
    if (!socket) return;
    connections_.push_back({std::move(socket), {}});
  }
}

/// True once there is nothing more to wait for: the line is complete, too long, or at its end.
bool ReportSocket::read_line(Connection& connection) {
  char buffer[1 << 14];
  for (;;) {
    const ssize_t got = ::recv(connection.socket.get(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno != EAGAIN;
    if (got == 0) return true;
    connection.line.append(buffer, static_cast<std::size_t>(got));
    if (connection.line.find('\n') != std::string::npos || connection.line.size() > LineSplitter::kMaxLine) return true;
  }
}

void ReportSocket::serve(const Handler& handler) {
  accept_all();
  std::erase_if(connections_, [&](Connection& connection) {
    if (!read_line(connection)) return false;
    connection.line.resize(std::min(connection.line.find('\n'), connection.line.size()));
    if (connection.line.empty()) return true;
    const std::string answer =
        connection.line.size() > LineSplitter::kMaxLine ? report_refusal(kTooLong) : handler(connection.line);
    send_all(connection.socket, answer + "\n");  // a few bytes: there is room for them
    return true;
  });
}

Result<ReportVerdict> send_report(const std::string& path, std::string_view json) {
  if (json.size() > LineSplitter::kMaxLine) return fail(ErrorCode::kBadInput, kTooLong);
  const Fd socket = new_socket(0);
  const int connected = with_address(
      path, [&](const sockaddr* address, socklen_t size) { return ::connect(socket.get(), address, size); });
  if (connected != 0) return system_error(ErrorCode::kNotFound, "no trial listens at " + path);
  std::string line;
  if (send_all(socket, std::string(json) + "\n")) {
    char buffer[4096];
    for (ssize_t got = 0; line.find('\n') == std::string::npos;) {
      got = ::recv(socket.get(), buffer, sizeof buffer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      line.append(buffer, static_cast<std::size_t>(got));
    }
  }
  if (line.empty()) return fail(ErrorCode::kNotFound, "the trial is over: its report was not taken");
  const auto answer = parse_json(line);
  const Value* const error = answer ? answer->find("error") : nullptr;
  if (error != nullptr && error->is_text()) return fail(ErrorCode::kBadInput, error->text());
  const Value* const go_on = answer ? answer->find("go_on") : nullptr;
  if (go_on == nullptr || !go_on->is_bool()) return fail(ErrorCode::kIo, "not an answer to a report: " + line);
  return go_on->boolean() ? ReportVerdict::kGoOn : ReportVerdict::kLeave;
}

std::string report_answer(ReportVerdict verdict) {
  return to_json(Value(Map{{"go_on", verdict == ReportVerdict::kGoOn}}));
}

std::string report_refusal(std::string_view what_is_wrong) {
  return to_json(Value(Map{{"error", std::string(what_is_wrong)}}));
}

}  // namespace tune

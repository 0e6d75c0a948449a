#include "core/runtime/socket_dir.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace tune {
namespace {

constexpr std::size_t kNameDigits = 16;
constexpr int kMostTries = 1000;
constexpr time_t kSettled = 60;  // seconds after which a directory has a listener, or none any more

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int code = errno;
  return fail(code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("cannot {} {}: {}", what, path, std::strerror(code)));
}

/// kNotFound: somebody has removed it, or the folder it lies in, at this moment.
Result<void> make_private(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("make", path);
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return failed("look at", path);
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::getuid()) {
    return fail(ErrorCode::kIo, fmt::format("{} is not a directory of yours", path), "remove it, or ask its owner to");
  }
  if ((found.st_mode & 077) != 0) {
    return fail(ErrorCode::kIo, fmt::format("{} is open to others", path), fmt::format("chmod 700 {}", path));
  }
  return {};
}

bool has_name_of_ours(const std::filesystem::path& dir) {
  const std::string name = dir.filename().string();
  return name.size() == kNameDigits && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool nobody_listens(const std::filesystem::path& dir) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string socket = dir.string() + "/worker";
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool refused = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                       (errno == ECONNREFUSED || errno == ENOENT);
  ::close(fd);
  return refused;
}

/// Its controller is dead, and so may be its worker, which would have removed it. A directory that was made just before
/// `now` is left alone.
bool is_abandoned(const std::filesystem::path& dir, time_t now) {
  struct stat found {};
  if (::lstat(dir.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != ::getuid()) return false;
  return now - found.st_mtime >= kSettled && nobody_listens(dir);
}

/// All times are the file system's: the clock that this process sees may be another.
void remove_abandoned(const std::string& base, const std::string& own) {
  struct stat made {};
  if (::lstat(own.c_str(), &made) != 0) return;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(base, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (has_name_of_ours(entry->path()) && is_abandoned(entry->path(), made.st_mtime))
      std::filesystem::remove_all(entry->path(), ignored);
  }
}

}  // namespace

// Every run that ends takes the base away if nobody else is in it, so it may go between the two steps here.
Result<SocketDir> SocketDir::make() {
  const std::string base = fmt::format("/tmp/tune-{}", ::getuid());
  const std::string path = base + "/" + random_hex(kNameDigits / 2);
  Result<void> made;
  for (int tries = 0; tries < kMostTries; ++tries) {
    made = make_private(base);
    if (made) made = make_private(path);
    if (made || made.error().code != ErrorCode::kNotFound) break;
  }
  if (!made) return pass_on(std::move(made));
  SocketDir dir(path);
  remove_abandoned(base, path);
  return dir;
}

void SocketDir::remove() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  ::rmdir(path_.substr(0, path_.rfind('/')).c_str());  // fails while another run uses it
  path_.clear();
}

void remove_socket_dir_of(const std::string& socket) {
  const std::filesystem::path dir = std::filesystem::path(socket).parent_path();
  const bool ours = dir.parent_path() == fmt::format("/tmp/tune-{}", ::getuid()) && has_name_of_ours(dir);
  if (!ours || !nobody_listens(dir)) return;
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
  ::rmdir(dir.parent_path().c_str());  // fails while another run uses it
}

bool is_of_this_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::getuid();
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::getrandom(raw.data() + have, bytes - have, 0);
    if (got < 0 && errno != EINTR) std::abort();  // a kernel without it is not one we run on
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  std::string text;
  for (const char c : raw) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace tune

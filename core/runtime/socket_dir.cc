#include "core/runtime/socket_dir.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tune {
namespace {

constexpr std::size_t kNameDigits = 16;

Result<void> make_private(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorCode::kIo, fmt::format("cannot make {}: {}", path, std::strerror(errno)));
  }
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    return fail(ErrorCode::kIo, fmt::format("cannot look at {}: {}", path, std::strerror(errno)));
  }
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::getuid()) {
    return fail(ErrorCode::kIo, fmt::format("{} is not a directory of yours", path), "remove it, or ask its owner to");
  }
  if ((found.st_mode & 077) != 0) {
    return fail(ErrorCode::kIo, fmt::format("{} is open to others", path), fmt::format("chmod 700 {}", path));
  }
  return {};
}

}  // namespace

Result<SocketDir> SocketDir::make() {
  const std::string base = fmt::format("/tmp/tune-{}", ::getuid());
  if (auto made = make_private(base); !made) return pass_on(std::move(made));
  SocketDir dir(base + "/" + random_hex(kNameDigits / 2));
  if (auto made = make_private(dir.path()); !made) return pass_on(std::move(made));
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
  const std::string name = dir.filename().string();
  const bool ours = dir.parent_path() == fmt::format("/tmp/tune-{}", ::getuid()) && name.size() == kNameDigits &&
                    name.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!ours) return;
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
  ::rmdir(dir.parent_path().c_str());  // fails while another run uses it
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

#pragma once

// Where the controller listens: a directory of its own under /tmp/tune-<uid>. Not beside the database: a socket's path
// has 107 bytes, and network file systems hold no sockets; not in XDG_RUNTIME_DIR, which goes at logout.

#include <string>

#include "core/result.h"

namespace tune {

/// Removed with all that is in it at the end.
class SocketDir {
 public:
  /// Removes directories in which nobody listens any more, too. kIo, with what is in the way: /tmp/tune-<uid> of
  /// somebody else, or open to others.
  static Result<SocketDir> make();

  SocketDir(SocketDir&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  SocketDir& operator=(SocketDir&&) = delete;
  ~SocketDir() { remove(); }

  const std::string& path() const { return path_; }
  std::string socket() const { return path_ + "/worker"; }
  /// What worker and fork server say when something goes wrong before they can speak.
  std::string complaints() const { return path_ + "/stderr"; }
  void remove();

 private:
  explicit SocketDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Removes the directory of a socket that a dead controller left behind. Does nothing unless it is one of ours
/// (named as make() names them, in this user's folder), nor while somebody listens, who may only have stood still.
void remove_socket_dir_of(const std::string& socket);

/// Whether the process at the other end of a Unix socket is of this user.
bool is_of_this_user(int socket);

/// `bytes` random bytes of the system, as hex digits.
std::string random_hex(std::size_t bytes);

}  // namespace tune

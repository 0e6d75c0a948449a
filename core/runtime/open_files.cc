#include "core/runtime/open_files.h"

#include <sys/resource.h>

#include <optional>

namespace tune {
namespace {

constexpr rlim_t kKeptFree = 32;

std::optional<rlimit> before;

}  // namespace

void allow_many_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  before = limit;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool is_one_of_the_last(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<rlim_t>(descriptor) + kKeptFree >= limit.rlim_cur;
}

void restore_open_files() {
  if (before) ::setrlimit(RLIMIT_NOFILE, &*before);
}

}  // namespace tune

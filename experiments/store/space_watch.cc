#include "experiments/store/space_watch.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "core/text.h"

namespace tune {

std::optional<std::string> SpaceWatch::look(std::chrono::steady_clock::time_point now) {
  if (looked_ && now - *looked_ < std::chrono::seconds(10)) return std::nullopt;
  looked_ = now;
  struct statvfs space {};
  if (::statvfs(folder_.c_str(), &space) != 0) return std::nullopt;
  return judge(std::uint64_t{space.f_bavail} * space.f_frsize);
}

std::optional<std::string> SpaceWatch::judge(std::uint64_t left) {
  if (left >= 2 * kLittle) said_ = false;
  if (left >= kLittle || said_) return std::nullopt;
  said_ = true;
  return fmt::format("{} is left on the disk of {}: when it is full, trials wait until there is room",
                     format_size(left), folder_);
}

}  // namespace tune

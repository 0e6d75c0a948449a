#include "core/runtime/disk_room.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace tune {

std::optional<std::uint64_t> room_on_disk(const std::string& path) {
  struct statvfs space {};
  if (::statvfs(path.c_str(), &space) != 0) return std::nullopt;
  if (space.f_files > 0 && space.f_ffree == 0) return 0;
  const std::uint64_t blocks = ::geteuid() == 0 ? space.f_bfree : space.f_bavail;  // some are kept for root
  return blocks * space.f_frsize;
}

std::optional<std::string> DiskRoom::full(double now) {
  for (const std::string& folder : folders_) {
    if (const auto left = room_(folder); !left || *left >= kFull) continue;
    last_full_ = folder;
    last_full_at_ = now;
    return folder;
  }
  return std::nullopt;
}

std::optional<std::string> DiskRoom::was_full(double now) {
  if (auto folder = full(now)) return folder;
  return now < last_full_at_ + kJustNow ? std::optional(last_full_) : std::nullopt;
}

void DiskRoom::lost(double now) {
  if (now < rests_until_) return;  // several trials may be lost at once
  rests_until_ = now + rest_;
  rest_ = std::min(2 * rest_, kLongestRest);
}

}  // namespace tune

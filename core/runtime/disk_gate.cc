#include "core/runtime/disk_gate.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/runtime/proc.h"

namespace tune {
namespace {

constexpr std::chrono::milliseconds kLookForRoom{250};

/// Of an attempt's files, and of the database beside them.
std::vector<std::string> folders_that_need_room(const std::string& attempts_dir) {
  return {attempts_dir, std::filesystem::path(attempts_dir).parent_path().string()};
}

}  // namespace

DiskGate::DiskGate(boost::asio::io_context& io, const std::string& attempts_dir, Dialogue& dialogue,
                   std::function<void()> look_again)
    : room_(folders_that_need_room(attempts_dir)),
      dialogue_(dialogue),
      look_again_(std::move(look_again)),
      timer_(io) {}

bool DiskGate::is_open() {
  if (room_.may_start(running_seconds())) {
    if (std::exchange(said_full_, false)) {
      dialogue_.say(wire::LogLine{wire::LogLine::Level::kNote, "there is room on the disk again: trials are started"});
    }
    return true;
  }
  if (const auto folder = room_.full(running_seconds())) say_full(*folder);
  if (std::exchange(looks_, true)) return false;
  timer_.expires_after(kLookForRoom);
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    looks_ = false;
    look_again_();
  });
  return false;
}

std::optional<std::string> DiskGate::is_to_blame() {
  const double now = running_seconds();
  auto folder = room_.was_full(now);
  if (!folder) return std::nullopt;
  room_.lost(now);
  say_full(*folder);
  return folder;
}

void DiskGate::say_full(const std::string& folder) {
  if (std::exchange(said_full_, true)) return;
  dialogue_.say(wire::LogLine{
      wire::LogLine::Level::kWarning,
      fmt::format("the disk of {} is full: no trial is started until there is room, and one that fails meanwhile goes "
                  "on from its last checkpoint then, as if its worker had been lost",
                  folder)});
}

}  // namespace tune

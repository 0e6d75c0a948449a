#pragma once

// A full disk is nobody's fault: a trial that fails while there is no room for its files has not failed, and what is
// started then would fail as well. A worker asks here before it starts a trial, and when one has failed: at that moment
// what the trial has written still lies there.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tune {

/// Bytes that this user may still write on the disk of `path`; 0 as well where it takes no more files. Nothing: there
/// is no such path.
std::optional<std::uint64_t> room_on_disk(const std::string& path);

/// Thread rule: one thread.
class DiskRoom {
 public:
  using Room = std::function<std::optional<std::uint64_t>(const std::string& path)>;
  /// With fewer bytes left a disk is full: file systems keep some to themselves.
  static constexpr std::uint64_t kFull = 256u << 10;
  /// Seconds that nothing is started after a loss, twice as long after each that follows without a word of a trial: a
  /// disk that only seems to have room must not use up the losses that a trial is given.
  static constexpr double kShortestRest = 1, kLongestRest = 60;
  static constexpr double kJustNow = 1;

  /// `folders`: those that must all have room. `room`: for tests.
  explicit DiskRoom(std::vector<std::string> folders, Room room = room_on_disk)
      : folders_(std::move(folders)), room_(std::move(room)) {}

  /// One of the folders on a disk that is full at `now` (running_seconds).
  std::optional<std::string> full(double now);
  /// The same, or that was seen to be full less than kJustNow before: of a failure one hears later than it happened.
  std::optional<std::string> was_full(double now);
  /// A trial was lost to a full disk.
  void lost(double now);
  /// A trial has said something: the next rest is the shortest again.
  void heard() { rest_ = kShortestRest; }
  /// Whether a trial may be started.
  bool may_start(double now) { return !full(now) && now >= rests_until_; }

 private:
  std::vector<std::string> folders_;
  Room room_;
  double rest_ = kShortestRest, rests_until_ = 0;
  std::string last_full_;
  double last_full_at_ = -kJustNow;
};

}  // namespace tune

#pragma once

// A full disk costs nothing that is stored, but it stops a run: trials wait for room. So a run says when the disk of
// its database gets full, while there is time to do something about it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tune {

/// Thread rule: one thread.
class SpaceWatch {
 public:
  /// Below so many bytes it is said; again only after there has been twice as much.
  static constexpr std::uint64_t kLittle = std::uint64_t{32} << 20;

  explicit SpaceWatch(std::string folder) : folder_(std::move(folder)) {}

  /// A sentence for a person, when there is something new to say. Looks once in ten seconds, however often it is asked.
  std::optional<std::string> look(std::chrono::steady_clock::time_point now);
  /// The same for so many bytes left.
  std::optional<std::string> judge(std::uint64_t left);

 private:
  std::string folder_;
  std::optional<std::chrono::steady_clock::time_point> looked_;
  bool said_ = false;
};

}  // namespace tune

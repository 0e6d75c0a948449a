#pragma once

// Lines out of a stream, in bounded memory: a line longer than kMaxLine is counted and skipped.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tune {

class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = 1u << 20;

  /// `line`: a whole one, without its end. `skipped`: length of one that was too long.
  LineSplitter(std::function<void(std::string_view)> line, std::function<void(std::uint64_t)> skipped)
      : line_(std::move(line)), skipped_(std::move(skipped)) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      add(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      finish();
      bytes.remove_prefix(end + 1);
    }
  }

  /// The stream is at its end: what is left is a line too.
  void finish() {
    if (too_long_ > 0) {
      skipped_(too_long_);
    } else if (!held_.empty()) {
      line_(held_);
    }
    drop();
  }

  /// Forgets the line that has begun.
  void drop() {
    held_.clear();
    too_long_ = 0;
  }

 private:
  void add(std::string_view bytes) {
    if (too_long_ == 0 && held_.size() + bytes.size() <= kMaxLine) {
      held_ += bytes;
      return;
    }
    too_long_ += held_.size() + bytes.size();
    held_.clear();
    held_.shrink_to_fit();
  }

  std::function<void(std::string_view)> line_;
  std::function<void(std::uint64_t)> skipped_;
  std::string held_;
  std::uint64_t too_long_ = 0;  ///< bytes of the present line already skipped
};

}  // namespace tune

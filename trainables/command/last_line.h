#pragma once

// The last line of a stream that says something, in bounded memory: of a program that fails, mostly its error. A line
// that is drawn anew after a carriage return (a progress bar) is a line of its own.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/utf8.h"

namespace tune {

class LastLine {
 public:
  static constexpr std::size_t kMaxBytes = 200;  ///< of a line; what comes after is left out

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find_first_of("\r\n");
      const std::string_view part = bytes.substr(0, end);
      if (line_.size() <= kMaxBytes) line_ += part.substr(0, kMaxBytes + 1 - line_.size());
      if (end == std::string_view::npos) return;
      finish();
      bytes.remove_prefix(end + 1);
    }
  }

  /// The stream is at its end: what is left is a line too.
  void finish() {
    if (line_.find_first_not_of(" \t") != std::string::npos) last_ = line_;
    line_.clear();
  }

  /// With control characters made visible; empty: no line said anything.
  std::string text() const {
    std::string_view rest = last_;
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    std::string mended;
    while (!rest.empty() && mended.size() < kMaxBytes) rest.remove_prefix(append_mended(mended, rest));
    return visible(mended) + (last_.size() > kMaxBytes ? "..." : "");
  }

 private:
  std::string line_, last_;
};

}  // namespace tune

#pragma once

// What an attempt printed, in bounded memory: its beginning, its end, and how much it was in all. A program that prints
// 100 MB on one line costs no more than one that prints a word.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tune {

class OutputCapture {
 public:
  static constexpr std::size_t kHead = 64u << 10;
  static constexpr std::size_t kTail = 192u << 10;

  void add(std::string_view bytes) {
    total_ += bytes.size();
    const std::size_t to_head = std::min(bytes.size(), kHead - head_.size());
    head_.append(bytes.substr(0, to_head));
    bytes.remove_prefix(to_head);
    if (bytes.size() > kTail) bytes.remove_prefix(bytes.size() - kTail);
    tail_.append(bytes);
    if (tail_.size() >= 2 * kTail) tail_.erase(0, tail_.size() - kTail);
  }

  std::uint64_t total() const { return total_; }
  const std::string& head() const { return head_; }
  /// What came after the head, as far as it is kept.
  std::string_view tail() const {
    const std::string_view all = tail_;
    return all.size() > kTail ? all.substr(all.size() - kTail) : all;
  }

  /// The last `lines` lines, at most `bytes` long: for the text of a failure.
  std::string last_lines(std::size_t lines, std::size_t bytes) const;

  void clear() { *this = OutputCapture(); }

 private:
  std::string head_, tail_;
  std::uint64_t total_ = 0;
};

}  // namespace tune

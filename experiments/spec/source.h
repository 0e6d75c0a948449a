#pragma once

// The text of an experiment file and the places in it. Line breaks are made one kind and a byte order mark is dropped
// here, before anything counts lines or columns; columns are characters, offsets are bytes.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

/// Where something stands, for messages. Lines and columns are one-based; line 0: nowhere in the file.
struct Place {
  int line = 0;
  int column = 0;
  int end_column = 0;    ///< one past the last character
  std::string set_path;  ///< not empty: it came from `--set PATH`, not from the file

  bool in_file() const { return line > 0; }
};

class Source {
 public:
  Source() = default;
  explicit Source(std::string_view text);

  const std::string& text() const { return text_; }
  /// Byte offset of a zero-based line and byte column, as yaml-cpp's marks have them; clamped to the text.
  std::size_t offset_of(int line, int byte_column) const;
  /// The place of `length` bytes at `offset`, cut at the end of the line; at least one column wide.
  Place place(std::size_t offset, std::size_t length) const;
  /// Text of a one-based line, without its line break; empty beyond the end.
  std::string_view line(int number) const;

 private:
  std::size_t characters(std::size_t begin, std::size_t end) const;

  std::string text_;
  std::vector<std::size_t> starts_;         // offset of each line
  std::vector<std::size_t> continuations_;  // continuation bytes before each block, so that long lines cost no time
};

/// Characters of UTF-8 text (continuation bytes are not counted).
std::size_t count_characters(std::string_view text);
/// Offset of the first byte that is not UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace tune

#include "experiments/spec/source.h"

#include <algorithm>

namespace tune {

namespace {

constexpr std::size_t kBlock = 256;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Source::Source(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text_.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      text_ += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      text_ += '\n';  // a lone carriage return is a line break too
    }
  }
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') starts_.push_back(i + 1);
  }
  std::size_t continuations = 0;
  for (std::size_t i = 0; i <= text_.size(); ++i) {
    if (i % kBlock == 0) continuations_.push_back(continuations);
    if (i < text_.size()) continuations += is_continuation(text_[i]);
  }
}

std::size_t Source::offset_of(int line, int byte_column) const {
  if (line < 0 || starts_.empty()) return text_.size();
  if (static_cast<std::size_t>(line) >= starts_.size()) return text_.size();
  return std::min(starts_[static_cast<std::size_t>(line)] + static_cast<std::size_t>(std::max(byte_column, 0)),
                  text_.size());
}

std::size_t Source::characters(std::size_t begin, std::size_t end) const {
  const auto continuations_before = [this](std::size_t offset) {
    const std::size_t block = offset / kBlock;
    const std::string_view rest = std::string_view(text_).substr(block * kBlock, offset % kBlock);
    return continuations_[block] + rest.size() - count_characters(rest);
  };
  return end - begin - (continuations_before(end) - continuations_before(begin));
}

Place Source::place(std::size_t offset, std::size_t length) const {
  if (starts_.empty()) return {};
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const std::size_t line_end = next == starts_.end() ? text_.size() : *next - 1;
  const std::size_t end = std::max(offset, std::min(line_end, offset + std::min(length, text_.size() - offset)));

  Place place;
  place.line = static_cast<int>(next - starts_.begin());
  place.column = static_cast<int>(characters(*(next - 1), offset)) + 1;
  place.end_column = place.column + static_cast<int>(std::max<std::size_t>(characters(offset, end), 1));
  return place;
}

std::string_view Source::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > starts_.size()) return {};
  const std::size_t start = starts_[static_cast<std::size_t>(number) - 1];
  const std::size_t end = std::min(text_.find('\n', start), text_.size());
  return std::string_view(text_).substr(start, end - start);
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = 0;
    if (lead < 0x80) {
      length = 1;
    } else if (lead >= 0xC2 && lead < 0xE0) {
      length = 2;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      length = 3;
    } else if (lead >= 0xF0 && lead < 0xF5) {
      length = 4;
    }
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if (!is_continuation(text[i + k])) return i;
    }
    const unsigned char second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second >= 0xA0;
    const bool beyond = lead == 0xF4 && second >= 0x90;
    if (overlong || surrogate || beyond) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace tune

#include "tune/cli/text_table.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/text.h"
#include "core/utf8.h"

namespace tune::cli {
namespace {

/// Characters, as far as UTF-8 tells: bytes that begin one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& cell : header_) cell = visible(cell);
}

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = visible(cell);
  rows_.push_back(std::move(row));
}

std::string TextTable::render(std::size_t width) const {
  std::vector<std::size_t> widths;
  std::vector<bool> numeric;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    std::size_t widest = width_of(header_[i]);
    bool numbers = true;
    for (const auto& row : rows_) {
      widest = std::max(widest, width_of(row[i]));
      numbers = numbers && (row[i].empty() || row[i] == "-" || parse_real(row[i]).has_value());
    }
    widths.push_back(widest);
    numeric.push_back(numbers && !rows_.empty());
  }
  std::size_t shown = header_.size();
  if (width > 0) {
    std::size_t used = 0;
    for (shown = 0; shown < header_.size(); ++shown) {
      used += widths[shown] + 2;
      if (used > width + 2 && shown > 0) break;
    }
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) text += padded(cells[i], widths[i], numeric[i]) + "  ";
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  line(header_);
  for (const auto& row : rows_) line(row);
  if (shown < header_.size()) out += fmt::format("+{} columns\n", header_.size() - shown);
  return out;
}

std::size_t terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace tune::cli

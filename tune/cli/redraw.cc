#include "tune/cli/redraw.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/utf8.h"

namespace tune::cli {
namespace {

/// The first `width` characters of UTF-8 text.
std::string cut(std::string_view line, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((line[at] & 0xC0) != 0x80 && characters++ == width) return std::string(line.substr(0, at));
  }
  return std::string(line);
}

}  // namespace

Redraw::Redraw() {
  const char* term = std::getenv("TERM");
  in_place_ = isatty(STDOUT_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

void Redraw::show(const std::string& given) {
  const std::string text = visible(given, true);
  if (in_place_) {
    show_in_place(text);
  } else if (text != last_) {
    fmt::print("{}", text);
  }
  last_ = text;
  std::fflush(stdout);
}

void Redraw::show_in_place(const std::string& text) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row < 2) size = {24, 80, 0, 0};
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size() && lines.size() + 1 < size.ws_row;) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.push_back(cut(std::string_view(text).substr(from, end - from), size.ws_col - 1u));
    from = end + 1;
  }
  std::string out = drawn_.empty() ? "" : fmt::format("\x1b[{}A\r", drawn_.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool same = i < drawn_.size() && drawn_[i] == lines[i];
    out += (same ? "" : lines[i] + "\x1b[K") + "\n";
  }
  if (drawn_.size() > lines.size()) out += "\x1b[J";
  fmt::print("{}", out);
  drawn_ = std::move(lines);
}

}  // namespace tune::cli

#include "core/runtime/output_capture.h"

namespace tune {

std::string OutputCapture::last_lines(std::size_t lines, std::size_t bytes) const {
  std::string_view text = tail_.empty() ? std::string_view(head_) : tail();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() > bytes) text.remove_prefix(text.size() - bytes);
  std::size_t begin = text.size();
  for (; lines > 0 && begin != 0; --lines) {
    const std::size_t newline = text.rfind('\n', begin - 1);
    if (newline == std::string_view::npos) return std::string(text);
    begin = newline;
  }
  return std::string(text.substr(begin == text.size() ? begin : begin + 1));
}

}  // namespace tune

#include "experiments/spec/syntax.h"

#include <fmt/format.h>

namespace tune {

namespace {

constexpr std::size_t kMaxBytes = 8u << 20;

bool tab_indents(std::string_view line) {
  const std::size_t content = line.find_first_not_of(" \t");
  return line.substr(0, content).find('\t') != std::string_view::npos;
}

}  // namespace

void report_syntax_error(const std::string& message, int line, int byte_column, const Source& source, Faults& faults) {
  if (line == 0) {
    faults.error({}, code::kYamlSyntax, message);
    return;
  }
  for (const int number : {line, line - 1}) {
    if (!tab_indents(source.line(number))) continue;
    const std::size_t tab = source.text().find('\t', source.offset_of(number - 1, 0));
    faults.error(source.place(tab, 1), code::kYamlSyntax, "tabs cannot indent YAML", "use spaces");
    return;
  }
  const Place place = source.place(source.offset_of(line - 1, byte_column), 1);
  const bool braces =
      source.line(line).find("${") != std::string_view::npos || message.find("flow") != std::string::npos;
  faults.error(place, code::kYamlSyntax, message,
               braces ? "quote items that contain { or }, or put one item a line" : "");
}

bool check_bytes(const Source& source, Faults& faults) {
  const std::string& text = source.text();
  if (text.size() > kMaxBytes) {
    faults.error({}, code::kYamlSyntax, fmt::format("the file is larger than {} MiB", kMaxBytes >> 20));
    return false;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    faults.error(source.place(bad, 1), code::kYamlSyntax,
                 fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[bad])),
                 "save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') continue;
    faults.error(source.place(i, 1), code::kYamlSyntax, fmt::format("control character 0x{:02x} in the text", c));
    return false;
  }
  return true;
}

}  // namespace tune

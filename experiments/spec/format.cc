// Diagnostics as people and as programs read them.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/json.h"
#include "core/text.h"
#include "core/utf8.h"
#include "experiments/spec/reader.h"
#include "experiments/spec/source.h"

namespace tune {

namespace {

constexpr std::size_t kLineWidth = 160;  // longer source lines are shown in part
constexpr std::size_t kLeftContext = 60;

std::string_view severity_name(Diagnostic::Severity severity) {
  switch (severity) {
    case Diagnostic::Severity::kError: return "error";
    case Diagnostic::Severity::kWarning: return "warning";
    case Diagnostic::Severity::kNote: return "note";
  }
  return {};
}

std::string_view severity_color(Diagnostic::Severity severity) {
  switch (severity) {
    case Diagnostic::Severity::kError: return "\x1b[1;31m";
    case Diagnostic::Severity::kWarning: return "\x1b[1;35m";
    case Diagnostic::Severity::kNote: return "\x1b[1;36m";
  }
  return {};
}

/// The line as a terminal may show it: one column a character, nothing that moves the cursor.
std::string printable(std::string line) {
  for (std::size_t bad; (bad = find_invalid_utf8(line)) != std::string::npos;) line[bad] = '?';
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const bool is_c1 = byte == 0xC2 && static_cast<unsigned char>(line[i + 1]) < 0xA0;
    if (byte == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7F || is_c1) {
      out += '?';
      if (is_c1) ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

/// Characters [first, first + count) of UTF-8 text.
std::string characters(std::string_view text, std::size_t first, std::size_t count) {
  std::string out;
  std::size_t index = 0;
  bool seen = false;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && seen) ++index;
    seen = true;
    if (index >= first && index - first < count) out += c;
  }
  return out;
}

void append_source(std::string& out, const Diagnostic& d, bool color) {
  std::string line = printable(d.source_line);
  std::size_t column = d.column > 0 ? static_cast<std::size_t>(d.column) - 1 : 0;
  const std::size_t width = static_cast<std::size_t>(std::max(d.end_column - d.column, 1));
  if (count_characters(line) > kLineWidth) {
    const std::size_t first = column > kLeftContext ? column - kLeftContext : 0;
    const bool cut_left = first > 0;
    line = (cut_left ? "..." : "") + characters(line, first, kLineWidth) + "...";
    column = column - first + (cut_left ? 3 : 0);
  }
  const std::size_t room = std::max<std::size_t>(count_characters(line), column + 1) - column;
  out += fmt::format("{:5} | {}\n", d.line, line);
  out += fmt::format("      | {}{}^{}{}", std::string(column, ' '), color ? "\x1b[1;32m" : "",
                     std::string(std::min(width, room) - 1, '~'), color ? "\x1b[0m" : "");
  if (!d.hint.empty()) out += " " + visible(d.hint, true);
  out += '\n';
}

}  // namespace

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

std::string format_diagnostics(const std::vector<Diagnostic>& diagnostics, bool color) {
  std::string out;
  std::int64_t errors = 0, warnings = 0;
  for (const Diagnostic& d : diagnostics) {
    errors += d.severity == Diagnostic::Severity::kError;
    warnings += d.severity == Diagnostic::Severity::kWarning;
    const std::string where = d.line > 0 ? fmt::format("{}:{}:{}", visible(d.file), d.line, d.column) : visible(d.file);
    out += fmt::format("{}: {}{}:{} {}", where, color ? severity_color(d.severity) : "", severity_name(d.severity),
                       color ? "\x1b[0m" : "", visible(d.message, true));
    if (d.line > 0 && !d.source_line.empty()) {
      out += '\n';
      append_source(out, d, color);
    } else {
      out += d.hint.empty() ? "\n" : "; " + visible(d.hint, true) + "\n";
    }
  }
  if (errors > 0) {
    out += counted(errors, "error");
    if (warnings > 0) out += ", " + counted(warnings, "warning");
    out += "; nothing was started\n";
  }
  return out;
}

std::string diagnostics_to_json(const std::vector<Diagnostic>& diagnostics) {
  List list;
  for (const Diagnostic& d : diagnostics) {
    list.emplace_back(Map{{"file", d.file},
                          {"line", d.line},
                          {"column", d.column},
                          {"endColumn", d.end_column},
                          {"severity", severity_name(d.severity)},
                          {"code", d.code},
                          {"message", d.message},
                          {"hint", d.hint}});
  }
  return to_json(Value(std::move(list)));
}

}  // namespace tune

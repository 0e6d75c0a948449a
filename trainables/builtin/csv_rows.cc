#include "trainables/builtin/csv_rows.h"

#include <string_view>

namespace tune {
namespace {

constexpr std::size_t kMostRowBytes = 1 << 20;
constexpr int kEnd = std::streambuf::traits_type::eof();

}  // namespace

CsvRows::CsvRows(std::istream& in) : in_(*in.rdbuf()) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  std::string begin(kMark.size(), '\0');
  in_.sgetn(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (begin != kMark) in_.pubseekpos(0);
}

Result<bool> CsvRows::next(std::vector<std::string>& cells) {
  do {
    if (in_.sgetc() == kEnd) return false;
    cells.clear();
    line_ = next_line_;
    row_bytes_ = 0;
    for (bool more = true; more;) {
      auto read = read_cell(cells.emplace_back());
      if (!read) return read;
      more = *read;
    }
  } while (cells.size() == 1 && cells.front().empty());
  return true;
}

/// True: another cell follows in this row.
Result<bool> CsvRows::read_cell(std::string& cell) {
  bool quoted = false;
  for (int next = in_.sbumpc(); next != kEnd; next = in_.sbumpc()) {
    const char c = static_cast<char>(next);
    if (c == '\0') return fail(ErrorCode::kBadInput, "a NUL byte, which no text holds");
    if (++row_bytes_ > kMostRowBytes) return fail(ErrorCode::kBadInput, "a row of more than 1 MiB");
    if (c == '"') {
      if (quoted && in_.sgetc() == '"') {
        cell += static_cast<char>(in_.sbumpc());
      } else {
        quoted = !quoted;
      }
      continue;
    }
    if (c == '\n') ++next_line_;
    if (!quoted && c == ',') return true;
    if (!quoted && c == '\n') return false;
    if (quoted || c != '\r') cell += c;
  }
  if (quoted) return fail(ErrorCode::kBadInput, "a quote that is never closed");
  return false;
}

}  // namespace tune

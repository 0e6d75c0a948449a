#pragma once

// Rows of a CSV file (RFC 4180), one after another, in memory for one row: a file of any size may be a mistake.

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "core/result.h"

namespace tune {

class CsvRows {
 public:
  /// `in` outlives this; a byte order mark at its beginning, as spreadsheets write, is passed over.
  explicit CsvRows(std::istream& in);

  /// The next row that is not empty; false at the end. kBadInput: a quote that is never closed, a NUL byte, a row of
  /// more than 1 MiB.
  Result<bool> next(std::vector<std::string>& cells);
  std::int64_t line() const { return line_; }  ///< where the row begins, from 1

 private:
  Result<bool> read_cell(std::string& cell);

  std::streambuf& in_;
  std::int64_t line_ = 1, next_line_ = 1;
  std::size_t row_bytes_ = 0;
};

}  // namespace tune

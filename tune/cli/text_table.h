#pragma once

// A table for a terminal: columns as wide as their cells, numbers to the right.

#include <string>
#include <vector>

namespace tune::cli {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void add(std::vector<std::string> row);
  /// Lines with a newline each. `width`: columns beyond it are dropped from the right, with a count (0: no limit).
  std::string render(std::size_t width = 0) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns of the terminal on stdout; 0 if it is none.
std::size_t terminal_width();

}  // namespace tune::cli

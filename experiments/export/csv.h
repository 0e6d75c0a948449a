#pragma once

// CSV by RFC 4180: UTF-8, LF, shortest reals that read back equal, empty = absent, `nan`, `inf`, `-inf`.

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace tune {

/// A value as it stands in a cell: text as it is, lists and maps as JSON, null empty.
std::string cell_text(const Value& value);

/// `config/optimizer/lr` of `optimizer.lr`.
std::string config_column(std::string_view path);

void write_csv_row(std::ostream& out, const std::vector<std::string>& cells);

/// A cell that a spreadsheet would run as a formula gets a quote in front.
std::string guard_formula(std::string cell);

}  // namespace tune

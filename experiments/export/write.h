#pragma once

// The forms a results table leaves in.

#include <iosfwd>

#include "experiments/export/table.h"

namespace tune {

Result<void> write_csv(const Table& table, bool excel, std::ostream& out);
/// Nested objects {trial_number, ..., metrics: {}, best: {}, config: {}}: one a line, or one list.
Result<void> write_json_lines(const Table& table, std::ostream& out);
Result<void> write_json(const Table& table, std::ostream& out);
/// A table for people: reals in four significant digits, the best objective in bold.
Result<void> write_markdown(const Table& table, std::ostream& out);

}  // namespace tune

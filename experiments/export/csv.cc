#include "experiments/export/csv.h"

#include <algorithm>
#include <ostream>

#include "core/json.h"
#include "core/text.h"

namespace tune {

std::string cell_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return {};
    case Value::Kind::kReal: return format_real(value.real());
    case Value::Kind::kText: return value.text();
    default: return to_json(value);
  }
}

std::string config_column(std::string_view path) {
  std::string column = "config/" + std::string(path);
  std::replace(column.begin() + 7, column.end(), '.', '/');
  return column;
}

void write_csv_row(std::ostream& out, const std::vector<std::string>& cells) {
  bool first = true;
  for (const std::string& cell : cells) {
    if (!first) out << ',';
    first = false;
    if (cell.find_first_of(",\"\n\r") == std::string::npos) {
      out << cell;
      continue;
    }
    out << '"';
    for (const char c : cell) {
      if (c == '"') out << '"';
      out << c;
    }
    out << '"';
  }
  out << '\n';
}

std::string guard_formula(std::string cell) {
  const bool is_number = parse_real(cell).has_value();
  if (!is_number && !cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos) {
    cell.insert(cell.begin(), '\'');
  }
  return cell;
}

}  // namespace tune

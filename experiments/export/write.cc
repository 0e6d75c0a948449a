#include "experiments/export/write.h"

#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "core/config.h"
#include "core/json.h"
#include "core/utf8.h"
#include "experiments/export/csv.h"

namespace tune {
namespace {

Value nested_row(const Table& table, const std::vector<Value>& cells) {
  Map row;
  Map metrics, best;
  Config config;
  const auto& columns = table.columns();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].is_null()) continue;
    switch (columns[i].group) {
      case Column::Group::kTrial: row.emplace_back(columns[i].name, cells[i]); break;
      case Column::Group::kMetric: metrics.emplace_back(columns[i].key, cells[i]); break;
      case Column::Group::kBest:
        best.emplace_back(columns[i].key == "objective" ? table.objective() : columns[i].key, cells[i]);
        break;
      case Column::Group::kConfig: config.set(columns[i].key, cells[i]); break;
    }
  }
  row.emplace_back("metrics", std::move(metrics));
  if (!best.empty()) row.emplace_back("best", std::move(best));
  row.emplace_back("config", to_nested(config));
  return row;
}

std::string markdown_cell(const Value& value) {
  std::string text = value.is_real() ? fmt::format("{:.4g}", value.real()) : cell_text(value);
  std::string escaped;
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  for (const char c : visible(text)) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

Result<void> write_csv(const Table& table, bool excel, std::ostream& out) {
  if (excel) out << "\xEF\xBB\xBF";
  std::vector<std::string> cells;
  for (const Column& column : table.columns()) cells.push_back(excel ? guard_formula(column.name) : column.name);
  write_csv_row(out, cells);
  return table.rows([&](const std::vector<Value>& row) {
    cells.clear();
    for (const Value& value : row) {
      std::string cell = cell_text(value);
      cells.push_back(excel ? guard_formula(std::move(cell)) : std::move(cell));
    }
    write_csv_row(out, cells);
  });
}

Result<void> write_json_lines(const Table& table, std::ostream& out) {
  return table.rows([&](const std::vector<Value>& row) { out << to_json(nested_row(table, row)) << '\n'; });
}

Result<void> write_json(const Table& table, std::ostream& out) {
  out << '[';
  bool first = true;
  auto written = table.rows([&](const std::vector<Value>& row) {
    out << (first ? "\n" : ",\n") << to_json(nested_row(table, row));
    first = false;
  });
  out << (first ? "]\n" : "\n]\n");
  return written;
}

Result<void> write_markdown(const Table& table, std::ostream& out) {
  const auto& columns = table.columns();
  std::vector<std::vector<Value>> rows;
  auto read = table.rows([&](const std::vector<Value>& row) { rows.push_back(row); });
  if (!read) return read;

  std::size_t objective = columns.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].group == Column::Group::kBest && columns[i].key == "objective") objective = i;
  }
  std::size_t best = rows.size();
  for (std::size_t r = 0; objective < columns.size() && r < rows.size(); ++r) {
    const auto value = rows[r][objective].number();
    if (!value || std::isnan(*value)) continue;
    if (best == rows.size()) best = r;
    const double leader = *rows[best][objective].number();
    if (table.maximises() ? *value > leader : *value < leader) best = r;
  }

  out << '|';
  for (const Column& column : columns) out << ' ' << markdown_cell(column.name) << " |";
  out << "\n|";
  for (std::size_t i = 0; i < columns.size(); ++i) out << " --- |";
  out << '\n';
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out << '|';
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = markdown_cell(rows[r][i]);
      out << ' ' << (r == best && i == objective ? "**" + cell + "**" : cell) << " |";
    }
    out << '\n';
  }
  return {};
}

}  // namespace tune

// Exports of hostile names and values: CSV and JSON must come back as what was put in, and a Markdown table must keep
// its columns. The input's lines: a parameter's name, a metric's name, a text, a number, in turn.

#include <cmath>
#include <sstream>

#include "core/json.h"
#include "experiments/export/csv.h"
#include "experiments/export/write.h"
#include "tests/experiments/export/fake_reader.h"
#include "tests/fuzz/fuzz.h"

namespace tune::fuzz {
namespace {

/// RFC 4180, with LF.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      require(cell.empty(), "a quote opens a cell");
      quoted = true;
    } else if (c == ',' || c == '\n') {
      row.push_back(std::move(cell));
      cell.clear();
      if (c == ',') continue;
      rows.push_back(std::move(row));
      row.clear();
    } else {
      require(c != '\r', "a bare CR is quoted");
      cell += c;
    }
  }
  require(!quoted && cell.empty() && row.empty(), "the last row is whole");
  return rows;
}

/// Cells of a line of a Markdown table: bars that no backslash stands before.
std::size_t bars(std::string_view line) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '|') {
      ++count;
    }
  }
  return count;
}

void check_rows(const std::vector<std::vector<Value>>& wanted, const std::vector<Column>& columns,
                const std::string& csv) {
  const auto rows = parse_csv(csv);
  require(rows.size() == wanted.size() + 1, "a row a trial, and a header");
  for (std::size_t column = 0; column < columns.size(); ++column) {
    require(rows[0].size() == columns.size() && rows[0][column] == columns[column].name, "the header holds the names");
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    require(rows[i + 1].size() == columns.size(), "a cell a column");
    for (std::size_t column = 0; column < columns.size(); ++column) {
      require(rows[i + 1][column] == cell_text(wanted[i][column]), "each cell holds its value");
    }
  }
}

void check(const testing::FakeReader& reader) {
  const auto table = Table::open(reader, reader.row, {});
  if (!table) return;
  std::vector<std::vector<Value>> wanted;
  require(table->rows([&](const std::vector<Value>& row) { wanted.push_back(row); }).has_value(), "rows are read");

  std::ostringstream csv, excel, json, lines, markdown;
  require(write_csv(*table, false, csv).has_value(), "CSV is written");
  check_rows(wanted, table->columns(), csv.str());
  require(write_csv(*table, true, excel).has_value(), "CSV for Excel is written");
  require(write_json(*table, json).has_value(), "JSON is written");
  require(parse_json(json.str()).has_value(), "and can be read");
  require(write_json_lines(*table, lines).has_value(), "JSON lines are written");
  std::string_view rest = lines.view();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    require(parse_json(take_until(rest, '\n')).has_value(), "and each can be read");
  }
  require(rest.empty(), "one a trial");
  require(write_markdown(*table, markdown).has_value(), "Markdown is written");
  rest = markdown.view();
  const std::size_t cells = bars(rest.substr(0, rest.find('\n')));
  std::size_t rows = 0;
  for (; !rest.empty(); ++rows) require(bars(take_until(rest, '\n')) == cells, "a Markdown table keeps its columns");
  require(rows == wanted.size() + 2, "and its rows");
}

}  // namespace
}  // namespace tune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = tune::fuzz::text_of(data, size);
  tune::testing::FakeReader reader;
  std::string columns;
  for (std::int64_t number = 0; number < 4 && !text.empty(); ++number) {
    // A zero ends a field, so that a name may hold line ends.
    const std::string name(tune::fuzz::take_until(text, '\0')), metric(tune::fuzz::take_until(text, '\0'));
    const std::string words(tune::fuzz::take_until(text, '\0')), real(tune::fuzz::take_until(text, '\0'));
    std::string quoted_name, quoted_metric, quoted_words;
    tune::append_json_text(quoted_name, name);
    tune::append_json_text(quoted_metric, metric);
    tune::append_json_text(quoted_words, words);
    columns += (columns.empty() ? "[" : ",") + quoted_name;
    auto& trial = reader.add_trial(number, "{" + quoted_name + ":" + quoted_words + "}",
                                   "{" + quoted_metric + ":" + (real.empty() ? "0" : real) + "}", 0.5);
    trial.reason = trial.error = trial.worker = words;
  }
  reader.row.columns_json = columns.empty() ? "[]" : columns + "]";
  tune::fuzz::check(reader);
  return 0;
}

// `tune trials`: the table of trials, filtered, sorted and cut.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "core/json.h"
#include "core/text.h"
#include "experiments/export/csv.h"
#include "experiments/export/table.h"
#include "experiments/export/write.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/text_table.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

struct Filter {
  std::size_t column = 0;
  std::string op;
  std::string text;
};

Result<std::size_t> find_column(const std::vector<Column>& columns, const std::string& name) {
  auto found = std::ranges::find(columns, name, &Column::name);
  if (found == columns.end()) found = std::ranges::find(columns, name, &Column::key);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names.push_back(columns[i].group == Column::Group::kConfig ? columns[i].key : columns[i].name);
  }
  const std::string hint = did_you_mean_hint(name, names);
  return fail(ErrorCode::kBadInput, fmt::format("no column '{}'", name),
              hint.empty() ? "columns: " + join(names) : hint);
}

Result<Filter> parse_filter(const std::string& text, const std::vector<Column>& columns) {
  for (const std::string op : {"<=", ">=", "!=", "==", "<", ">", "="}) {
    const std::size_t at = text.find(op);
    if (at == std::string::npos || at == 0 || at + op.size() == text.size()) continue;
    auto column = find_column(columns, text.substr(0, at));
    if (!column) return pass_on(std::move(column));
    return Filter{*column, op == "==" ? "=" : op, text.substr(at + op.size())};
  }
  return fail(ErrorCode::kBadInput, fmt::format("--where '{}' is no condition", text),
              "write --where 'lr<0.01' or status=failed");
}

bool holds(const Filter& filter, const Value& value) {
  const auto left = value.number();
  const auto right = parse_real(filter.text);
  if (left && right) {
    if (filter.op == "<") return *left < *right;
    if (filter.op == ">") return *left > *right;
    if (filter.op == "<=") return *left <= *right;
    if (filter.op == ">=") return *left >= *right;
    return (*left == *right) == (filter.op == "=");
  }
  const std::string text = cell_text(value);
  if (filter.op == "=") return text == filter.text;
  if (filter.op == "!=") return text != filter.text;
  return false;  // an absent value is neither smaller nor larger
}

bool before(const Value& a, const Value& b) {
  const auto x = a.number(), y = b.number();
  const bool x_known = x && !std::isnan(*x), y_known = y && !std::isnan(*y);
  if (x_known && y_known) return *x < *y;
  if (x_known != y_known) return x_known;
  return cell_text(a) < cell_text(b);
}

std::string short_cell(const Value& value) {
  return value.is_real() ? fmt::format("{:.4g}", value.real()) : cell_text(value);
}

}  // namespace

int trials(const TrialsCommand& command, const Common& common) {
  auto name = pick_experiment(common.db, command.experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto experiment = (*reader)->experiment(*name);
  if (!experiment) return report(experiment.error());
  auto table = Table::open(**reader, *experiment, {});
  if (!table) return report(table.error());
  const std::vector<Column>& columns = table->columns();

  std::vector<Filter> filters;
  for (const std::string& text : command.where) {
    auto filter = parse_filter(text, columns);
    if (!filter) return report(filter.error());
    filters.push_back(*std::move(filter));
  }
  std::vector<std::vector<Value>> rows;
  auto read = table->rows([&](const std::vector<Value>& row) {
    if (std::ranges::all_of(filters, [&](const Filter& f) { return holds(f, row[f.column]); })) rows.push_back(row);
  });
  if (!read) return report(read.error());

  if (!command.sort.empty()) {
    const bool descending = command.sort.front() == '-';
    auto column = find_column(columns, command.sort.substr(descending ? 1 : 0));
    if (!column) return report(column.error());
    std::ranges::stable_sort(rows, [&](const auto& a, const auto& b) {
      const Value &x = a[*column], &y = b[*column];
      const bool swap = descending && x.number() && y.number();
      return swap ? before(y, x) : before(x, y);
    });
  }
  if (command.limit > 0 && static_cast<std::int64_t>(rows.size()) > command.limit) {
    rows.resize(static_cast<std::size_t>(command.limit));
  }

  std::vector<std::size_t> shown;
  if (command.columns.empty()) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& c = columns[i];
      static const std::vector<std::string> detail{"trial_id", "started_at", "finished_at", "worker",
                                                   "attempt",  "seed",       "stop_reason", "retries"};
      const bool is_detail = c.group == Column::Group::kTrial && std::ranges::find(detail, c.key) != detail.end();
      if (!is_detail || command.csv) shown.push_back(i);
    }
  } else {
    for (const std::string& wanted : command.columns) {
      auto column = find_column(columns, wanted);
      if (!column) return report(column.error());
      shown.push_back(*column);
    }
  }

  if (command.csv || common.json) {
    std::vector<std::string> cells;
    cells.reserve(shown.size());
    for (const std::size_t i : shown) cells.push_back(columns[i].name);
    if (common.json) {
      List all;
      for (const auto& row : rows) {
        Map object;
        for (const std::size_t i : shown) {
          if (!row[i].is_null()) object.emplace_back(columns[i].name, row[i]);
        }
        all.push_back(std::move(object));
      }
      fmt::print("{}\n", to_json(all));
      return kOk;
    }
    write_csv_row(std::cout, cells);
    for (const auto& row : rows) {
      cells.clear();
      for (const std::size_t i : shown) cells.push_back(cell_text(row[i]));
      write_csv_row(std::cout, cells);
    }
    std::cout.flush();
    return kOk;
  }
  std::vector<std::string> header;
  for (const std::size_t i : shown) {
    const Column& c = columns[i];
    header.push_back(c.group == Column::Group::kConfig ? c.key : c.key == "trial_number" ? "trial" : c.name);
  }
  TextTable text(header);
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    cells.reserve(shown.size());
    for (const std::size_t i : shown) cells.push_back(short_cell(row[i]));
    text.add(std::move(cells));
  }
  fmt::print("{}", text.render(terminal_width()));
  if (experiment->status == "interrupted" && common.verbosity >= 0) {
    std::fflush(stdout);
    tell(stderr, "nobody runs '{0}': tune resume {0} goes on with it\n", experiment->name);
  }
  return kOk;
}

}  // namespace tune::cli

#include "trainables/builtin/curve_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "core/text.h"
#include "core/utf8.h"
#include "trainables/builtin/csv_rows.h"
#include "trainables/builtin/data_file.h"

namespace tune {
namespace {

constexpr std::string_view kConfig = "config/";
constexpr std::size_t kShown = 100;  ///< characters of a file in a message
/// Columns of an export that say where and when a report was made, not what it was.
constexpr std::array<std::string_view, 3> kNoMetrics = {"trial_id", "timestamp", "time_total_s"};

}  // namespace

std::string canonical_cell(const std::string& text) {
  const auto number = parse_real(text);
  return number ? format_real(*number) : text;
}

Result<CurveTable> CurveTable::read(const std::string& path) {
  auto in = open_data_file(path, "learning curves");
  if (!in) return pass_on(std::move(in));
  CsvRows rows(*in);
  const auto faulty = [&](const std::string& what) {
    return fail(ErrorCode::kBadInput, fmt::format("{}:{}: {}", path, rows.line(), what));
  };

  CurveTable table;
  std::vector<std::string> header, cells;
  std::optional<std::size_t> number_column, step_column;
  std::vector<std::size_t> config_columns, metric_columns;
  Result<bool> row = rows.next(header);
  if (!row) return faulty(row.error().message);
  if (!*row) return faulty("the file is empty");
  std::set<std::string> names;
  for (std::size_t column = 0; column < header.size(); ++column) {
    const std::string& name = header[column];
    if (name.empty() || !names.insert(name).second) {
      return faulty(name.empty() ? "a column has no name" : "two columns are named " + visible(name.substr(0, kShown)));
    }
    if (name == "training_iteration")
      step_column = column;
    else if (name == "trial_number")
      number_column = column;
    else if (name.starts_with(kConfig))
      config_columns.push_back(column);
    else if (std::find(kNoMetrics.begin(), kNoMetrics.end(), name) == kNoMetrics.end())
      metric_columns.push_back(column);
  }
  if (!step_column) {
    return faulty("there is no column training_iteration; the columns are " + visible(join(header).substr(0, kShown)));
  }
  if (!number_column && config_columns.empty())
    return faulty("there is neither a column trial_number nor one config/NAME");
  for (const std::size_t column : config_columns) {
    std::string parameter = header[column].substr(kConfig.size());
    std::replace(parameter.begin(), parameter.end(), '/', '.');
    table.parameters_.push_back(std::move(parameter));
  }
  for (const std::size_t column : metric_columns) table.metrics_.push_back(header[column]);

  table.values_.resize(table.parameters_.size());
  for (row = rows.next(cells); row && *row; row = rows.next(cells)) {
    if (cells.size() != header.size())
      return faulty(fmt::format("{} cells under {} columns", cells.size(), header.size()));
    Cells config;
    for (std::size_t i = 0; i < config_columns.size(); ++i) {
      config.push_back(canonical_cell(cells[config_columns[i]]));
      if (const auto number = parse_real(config.back())) table.values_[i].push_back(*number);
    }
    // A curve is what has one number; without numbers, what has one configuration.
    std::size_t curve = table.curves_.size();
    if (number_column) {
      const auto number = parse_integer(cells[*number_column]);
      if (!number)
        return faulty("trial_number '" + visible(cells[*number_column].substr(0, kShown)) + "' is no whole number");
      curve = table.by_number_.try_emplace(*number, curve).first->second;
      if (curve < table.curves_.size() && table.curves_[curve].cells != config) {
        return faulty(fmt::format("trial {} has another configuration above", *number));
      }
      table.by_cells_.try_emplace(config, curve);
    } else {
      curve = table.by_cells_.try_emplace(config, curve).first->second;
    }
    if (curve == table.curves_.size()) table.curves_.push_back({std::move(config), {}});

    auto& reports = table.curves_[curve].reports;
    const std::size_t expected = reports.size() + 1;
    if (parse_integer(cells[*step_column]) != static_cast<std::int64_t>(expected)) {
      return faulty(fmt::format("training_iteration is '{}', and {} was expected: each curve counts 1, 2, 3, ...",
                                visible(cells[*step_column].substr(0, kShown)), expected));
    }
    auto& report = reports.emplace_back();
    for (const std::size_t column : metric_columns) {
      report.push_back(cells[column].empty() ? std::nullopt : parse_real(cells[column]));
    }
  }
  if (!row) return faulty(row.error().message);
  if (table.curves_.empty()) return faulty("there is no curve");
  table.drop_constants();
  for (auto& values : table.values_) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  return table;
}

void CurveTable::drop_constants() {
  for (std::size_t i = parameters_.size(); i-- > 0 && curves_.size() > 1;) {
    const std::string& first = curves_.front().cells[i];
    if (!std::all_of(curves_.begin(), curves_.end(), [&](const Curve& curve) { return curve.cells[i] == first; }))
      continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    parameters_.erase(parameters_.begin() + at);
    values_.erase(values_.begin() + at);
    for (Curve& curve : curves_) curve.cells.erase(curve.cells.begin() + at);
  }
  by_cells_.clear();
  for (std::size_t curve = 0; curve < curves_.size(); ++curve) by_cells_.try_emplace(curves_[curve].cells, curve);
}

Result<std::shared_ptr<const CurveTable>> CurveTable::shared(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const CurveTable>> tables;
  const std::scoped_lock lock(mutex);
  auto& table = tables[path];
  if (table == nullptr) {
    auto fresh = read(path);
    if (!fresh) return pass_on(std::move(fresh));
    table = std::make_shared<const CurveTable>(*std::move(fresh));
  }
  return table;
}

std::optional<std::size_t> CurveTable::find_number(std::int64_t number) const {
  if (by_number_.empty()) {
    if (number < 0 || static_cast<std::size_t>(number) >= curves_.size()) return std::nullopt;
    return static_cast<std::size_t>(number);
  }
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> CurveTable::find(const Cells& cells) const {
  const auto found = by_cells_.find(cells);
  return found == by_cells_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> CurveTable::place(std::size_t parameter, const std::string& cell) const {
  const auto number = parse_real(cell);
  const auto& values = values_[parameter];
  if (!number || values.empty()) return std::nullopt;
  const auto [first, last] = std::equal_range(values.begin(), values.end(), *number);
  const auto rank = (first - values.begin()) + (last - values.begin());  // twice the middle of its equals
  return static_cast<double>(rank) / (2 * static_cast<double>(values.size()));
}

std::size_t CurveTable::nearest(const Cells& cells) const {
  std::size_t best = 0;
  double least = 0;
  for (std::size_t curve = 0; curve < curves_.size(); ++curve) {
    double distance = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string& there = curves_[curve].cells[i];
      const auto a = place(i, cells[i]), b = place(i, there);
      if (a && b)
        distance += (*a - *b) * (*a - *b);
      else
        distance += cells[i] == there ? 0 : 1;
    }
    if (curve == 0 || distance < least) {
      best = curve;
      least = distance;
    }
  }
  return best;
}

CurveTable::Metrics CurveTable::report(std::size_t curve, std::int64_t step) const {
  Metrics metrics;
  const auto& values = curves_[curve].reports[static_cast<std::size_t>(step - 1)];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) metrics.emplace_back(metrics_[i], *values[i]);
  }
  return metrics;
}

}  // namespace tune

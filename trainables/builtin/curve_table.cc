#include "trainables/builtin/curve_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

#include "core/text.h"

namespace tune {
namespace {

constexpr std::string_view kConfig = "config/";
/// Columns of an export that say where and when a report was made, not what it was.
constexpr std::array<std::string_view, 3> kNoMetrics = {"trial_id", "timestamp", "time_total_s"};

/// Rows of a CSV file (RFC 4180), one after another.
class CsvRows {
 public:
  explicit CsvRows(std::string text) : text_(std::move(text)) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark, as spreadsheets write
  }

  /// The next row that is not empty; false at the end.
  bool next(std::vector<std::string>& cells) {
    do {
      if (at_ >= text_.size()) return false;
      cells.clear();
      line_ = next_line_;
      while (read_cell(cells.emplace_back())) {
      }
    } while (cells.size() == 1 && cells.front().empty());
    return true;
  }
  std::int64_t line() const { return line_; }  ///< where the row begins

 private:
  /// True: another cell follows in this row.
  bool read_cell(std::string& cell) {
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        const bool doubled = quoted && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
        if (doubled)
          cell += text_[++at_];
        else
          quoted = !quoted;
        continue;
      }
      if (c == '\n') ++next_line_;
      if (!quoted && c == ',') return ++at_, true;
      if (!quoted && c == '\n') return ++at_, false;
      if (quoted || c != '\r') cell += c;
    }
    return false;
  }

  std::string text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1, next_line_ = 1;
};

}  // namespace

std::string canonical_cell(const std::string& text) {
  const auto number = parse_real(text);
  return number ? format_real(*number) : text;
}

Result<CurveTable> CurveTable::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, "cannot read the learning curves " + path);
  CsvRows rows(std::string(std::istreambuf_iterator<char>(in), {}));
  const auto faulty = [&](const std::string& what) {
    return fail(ErrorCode::kBadInput, fmt::format("{}:{}: {}", path, rows.line(), what));
  };

  CurveTable table;
  std::vector<std::string> header, cells;
  std::optional<std::size_t> number_column, step_column;
  std::vector<std::size_t> config_columns, metric_columns;
  if (!rows.next(header)) return faulty("the file is empty");
  std::set<std::string> names;
  for (std::size_t column = 0; column < header.size(); ++column) {
    const std::string& name = header[column];
    if (name.empty() || !names.insert(name).second) {
      return faulty(name.empty() ? "a column has no name" : "two columns are named " + name);
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
  if (!step_column) return faulty("there is no column training_iteration");
  if (!number_column && config_columns.empty())
    return faulty("there is neither a column trial_number nor one config/NAME");
  for (const std::size_t column : config_columns) {
    std::string parameter = header[column].substr(kConfig.size());
    std::replace(parameter.begin(), parameter.end(), '/', '.');
    table.parameters_.push_back(std::move(parameter));
  }
  for (const std::size_t column : metric_columns) table.metrics_.push_back(header[column]);

  table.values_.resize(table.parameters_.size());
  while (rows.next(cells)) {
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
      if (!number) return faulty("trial_number '" + cells[*number_column] + "' is no whole number");
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
                                cells[*step_column], expected));
    }
    auto& report = reports.emplace_back();
    for (const std::size_t column : metric_columns) {
      report.push_back(cells[column].empty() ? std::nullopt : parse_real(cells[column]));
    }
  }
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

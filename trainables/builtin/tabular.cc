#include "trainables/builtin/tabular.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/text.h"

namespace tune {
namespace {

/// A parameter of the trial as the table's cells have it.
std::string cell_of(const Trial& trial, const std::string& path) {
  if (!trial.has(path)) return {};
  try {
    return format_real(trial.real(path));
  } catch (const BadParameter&) {
  }
  try {
    return canonical_cell(trial.text(path));
  } catch (const BadParameter&) {
  }
  return trial.flag(path) ? "true" : "false";
}

}  // namespace

TrainableOptions Tabular::options() {
  TrainableOptions options = stepped_options({ParameterSpec::text("file"), ParameterSpec::flag("nearest").optional(),
                                              ParameterSpec::integer("curve").optional()},
                                             {});
  options.more_parameters = true;
  return options;
}

std::size_t Tabular::choose(const Trial& trial) const {
  const bool by_number = trial.has("curve") || table_->parameters().empty();
  if (by_number) {
    const std::int64_t number = trial.integer_or("curve", trial.number());
    if (const auto curve = table_->find_number(number)) return *curve;
    throw BadParameter(fmt::format("the file has no curve {} among its {}", number, table_->size()));
  }
  CurveTable::Cells cells;
  std::vector<std::string> said;
  for (const std::string& path : table_->parameters()) {
    cells.push_back(cell_of(trial, path));
    said.push_back(path + "=" + cells.back());
  }
  if (trial.flag_or("nearest", false)) return table_->nearest(cells);
  if (const auto curve = table_->find(cells)) return *curve;
  throw BadParameter("the file has no curve of " + join(said) + "; with `nearest: true` the nearest one is taken");
}

std::vector<double> Tabular::begin(Trial& trial) {
  auto table = CurveTable::shared(trial.text("file"));
  if (!table) throw std::runtime_error(table.error().message);
  table_ = *std::move(table);
  curve_ = choose(trial);
  return {};
}

Report Tabular::step_at(std::int64_t t, std::vector<double>&) { return Report(table_->report(curve_, t)); }

}  // namespace tune

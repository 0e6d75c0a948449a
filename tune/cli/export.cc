// `tune export`: the results table as a file.

#include <fmt/format.h>

#include <ostream>

#include "experiments/export/write.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/new_file.h"

namespace tune::cli {
namespace {

Naming naming_of(const std::string& name) {
  if (name == "optuna") return Naming::kOptuna;
  if (name == "mlflow") return Naming::kMlflow;
  if (name == "bare") return Naming::kBare;
  return Naming::kRay;
}

Result<void> write(const Table& table, const ExportCommand& command, std::ostream& out) {
  if (command.format == "json") return write_json(table, out);
  if (command.format == "jsonl") return write_json_lines(table, out);
  if (command.format == "md") return write_markdown(table, out);
  return write_csv(table, command.excel, out);
}

}  // namespace

int export_table(const ExportCommand& command, const Common& common) {
  auto name = pick_experiment(common.db, command.experiment);
  if (!name) return report(name.error());
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto experiment = (*reader)->experiment(*name);
  if (!experiment) return report(experiment.error());
  TableOptions options;
  options.history = command.history;
  options.stable = command.stable;
  options.naming = naming_of(command.naming);
  options.columns = command.columns;
  options.top = command.top;
  auto table = Table::open(**reader, *experiment, options);
  if (!table) return report(table.error());

  const auto written = write_output(command.output.empty() ? "-" : command.output,
                                    [&](std::ostream& out) { return write(*table, command, out); });
  return written ? kOk : report(written.error());
}

}  // namespace tune::cli

// `tune export`: the results table as a file.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

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

  if (command.output.empty() || command.output == "-") {
    auto written = write(*table, command, std::cout);
    std::cout.flush();
    return written ? kOk : report(written.error());
  }
  NewFile file(command.output);
  std::ofstream out(file.draft(), std::ios::binary);
  if (!out) return report(file.failed().value());
  auto written = write(*table, command, out);
  out.close();
  if (written && out.fail()) written = file.failed();
  if (written) written = file.keep();
  return written ? kOk : report(written.error());
}

}  // namespace tune::cli

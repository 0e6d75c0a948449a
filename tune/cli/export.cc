// `tune export`: the results table as a file.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "experiments/export/write.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"

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
  // Written beside its place and renamed, so that a table is never half there.
  const std::string temporary = command.output + ".part";
  std::ofstream file(temporary, std::ios::binary);
  auto written = file ? write(*table, command, file) : Result<void>();
  file.close();
  const bool kept = !file.fail() && written && std::rename(temporary.c_str(), command.output.c_str()) == 0;
  if (kept) return kOk;
  std::remove(temporary.c_str());
  if (!written) return report(written.error());
  return report({ErrorCode::kIo, fmt::format("cannot write {}: {}", command.output, std::system_category().message(errno)), {}});
}

}  // namespace tune::cli

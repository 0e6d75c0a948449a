#include "tune/session/stored.h"

#include <fmt/format.h>

#include "core/json.h"
#include "core/text.h"
#include "experiments/store/doctor.h"

namespace tune {

std::optional<ExperimentRow> find_experiment(const std::string& database, const std::string& name) {
  auto reader = open_reader(database);
  if (!reader) return std::nullopt;
  auto row = (*reader)->experiment(name);
  if (!row) return std::nullopt;
  return *std::move(row);
}

bool is_over(const ExperimentRow& row) { return row.status == "finished" || row.status == "failed"; }

ExperimentRow row_of(const ExperimentSpec& spec) {
  ExperimentRow row;
  row.name = spec.name;
  row.description = spec.description;
  row.source = spec.source;
  row.resolved_json = spec.resolved_json;
  row.directory = spec.directory;
  row.space_hash = spec.space.fingerprint();
  row.metric = spec.objectives.front().metric;
  row.mode = spec.objectives.front().mode == Mode::kMin ? "min" : "max";
  List columns;
  for (const std::string& path : spec.space.paths()) columns.push_back(path);
  row.columns_json = to_json(columns);
  return row;
}

Result<void> check_document(const ExperimentRow& row, const std::string& document) {
  const auto parsed = parse_json(document);
  if (parsed && parsed->is_map()) return {};
  return fail(ErrorCode::kDamaged,
              fmt::format("the stored document of experiment '{}' cannot be read: {}", row.name,
                          parsed ? "it is no map" : parsed.error().message),
              kTablesEdited);
}

Result<ExperimentSpec> stored_spec(const ExperimentRow& row, const ReaderContext& context,
                                   std::vector<Diagnostic>& diagnostics) {
  if (auto whole = check_document(row, row.resolved_json); !whole) return pass_on(std::move(whole));
  ReadOutcome stored = read_stored_experiment(row.resolved_json, row.directory, context);
  if (stored.spec) return *std::move(stored.spec);
  diagnostics = std::move(stored.diagnostics);
  return fail(ErrorCode::kBadInput,
              fmt::format("experiment '{}' was stored by a program that reads it differently", row.name));
}

Result<void> check_continues(const ExperimentSpec& spec, const ExperimentRow& row, const std::string& database,
                             const ReaderContext& context, std::vector<Diagnostic>& diagnostics) {
  auto before = stored_spec(row, context, diagnostics);
  if (!before) return pass_on(std::move(before));
  const auto changed = differences(spec, *before);
  if (changed.empty()) return {};
  return fail(
      ErrorCode::kBadInput,
      fmt::format("experiment '{}' exists in {} with other settings:\n  {}", row.name, database, join(changed, "\n  ")),
      "give it another name, or --fresh to keep the old one as " + row.name + "@1 and start anew");
}

}  // namespace tune

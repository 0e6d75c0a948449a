#pragma once

// Rows of the plain tables as SQL and structs: which columns, in which order, and what NULL stands for.

#include "experiments/store/sqlite.h"
#include "experiments/store/store.h"

namespace tune {

// SELECT lists; read_* takes the columns in that order.
extern const char* const kExperimentColumns;  ///< FROM experiment e JOIN summary s ON s.experiment = e.id
extern const char* const kTrialColumns;       ///< FROM trial
extern const char* const kRunColumns;         ///< FROM run
extern const char* const kCheckpointColumns;  ///< FROM checkpoint

ExperimentRow read_experiment(const sql::Statement& row);
TrialRow read_trial(const sql::Statement& row);
RunRow read_run(const sql::Statement& row);
CheckpointRow read_checkpoint(const sql::Statement& row);

extern const char* const kUpsertTrial;
void bind_trial(sql::Statement& statement, ExperimentId experiment, const TrialRow& trial);

/// What stands as -1 in a struct is NULL in a table.
inline std::optional<std::int64_t> unless_negative(std::int64_t value) {
  return value < 0 ? std::nullopt : std::optional(value);
}

/// Runs the statement to its end, with each row to `take`.
template <class Take>
Result<void> for_each_row(sql::Statement& statement, Take take) {
  for (;;) {
    auto row = statement.step();
    if (!row) return pass_on(std::move(row));
    if (!*row) return {};
    take(statement);
  }
}

/// All rows of a query about one experiment.
template <class Row>
Result<std::vector<Row>> rows_of(const sql::Connection& connection, const std::string& sql, ExperimentId experiment,
                                 Row (*read)(const sql::Statement&), std::optional<std::int64_t> second = {}) {
  auto statement = connection.prepare(sql);
  if (!statement) return pass_on(std::move(statement));
  second ? statement->bind(experiment.value, *second) : statement->bind(experiment.value);
  std::vector<Row> rows;
  auto done = for_each_row(*statement, [&](const sql::Statement& row) { rows.push_back(read(row)); });
  if (!done) return pass_on(std::move(done));
  return rows;
}

/// An experiment by name; kNotFound with a did-you-mean and the names there are.
Result<ExperimentRow> find_experiment(const sql::Connection& connection, const std::string& db,
                                      const std::string& name);

}  // namespace tune

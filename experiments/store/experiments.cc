// Making, opening and setting aside an experiment: what needs the database before there is a Store.

#include <fmt/format.h>

#include "core/wall_clock.h"
#include "experiments/store/database.h"
#include "experiments/store/experiment_store.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

/// The experiment of that name, if there is one.
Result<std::optional<ExperimentId>> taken_by(const sql::Connection& connection, const std::string& name) {
  auto query = connection.prepare("SELECT id FROM experiment WHERE name = ?");
  if (!query) return pass_on(std::move(query));
  auto found = query->bind(name).step();
  if (!found) return pass_on(std::move(found));
  return *found ? std::optional(ExperimentId{query->integer(0)}) : std::nullopt;
}

Result<void> insert_experiment(const sql::Connection& connection, const ExperimentRow& row) {
  auto insert = connection.prepare(
      "INSERT INTO experiment(id, name, description, created_at, source, resolved, directory, seed, lockstep, slots, "
      "space_hash, metric, mode, columns) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!insert) return pass_on(std::move(insert));
  auto done =
      insert
          ->bind(row.id.value, row.name, row.description, row.created_at, row.source, row.resolved_json, row.directory,
                 row.seed, row.lockstep, row.slots, row.space_hash, row.metric, row.mode, row.columns_json)
          .run();
  if (!done) return done;
  auto summary = connection.prepare(
      "INSERT INTO summary(experiment, status, end_reason, elapsed, last_event, last_turn, trials, completed, stopped, "
      "failed, running, paused, waiting, updated_at) VALUES(?,?,'',0,0,0,0,0,0,0,0,0,0,?)");
  if (!summary) return pass_on(std::move(summary));
  return summary->bind(row.id.value, row.status, row.updated_at).run();
}

}  // namespace

Result<std::unique_ptr<Store>> create_experiment(const std::string& path, const NewExperiment& experiment,
                                                 const StoreOptions& options, Post post) {
  const std::string db = absolute_path(path);
  auto connection = open_database(db, true, options);
  if (!connection) return pass_on(std::move(connection));
  ExperimentRow row = experiment.row;
  HeldLock lock;
  {
    auto transaction = sql::Transaction::begin(*connection);
    if (!transaction) return pass_on(std::move(transaction));
    auto taken = taken_by(*connection, row.name);
    if (!taken) return pass_on(std::move(taken));
    if (*taken) {  // who ran `tune run FILE` twice at one moment hears who was first
      if (auto free = take_experiment_lock(db, **taken, row.name); !free) return pass_on(std::move(free));
      return fail(
          ErrorCode::kBadInput, fmt::format("there is an experiment '{}' in {} already", row.name, path),
          fmt::format("tune resume {} goes on with it; --fresh keeps it as {}@1 and begins anew", row.name, row.name));
    }
    auto last = connection->integer("SELECT max(id) FROM experiment");
    if (!last) return pass_on(std::move(last));
    row.id = ExperimentId{*last + 1};
    row.status = "new";
    if (row.created_at == 0) row.created_at = unix_now();
    row.updated_at = row.created_at;
    auto held = take_experiment_lock(db, row.id, row.name);
    if (!held) return pass_on(std::move(held));
    lock = *std::move(held);
    auto done = insert_experiment(*connection, row);
    if (done) done = transaction->commit();
    if (!done) return pass_on(std::move(done));
  }
  return ExperimentStore::open(db, std::move(lock), std::move(row), options, std::move(post), *std::move(connection));
}

Result<std::unique_ptr<Store>> open_experiment(const std::string& path, const std::string& name,
                                               const StoreOptions& options, Post post) {
  const std::string db = absolute_path(path);
  auto connection = open_database(db, false, options);
  if (!connection) return pass_on(std::move(connection));
  auto row = find_experiment(*connection, path, name);
  if (!row) return pass_on(std::move(row));
  auto lock = take_experiment_lock(db, row->id, name);
  if (!lock) return pass_on(std::move(lock));
  row = find_experiment(*connection, path, name);  // again: its holder may have written until it let go
  if (!row) return pass_on(std::move(row));
  return ExperimentStore::open(db, *std::move(lock), *std::move(row), options, std::move(post), *std::move(connection));
}

Result<std::string> set_aside(const std::string& path, const std::string& name, const StoreOptions& options) {
  const std::string db = absolute_path(path);
  auto connection = open_database(db, false, options);
  if (!connection) return pass_on(std::move(connection));
  auto row = find_experiment(*connection, path, name);
  if (!row) return pass_on(std::move(row));
  auto lock = take_experiment_lock(db, row->id, name);
  if (!lock) return pass_on(std::move(lock));
  auto transaction = sql::Transaction::begin(*connection);
  if (!transaction) return pass_on(std::move(transaction));
  std::string aside;
  for (int i = 1;; ++i) {
    aside = fmt::format("{}@{}", name, i);
    auto taken = taken_by(*connection, aside);
    if (!taken) return pass_on(std::move(taken));
    if (!*taken) break;
  }
  auto rename = connection->prepare("UPDATE experiment SET name = ? WHERE id = ? AND name = ?");
  if (!rename) return pass_on(std::move(rename));
  auto done = rename->bind(aside, row->id.value, name).run();
  if (done) done = transaction->commit();
  if (!done) return pass_on(std::move(done));
  return aside;
}

}  // namespace tune

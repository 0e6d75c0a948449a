// The command table from the sender's side: a row for the controller, and what became of it.

#include <chrono>
#include <thread>

#include "core/log_names.h"
#include "core/wall_clock.h"
#include "experiments/store/database.h"
#include "experiments/store/rows.h"
#include "experiments/store/store.h"

namespace tune {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Result<std::string> refusal_of(const sql::Connection& connection, std::int64_t experiment, std::int64_t turn,
                               std::int64_t command) {
  auto query = connection.prepare(
      "SELECT json_extract(v.payload, '$.refused') FROM turn t JOIN event v "
      "ON v.experiment = t.experiment AND v.n BETWEEN t.first_n AND t.last_n "
      "WHERE t.experiment = ? AND t.turn = ? AND v.kind = 'commanded' AND json_extract(v.payload, '$.row') = ?");
  if (!query) return pass_on(std::move(query));
  auto found = query->bind(experiment, turn, command).step();
  if (!found) return pass_on(std::move(found));
  return *found && !query->is_null(0) ? std::string(query->text(0)) : std::string();
}

}  // namespace

Result<std::int64_t> send_command(const std::string& path, const std::string& experiment, const CommandRow& command) {
  const std::string db = absolute_path(path);
  auto connection = open_database(db, false, {});
  if (!connection) return pass_on(std::move(connection));
  auto row = find_experiment(*connection, path, experiment);
  if (!row) return pass_on(std::move(row));
  auto transaction = sql::Transaction::begin(*connection);
  if (!transaction) return pass_on(std::move(transaction));
  auto insert =
      connection->prepare("INSERT INTO command(experiment, kind, trial, args, sent_at) VALUES(?,?,?,?,?) RETURNING id");
  if (!insert) return pass_on(std::move(insert));
  const std::optional<std::int64_t> trial = command.trial ? std::optional(command.trial->value) : std::nullopt;
  auto inserted =
      insert->bind(row->id.value, kCommandNames.name(command.kind), trial, command.args_json, unix_now()).step();
  if (!inserted) return pass_on(std::move(inserted));
  const std::int64_t id = insert->integer(0);
  insert->reset();
  auto done = transaction->commit();
  if (!done) return pass_on(std::move(done));
  return id;
}

Result<std::optional<CommandAnswer>> await_command(const std::string& path, std::int64_t command, double seconds) {
  auto connection = open_database_to_read(absolute_path(path));
  if (!connection) return pass_on(std::move(connection));
  auto query = connection->prepare("SELECT experiment, done_turn FROM command WHERE id = ?");
  if (!query) return pass_on(std::move(query));
  const auto end = steady_clock::now() + milliseconds(static_cast<std::int64_t>(seconds * 1000));
  for (;;) {
    auto found = query->bind(command).step();
    if (!found) return pass_on(std::move(found));
    if (!*found) return std::optional<CommandAnswer>();
    if (!query->is_null(1)) {
      const std::int64_t experiment = query->integer(0), turn = query->integer(1);
      query->reset();
      auto refusal = refusal_of(*connection, experiment, turn, command);
      if (!refusal) return pass_on(std::move(refusal));
      return std::optional(CommandAnswer{turn, *std::move(refusal)});
    }
    query->reset();
    if (steady_clock::now() >= end) return std::optional<CommandAnswer>();
    std::this_thread::sleep_for(milliseconds(10));
  }
}

}  // namespace tune

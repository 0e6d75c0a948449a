// What a running controller reads: its log at a resume, commands that people sent, small checkpoints.

#include <fmt/format.h>

#include "core/log_names.h"
#include "core/sha256.h"
#include "experiments/store/experiment_store.h"
#include "experiments/store/log_reader.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

// In pages of 4 KiB: 1 MiB of WAL is worth moving into the database when nothing else is to do.
constexpr std::int64_t kWalPagesWhenQuiet = 256;

}  // namespace

Result<void> ExperimentStore::read_log(const std::function<Result<void>(const LogEntry&)>& sink) const {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  return tune::read_log(**connection, row_.id, sink);
}

Result<std::vector<RunRow>> ExperimentStore::runs() const {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  return rows_of<RunRow>(**connection, fmt::format("SELECT {} FROM run WHERE experiment = ? ORDER BY run", kRunColumns),
                         row_.id, read_run);
}

Result<std::string> ExperimentStore::read_checkpoint(CheckpointId id) const {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  auto query = (*connection)
                   ->prepare(
                       "SELECT b.bytes, c.sha256 FROM checkpoint c JOIN checkpoint_bytes b "
                       "ON b.experiment = c.experiment AND b.checkpoint = c.id WHERE c.experiment = ? AND c.id = ?");
  if (!query) return pass_on(std::move(query));
  auto row = query->bind(row_.id.value, id.value).step();
  if (!row) return pass_on(std::move(row));
  if (!*row) return fail(ErrorCode::kNotFound, fmt::format("checkpoint {} is not in {}", id.value, db_));
  std::string bytes(query->text(0));
  if (sha256_hex(bytes) != query->text(1)) {
    return fail(ErrorCode::kDamaged, fmt::format("checkpoint {} in {} is not what was written", id.value, db_));
  }
  return bytes;
}

Result<std::optional<Metrics>> ExperimentStore::committed_metrics(TrialId trial, Step step) const {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  auto query = (*connection)
                   ->prepare(
                       // Left to itself SQLite takes the order for the better help, and reads the log from its end.
                       "SELECT payload FROM event INDEXED BY event_of_trial WHERE experiment = ? AND trial = ? "
                       "AND kind = 'reported' AND step = ? AND replayed = 0 ORDER BY n DESC LIMIT 1");
  if (!query) return pass_on(std::move(query));
  auto row = query->bind(row_.id.value, trial.value, step).step();
  if (!row) return pass_on(std::move(row));
  if (!*row) return std::nullopt;
  auto metrics = metrics_from_json(query->text(0));
  if (!metrics) return pass_on(std::move(metrics));
  return *std::move(metrics);
}

Result<std::vector<CommandRow>> ExperimentStore::commands() {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  if (auto there = still_there(); !there) return pass_on(std::move(there));
  if (quiet_ && last_pages_ >= kWalPagesWhenQuiet && last_pages_ != idle_done_) {
    (void)(*connection)->checkpoint(sql::Connection::WalMode::kPassive);
    idle_done_ = last_pages_;
  }
  quiet_ = true;

  auto row = open_->data_version.step();
  if (!row) return pass_on(std::move(row));
  const std::int64_t version = open_->data_version.integer(0);
  open_->data_version.reset();
  if (open_->seen_version == version) return waiting_;

  auto query =
      (*connection)
          ->prepare("SELECT id, kind, trial, args FROM command WHERE experiment = ? AND done_turn IS NULL ORDER BY id");
  if (!query) return pass_on(std::move(query));
  std::vector<CommandRow> waiting;
  query->bind(row_.id.value);
  auto read = for_each_row(*query, [&](const sql::Statement& each) {
    const auto kind = kCommandNames.value(each.text(1));
    if (!kind) return;  // of a newer program
    CommandRow command{each.integer(0), *kind, std::nullopt, std::string(each.text(3))};
    if (!each.is_null(2)) command.trial = TrialId{each.integer(2)};
    waiting.push_back(command);
  });
  if (!read) return pass_on(std::move(read));
  waiting_ = std::move(waiting);
  open_->seen_version = version;
  return waiting_;
}

}  // namespace tune

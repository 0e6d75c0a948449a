#include "experiments/store/experiment_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/store/database.h"
#include "experiments/store/doctor.h"
#include "experiments/store/row_seal.h"
#include "experiments/store/rows.h"
#include "experiments/store/sql_error.h"

namespace tune {
namespace {

using std::chrono::milliseconds;

// In pages of 4 KiB. Moving the WAL into the database costs two or three syncs whatever its size.
constexpr std::int64_t kWalPages = 4096;         // 16 MiB: move it
constexpr std::int64_t kWalPagesToWarn = 65536;  // 256 MiB: something keeps it from being moved

constexpr milliseconds kPatienceOnceBusy{200};  // the caller tries again, and must stay awake in between
constexpr milliseconds kPatienceAtEnd{100};

void take_over(ExperimentRow& row, const ExperimentRow& summary) {
  row.status = summary.status;
  row.end_reason = summary.end_reason;
  row.elapsed = summary.elapsed;
  row.best_trial = summary.best_trial;
  row.best_value = summary.best_value;
  row.trials = summary.trials;
  row.completed = summary.completed;
  row.stopped = summary.stopped;
  row.failed = summary.failed;
  row.running = summary.running;
  row.paused = summary.paused;
  row.waiting = summary.waiting;
  row.updated_at = summary.updated_at;
}

struct Blobs {
  std::map<CheckpointId, std::int64_t> alive;
  std::int64_t last_key = 0;
};

Result<Blobs> read_blobs(const sql::Connection& connection, ExperimentId experiment) {
  auto query = connection.prepare(
      "SELECT id, blob_key, released FROM checkpoint WHERE experiment = ? AND blob_key IS NOT NULL ORDER BY blob_key");
  if (!query) return pass_on(std::move(query));
  Blobs blobs;
  query->bind(experiment.value);
  auto read = for_each_row(*query, [&](const sql::Statement& row) {
    blobs.last_key = row.integer(1);
    if (row.integer(2) == 0) blobs.alive[CheckpointId{row.integer(0)}] = row.integer(1);
  });
  if (!read) return pass_on(std::move(read));
  return blobs;
}

/// A log that ends elsewhere than its turns and its summary say takes no further turn.
Result<void> check_ends(const sql::Connection& connection, const std::string& db, const ExperimentRow& row,
                        const LogTail& tail) {
  auto query = connection.prepare("SELECT max(n) FROM event WHERE experiment = ?");
  if (!query) return pass_on(std::move(query));
  auto found = query->bind(row.id.value).step();
  if (!found) return pass_on(std::move(found));
  const std::int64_t last = query->integer(0);
  if (last == tail.last_n && row.last_event == tail.last_n && row.last_turn == tail.turn) return {};
  return fail(ErrorCode::kDamaged,
              fmt::format("{}: the log of '{}' ends at event {}, its turns at event {} and its summary at event {}", db,
                          row.name, last, tail.last_n, row.last_event),
              kTablesEdited);
}

}  // namespace

// --- Opening and closing ---------------------------------------------------------------------------------------------

Result<std::unique_ptr<Store>> ExperimentStore::open(std::string db, HeldLock lock, ExperimentRow row,
                                                     StoreOptions options, Post post, sql::Connection connection) {
  std::unique_ptr<ExperimentStore> store(
      new ExperimentStore(std::move(db), std::move(lock), std::move(row), std::move(options)));
  auto blobs = read_blobs(connection, store->row_.id);
  if (!blobs) return pass_on(std::move(blobs));
  auto tail = read_tail(connection, store->row_.id);
  if (!tail) return pass_on(std::move(tail));
  if (auto same = check_ends(connection, store->db_, store->row_, *tail); !same) return pass_on(std::move(same));
  auto broken = broken_seal(connection, store->row_);
  if (!broken) return pass_on(std::move(broken));
  if (!broken->empty()) {
    return fail(
        ErrorCode::kDamaged,
        fmt::format("{}: the row of experiment '{}' is not as its log says: {}", store->db_, store->row_.name, *broken),
        kTablesEdited);
  }
  store->tail_ = *tail;
  auto runs = rows_of<RunRow>(
      connection, fmt::format("SELECT {} FROM run WHERE experiment = ? ORDER BY run DESC LIMIT 1", kRunColumns),
      store->row_.id, read_run);
  if (!runs) return pass_on(std::move(runs));
  if (!runs->empty()) store->run_ = runs->front().run;
  auto prepared = store->prepare(std::move(connection));
  if (!prepared) return pass_on(std::move(prepared));
  store->next_checkpoint_ = kWalPages;
  store->next_warning_ = kWalPagesToWarn;
  store->channel_ = std::make_unique<BlobChannel>(checkpoints_file(store->db_), store->row_.id, store->options_.vfs,
                                                  std::move(post), std::move(blobs->alive), blobs->last_key);
  return store;
}

ExperimentStore::~ExperimentStore() { close(); }

void ExperimentStore::close() {
  if (closed_) return;
  closed_ = true;
  if (channel_) channel_->close();
  if (open_) {
    open_->connection.set_patience(kPatienceAtEnd);
    (void)open_->connection.checkpoint(sql::Connection::WalMode::kTruncate);
  }
  open_.reset();
  lock_ = HeldLock();
}

Result<void> ExperimentStore::prepare(sql::Connection connection) const {
  auto writer = TurnWriter::prepare(connection, row_.id);
  if (!writer) return pass_on(std::move(writer));
  auto data_version = connection.prepare("PRAGMA data_version");
  if (!data_version) return pass_on(std::move(data_version));
  open_.emplace(Open{std::move(connection), *std::move(writer), *std::move(data_version), std::nullopt});
  return {};
}

Result<sql::Connection*> ExperimentStore::connected() const {
  if (closed_) return fail(ErrorCode::kInternal, "the store is closed");
  if (!open_) {
    auto connection = open_database(db_, false, options_);
    if (!connection) return pass_on(std::move(connection));
    auto prepared = prepare(*std::move(connection));
    if (!prepared) return pass_on(std::move(prepared));
  }
  return &open_->connection;
}

// --- Writing ---------------------------------------------------------------------------------------------------------

Result<void> ExperimentStore::compare_tail() {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  auto stored = read_tail(**connection, row_.id);
  if (!stored) return pass_on(std::move(stored));
  const bool same = stored->turn == tail_.turn && stored->hash == tail_.hash;
  const bool one_more = stored->turn == tail_.turn + 1 && stored->previous == tail_.hash;
  if (!same && !one_more) {
    return fail(ErrorCode::kDamaged,
                fmt::format("{} was changed behind this run's back: it ends at turn {}, and turn {} was stored", db_,
                            stored->turn, tail_.turn));
  }
  if (one_more) {
    // It got in although the commit failed, perhaps without being synced, and a later sync of those pages would prove
    // nothing. So they are written again: into the database itself.
    auto moved = (*connection)->checkpoint(sql::Connection::WalMode::kFull);
    if (!moved) return pass_on(std::move(moved));
    if (!moved->all()) return fail(ErrorCode::kBusy, fmt::format("a reader keeps {} from being synced", db_));
    tail_ = *stored;
  }
  suspicious_ = false;
  return {};
}

bool ExperimentStore::is_stored(const TurnRows& turn) const {
  return turn.entries.front().event.n.value == tail_.first_n && turn.entries.back().event.n.value == tail_.last_n &&
         encode_turn(turn, tail_.turn, tail_.previous, row_).hash == tail_.hash;
}

Result<void> ExperimentStore::commit(const TurnRows& turn) {
  if (turn.entries.empty()) return fail(ErrorCode::kInternal, "a turn without events");
  if (suspicious_) {
    auto compared = compare_tail();
    if (!compared) {
      if (compared.error().code != ErrorCode::kBusy) open_.reset();
      return compared;
    }
  }
  std::int64_t expected = tail_.last_n;
  if (turn.entries.front().event.n.value <= expected && is_stored(turn)) {
    committed(turn);
    return {};
  }
  for (const LogEntry& entry : turn.entries) {
    if (entry.event.n.value == ++expected) continue;
    return fail(ErrorCode::kInternal,
                fmt::format("event {} is to be stored where {} follows", entry.event.n.value, expected));
  }
  const EncodedTurn rows = encode_turn(turn, tail_.turn + 1, tail_.hash, row_);
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  if (auto there = still_there(); !there) return there;
  const milliseconds patience(static_cast<std::int64_t>(options_.patience * 1000));
  (*connection)->set_patience(was_busy_ ? std::min(patience, kPatienceOnceBusy) : patience);
  auto written =
      open_->writer.write(**connection, turn, rows, [this](std::uint64_t key) { return channel_->finished(key); });
  was_busy_ = !written && written.error().code == ErrorCode::kBusy;
  if (!written) {
    if (was_busy_) return written;
    suspicious_ = true;
    open_.reset();
    return written;
  }
  if (auto there = still_there(); !there) return there;
  tail_ = {rows.turn.turn, rows.turn.first_n, rows.turn.last_n, rows.hash, tail_.hash};
  committed(turn);
  keep_wal_small();
  watch_space();
  return {};
}

/// Asked after a commit too, so that what is acknowledged lies in the file that has the name. The connection stays:
/// close() brings the WAL into the file, wherever it is now, and no other that has its name finds a WAL that is not its
/// own.
Result<void> ExperimentStore::still_there() const {
  if (!open_->connection.has_moved()) return {};
  return fail(
      ErrorCode::kDamaged,
      fmt::format("{} was deleted, moved or replaced under this run: what lies there now is not what it stored", db_),
      fmt::format("a moved file is whole: put it back, and tune resume {} goes on; the data of a deleted one is gone",
                  row_.name));
}

void ExperimentStore::watch_space() {
  if (!options_.warn) return;
  if (const auto little = space_.look(std::chrono::steady_clock::now())) options_.warn(*little);
}

/// What follows from rows that are in the file.
void ExperimentStore::committed(const TurnRows& turn) {
  take_over(row_, turn.summary);
  if (turn.document) {
    if (row_.began_as_json.empty()) row_.began_as_json = row_.resolved_json;
    row_.resolved_json = *turn.document;
  }
  row_.last_event = tail_.last_n;
  row_.last_turn = tail_.turn;
  for (const auto& [id, key] : turn.large) channel_->link(id, key);
  for (const CheckpointId id : turn.released) channel_->release(id);
  std::erase_if(waiting_, [&](const CommandRow& command) {
    return std::ranges::find(turn.commands_done, command.id) != turn.commands_done.end();
  });
  quiet_ = false;
}

// A failure here loses nothing: the WAL stays as it is, and the next turn says if the disk is full.
void ExperimentStore::keep_wal_small() {
  const std::int64_t pages = open_->connection.wal_pages();
  if (pages < last_pages_) next_checkpoint_ = kWalPages;  // it began anew
  last_pages_ = pages;
  if (pages < next_checkpoint_) return;
  next_checkpoint_ = pages + kWalPages / 4;
  auto moved = open_->connection.checkpoint(sql::Connection::WalMode::kPassive);
  if (pages < next_warning_ || !options_.warn) return;
  next_warning_ = pages * 2;
  if (moved && moved->all()) return;
  constexpr std::int64_t kFirstReadLock = 123, kLastReadLock = 127;  // of the -shm file
  std::string who;
  for (const std::int64_t pid : sql::lock_holders(db_ + "-shm", kFirstReadLock, kLastReadLock)) {
    who += (who.empty() ? "" : ", ") + sql::process_in_words(pid);
  }
  options_.warn(fmt::format("{}-wal has grown to {} MiB because a reader keeps a transaction open{}{}", db_,
                            pages / 256, who.empty() ? "" : ": ", who));
}

Result<void> ExperimentStore::change(const std::function<Result<void>(const sql::Connection&)>& what) {
  auto connection = connected();
  if (!connection) return pass_on(std::move(connection));
  Result<void> done;
  {
    auto transaction = sql::Transaction::begin(**connection);
    if (!transaction) return pass_on(std::move(transaction));
    done = what(**connection);
    if (done) done = transaction->commit();
  }
  if (!done) {
    suspicious_ = true;
    open_.reset();
  }
  return done;
}

Result<void> ExperimentStore::begin_run(const RunRow& run) {
  if (options_.warn) {
    if (const std::string network = network_warning(db_); !network.empty()) options_.warn(network);
  }
  watch_space();
  auto stored = change([&](const sql::Connection& connection) -> Result<void> {
    auto insert = connection.prepare(
        "INSERT INTO run(experiment, run, version, rules, host, pid, pid_start, boot_id, started_at, code_hash, "
        "workers) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?)");
    if (!insert) return pass_on(std::move(insert));
    return insert
        ->bind(row_.id.value, run.run, run.version, run.rules, run.host, run.pid, run.pid_start, run.boot_id,
               run.started_at, run.code_hash, run.worker_json)
        .run();
  });
  if (stored) run_ = run.run;
  return stored;
}

Result<void> ExperimentStore::set_workers(const std::string& worker_json) {
  return change([&](const sql::Connection& connection) -> Result<void> {
    auto update = connection.prepare("UPDATE run SET workers = ? WHERE experiment = ? AND run = ?");
    if (!update) return pass_on(std::move(update));
    return update->bind(worker_json, row_.id.value, run_).run();
  });
}

Result<void> ExperimentStore::change_words(const std::string& source, const std::string& description) {
  auto stored = change([&](const sql::Connection& connection) -> Result<void> {
    auto update = connection.prepare("UPDATE experiment SET source = ?, description = ? WHERE id = ?");
    if (!update) return pass_on(std::move(update));
    return update->bind(source, description, row_.id.value).run();
  });
  if (!stored) return stored;
  row_.source = source;
  row_.description = description;
  return {};
}

}  // namespace tune

// Reader of store.h: lists, pages and streams of any database, also while a run goes on.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/sha256.h"
#include "core/trial.h"
#include "experiments/store/blob_file.h"
#include "experiments/store/database.h"
#include "experiments/store/locks.h"
#include "experiments/store/log_reader.h"
#include "experiments/store/rows.h"

namespace tune {
namespace {

/// Rows by key, a page at a time. `sql` ends in a bound on `key > ?` (its last parameter), ORDER BY and LIMIT
/// kPageRows; the sink hears of a page after its read transaction has ended.
template <class Row, class Bind, class Read, class Key>
Result<void> in_pages(const sql::Connection& connection, const std::string& sql, Bind bind, Read read, Key key,
                      const std::function<void(const Row&)>& sink) {
  auto query = connection.prepare(sql);
  if (!query) return pass_on(std::move(query));
  std::int64_t after = INT64_MIN;
  for (;;) {
    bind(*query, after);
    std::vector<Row> page;
    auto done = for_each_row(*query, [&](const sql::Statement& row) { page.push_back(read(row)); });
    if (!done) return done;
    if (page.empty()) return {};
    for (const Row& row : page) sink(row);
    after = key(page.back());
  }
}

class DatabaseReader final : public Reader {
 public:
  DatabaseReader(std::string db, sql::Connection connection) : db_(std::move(db)), connection_(std::move(connection)) {}

  Result<std::vector<ExperimentRow>> experiments() const override {
    auto query = connection_.prepare(fmt::format(
        "SELECT {} FROM experiment e JOIN summary s ON s.experiment = e.id ORDER BY e.id", kExperimentColumns));
    if (!query) return pass_on(std::move(query));
    std::vector<ExperimentRow> rows;
    auto done = for_each_row(*query, [&](const sql::Statement& row) { rows.push_back(read_experiment(row)); });
    if (!done) return pass_on(std::move(done));
    for (ExperimentRow& row : rows) say_if_interrupted(row);
    return rows;
  }

  Result<ExperimentRow> experiment(const std::string& name) const override {
    auto row = find_experiment(connection_, db_, name);
    if (row) say_if_interrupted(*row);
    return row;
  }

  std::int64_t holder(ExperimentId id) const override { return experiment_holder(absolute_path(db_), id); }

  Result<std::vector<RunRow>> runs(ExperimentId id) const override {
    return rows_of<RunRow>(
        connection_, fmt::format("SELECT {} FROM run WHERE experiment = ? ORDER BY run", kRunColumns), id, read_run);
  }

  Result<void> trials(ExperimentId id, const std::function<void(const TrialRow&)>& sink) const override {
    return in_pages<TrialRow>(
        connection_,
        fmt::format("SELECT {} FROM trial WHERE experiment = ? AND number > ? ORDER BY number LIMIT {}", kTrialColumns,
                    kPageRows),
        [&](sql::Statement& query, std::int64_t after) { query.bind(id.value, after); },
        [is_run = holder(id) != 0](const sql::Statement& row) { return said_as_it_is(read_trial(row), is_run); },
        [](const TrialRow& row) { return row.number; }, sink);
  }

  Result<TrialRow> trial(ExperimentId id, TrialId number) const override {
    auto rows = rows_of<TrialRow>(
        connection_, fmt::format("SELECT {} FROM trial WHERE experiment = ? AND number = ?", kTrialColumns), id,
        read_trial, number.value);
    if (!rows) return pass_on(std::move(rows));
    if (!rows->empty()) return said_as_it_is(std::move(rows->front()), holder(id) != 0);
    auto last = connection_.prepare("SELECT count(*), max(number) FROM trial WHERE experiment = ?");
    if (!last) return pass_on(std::move(last));
    auto row = last->bind(id.value).step();
    if (!row) return pass_on(std::move(row));
    return fail(ErrorCode::kNotFound,
                last->integer(0) == 0
                    ? fmt::format("there is no trial {}: none has started yet", number.value)
                    : fmt::format("there is no trial {}; they are numbered 0 to {}", number.value, last->integer(1)));
  }

  Result<void> reports(ExperimentId id, std::optional<TrialId> trial,
                       const std::function<void(const ReportRow&)>& sink) const override {
    // `kind` without an index: nearly all events are reports. NOT INDEXED keeps the walk in the order of the log.
    const std::string sql = fmt::format(
        "SELECT v.trial, v.n, v.step, v.elapsed, u.committed_at, v.payload, "
        "CASE v.extra WHEN '' THEN '' ELSE coalesce(json_extract(v.extra, '$.values'), '') END FROM event v {} "
        "JOIN turn u ON u.experiment = v.experiment AND u.turn = v.turn "
        "WHERE v.experiment = ? {} AND v.n > ? AND v.kind = 'reported' AND v.replayed = 0 ORDER BY v.n LIMIT {}",
        trial ? "INDEXED BY event_of_trial" : "NOT INDEXED", trial ? "AND v.trial = ?" : "", kPageRows);
    return in_pages<ReportRow>(
        connection_, sql,
        [&](sql::Statement& query, std::int64_t after) {
          trial ? query.bind(id.value, trial->value, after) : query.bind(id.value, after);
        },
        [](const sql::Statement& row) {
          sql::Columns in(row);
          ReportRow r;
          r.trial = in.integer();
          r.n = in.integer();
          r.step = in.integer();
          r.elapsed = in.real();
          r.wall = in.real();
          r.metrics_json = in.text();
          r.extra = in.text();
          return r;
        },
        [](const ReportRow& row) { return row.n; }, sink);
  }

  Result<std::vector<LogEntry>> story(ExperimentId id, TrialId trial) const override {
    auto events = rows_of<StoredEvent>(
        connection_,
        fmt::format("SELECT {} FROM event WHERE experiment = ?1 AND n IN "
                    "(SELECT n FROM event WHERE experiment = ?1 AND trial = ?2 "
                    "UNION SELECT n FROM decision WHERE experiment = ?1 AND trial = ?2) ORDER BY n",
                    kEventColumns),
        id, read_event, trial.value);
    if (!events) return pass_on(std::move(events));
    auto decisions = rows_of<StoredDecision>(
        connection_,
        fmt::format("SELECT {} FROM decision WHERE experiment = ? AND trial = ? ORDER BY n, k", kDecisionColumns), id,
        read_decision, trial.value);
    if (!decisions) return pass_on(std::move(decisions));
    std::vector<LogEntry> story;
    auto next = decisions->begin();
    for (const StoredEvent& stored : *events) {
      auto event = decode(stored.row);
      if (!event) return pass_on(std::move(event));
      LogEntry& entry = story.emplace_back(LogEntry{*std::move(event), {}});
      for (; next != decisions->end() && next->n == stored.row.n; ++next) {
        auto decision = decode(next->row);
        if (!decision) return pass_on(std::move(decision));
        entry.decisions.push_back(*std::move(decision));
      }
    }
    return story;
  }

  Result<void> log(ExperimentId id, const std::function<Result<void>(const LogEntry&)>& sink) const override {
    return read_log(connection_, id, sink);
  }

  Result<std::vector<TurnEnd>> turns(ExperimentId id) const override {
    return rows_of<TurnEnd>(connection_, "SELECT last_n, committed_at FROM turn WHERE experiment = ? ORDER BY turn", id,
                            [](const sql::Statement& row) {
                              return TurnEnd{EventNumber{row.integer(0)}, row.real(1)};
                            });
  }

  Result<std::optional<HashFault>> verify_hash(ExperimentId id) const override { return verify_chain(connection_, id); }

  Result<std::vector<CheckpointRow>> checkpoints(ExperimentId id, TrialId trial) const override {
    return rows_of<CheckpointRow>(
        connection_,
        fmt::format("SELECT {} FROM checkpoint WHERE experiment = ? AND trial = ? ORDER BY id", kCheckpointColumns), id,
        read_checkpoint, trial.value);
  }

  Result<void> checkpoint_bytes(ExperimentId id, CheckpointId checkpoint,
                                const std::function<Result<void>(std::string_view)>& sink) const override {
    auto query = connection_.prepare(
        "SELECT c.sha256, c.released, c.blob_key, b.bytes FROM checkpoint c LEFT JOIN checkpoint_bytes b "
        "ON b.experiment = c.experiment AND b.checkpoint = c.id WHERE c.experiment = ? AND c.id = ?");
    if (!query) return pass_on(std::move(query));
    auto row = query->bind(id.value, checkpoint.value).step();
    if (!row) return pass_on(std::move(row));
    if (!*row) return fail(ErrorCode::kNotFound, fmt::format("there is no checkpoint {}", checkpoint.value));
    if (query->integer(1) != 0) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("checkpoint {} was released: its bytes are gone", checkpoint.value));
    }
    const std::string expected(query->text(0));
    Sha256 hash;
    Result<void> sent;
    if (!query->is_null(2)) {
      const std::int64_t key = query->integer(2);
      query->reset();
      sent = send_blob(id, key, hash, sink);
    } else if (query->is_null(3)) {
      return fail(ErrorCode::kDamaged, fmt::format("the bytes of checkpoint {} are missing", checkpoint.value));
    } else {
      const std::string bytes(query->text(3));
      query->reset();
      hash.update(bytes);
      sent = sink(bytes);
    }
    if (!sent) return sent;
    if (hash.hex() == expected) return {};
    return fail(ErrorCode::kDamaged, fmt::format("checkpoint {} is not what was written", checkpoint.value));
  }

  Result<std::vector<OutputRow>> output(ExperimentId id, TrialId trial) const override {
    return rows_of<OutputRow>(
        connection_,
        "SELECT attempt, head, tail, bytes FROM output WHERE experiment = ? AND trial = ? ORDER BY attempt", id,
        [](const sql::Statement& row) {
          sql::Columns in(row);
          OutputRow o;
          o.attempt = in.integer();
          o.head = in.text();
          o.tail = in.text();
          o.bytes = static_cast<std::uint64_t>(in.integer());
          return o;
        },
        trial.value);
  }

 private:
  /// The last turn of a run that was killed says running; whether somebody runs it is known by its lock.
  void say_if_interrupted(ExperimentRow& row) const {
    if ((row.status == "running" || row.status == "paused" || row.status == "new") && holder(row.id) == 0)
      row.status = "interrupted";
  }
  /// Nor did the trials of such a run get a last word.
  static TrialRow said_as_it_is(TrialRow row, bool is_run) {
    if (!is_run && row.status == status_name(TrialState::kRunning)) row.status = "interrupted";
    return row;
  }

  Result<void> send_blob(ExperimentId id, std::int64_t key, Sha256& hash,
                         const std::function<Result<void>(std::string_view)>& sink) const {
    auto file = BlobFile::open_to_read(checkpoints_file(absolute_path(db_)), id);
    if (!file) return pass_on(std::move(file));
    for (std::uint64_t offset = 0;;) {
      auto bytes = file->read(key, offset);
      if (!bytes) return pass_on(std::move(bytes));
      if (bytes->empty()) return {};
      hash.update(*bytes);
      offset += bytes->size();
      auto taken = sink(*bytes);
      if (!taken) return taken;
    }
  }

  std::string db_;
  sql::Connection connection_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(const std::string& db) {
  auto connection = open_database_to_read(absolute_path(db));
  if (!connection && connection.error().code == ErrorCode::kUnsupported) {  // older: upgraded, if nobody runs it
    if (auto upgraded = open_database(absolute_path(db), false, {}); !upgraded) return pass_on(std::move(upgraded));
    connection = open_database_to_read(absolute_path(db));
  }
  if (!connection) return pass_on(std::move(connection));
  return std::make_unique<DatabaseReader>(db, *std::move(connection));
}

}  // namespace tune

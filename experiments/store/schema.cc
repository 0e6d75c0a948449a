#include "experiments/store/schema.h"

#include <fmt/format.h>

namespace tune {
namespace {

// STRICT keeps a value of the wrong type out whoever writes it. WITHOUT ROWID: the key order is the reading order, and
// a turn touches one page a table. `summary` lies beside `experiment` because it changes with every turn, and the texts
// of the file must not be written again each time.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE experiment(
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  description  TEXT NOT NULL,
  created_at   REAL NOT NULL,
  source       TEXT NOT NULL,
  resolved     TEXT NOT NULL,
  directory    TEXT NOT NULL,
  seed         INTEGER NOT NULL,
  lockstep     INTEGER NOT NULL,
  slots        INTEGER NOT NULL,
  space_hash   TEXT NOT NULL,
  metric       TEXT NOT NULL,
  mode         TEXT NOT NULL,
  columns      TEXT NOT NULL
) STRICT;

CREATE TABLE summary(
  experiment   INTEGER PRIMARY KEY,
  status       TEXT NOT NULL,
  end_reason   TEXT NOT NULL,
  elapsed      REAL,
  best_trial   INTEGER,
  best_value   REAL,
  last_event   INTEGER NOT NULL,
  last_turn    INTEGER NOT NULL,
  trials       INTEGER NOT NULL,
  completed    INTEGER NOT NULL,
  stopped      INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  running      INTEGER NOT NULL,
  paused       INTEGER NOT NULL,
  waiting      INTEGER NOT NULL,
  updated_at   REAL
) STRICT;

CREATE TABLE run(
  experiment   INTEGER NOT NULL,
  run          INTEGER NOT NULL,
  version      TEXT NOT NULL,
  rules        TEXT NOT NULL,
  host         TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  pid_start    INTEGER NOT NULL,
  boot_id      TEXT NOT NULL,
  started_at   REAL NOT NULL,
  code_hash    TEXT NOT NULL,
  workers      TEXT NOT NULL,
  PRIMARY KEY(experiment, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE event(
  experiment   INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  turn         INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  attempt      INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  at           REAL,
  elapsed      REAL,
  replayed     INTEGER NOT NULL,
  payload      TEXT NOT NULL,
  extra        TEXT NOT NULL,
  PRIMARY KEY(experiment, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_of_trial ON event(experiment, trial) WHERE trial IS NOT NULL;

CREATE TABLE decision(
  experiment   INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  k            INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  args         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  PRIMARY KEY(experiment, n, k)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_of_trial ON decision(experiment, trial) WHERE trial IS NOT NULL;

CREATE TABLE turn(
  experiment   INTEGER NOT NULL,
  turn         INTEGER NOT NULL,
  first_n      INTEGER NOT NULL,
  last_n       INTEGER NOT NULL,
  hash         BLOB NOT NULL,
  committed_at REAL NOT NULL,
  PRIMARY KEY(experiment, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE trial(
  experiment         INTEGER NOT NULL,
  number             INTEGER NOT NULL,
  status             TEXT NOT NULL,
  state              TEXT NOT NULL,
  cause              TEXT NOT NULL,
  reason             TEXT NOT NULL,
  error              TEXT NOT NULL,
  config             TEXT NOT NULL,
  attempt            INTEGER NOT NULL,
  generation         INTEGER NOT NULL,
  parent             INTEGER,
  reports            INTEGER NOT NULL,
  replayed           INTEGER NOT NULL,
  retries            INTEGER NOT NULL,
  training_iteration INTEGER NOT NULL,
  time_total         REAL,
  metrics            TEXT,
  objective_class    INTEGER,
  objective          REAL,
  best_class         INTEGER,
  best               REAL,
  best_iteration     INTEGER NOT NULL,
  seed               INTEGER NOT NULL,
  started_at         REAL,
  finished_at        REAL,
  worker             TEXT,
  PRIMARY KEY(experiment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint(
  experiment   INTEGER NOT NULL,
  id           INTEGER NOT NULL,
  trial        INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  size         INTEGER NOT NULL,
  sha256       TEXT NOT NULL,
  external     INTEGER NOT NULL,
  blob_key     INTEGER,
  released     INTEGER NOT NULL,
  PRIMARY KEY(experiment, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkpoint_of_trial ON checkpoint(experiment, trial);
CREATE INDEX checkpoint_beside ON checkpoint(experiment, blob_key) WHERE blob_key IS NOT NULL;

CREATE TABLE checkpoint_bytes(
  id           INTEGER PRIMARY KEY,
  experiment   INTEGER NOT NULL,
  checkpoint   INTEGER NOT NULL,
  bytes        BLOB NOT NULL,
  UNIQUE(experiment, checkpoint)
) STRICT;

CREATE TABLE output(
  experiment   INTEGER NOT NULL,
  trial        INTEGER NOT NULL,
  attempt      INTEGER NOT NULL,
  head         BLOB NOT NULL,
  tail         BLOB NOT NULL,
  bytes        INTEGER NOT NULL,
  cpu_seconds  REAL,
  max_rss      INTEGER NOT NULL,
  PRIMARY KEY(experiment, trial, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE command(
  id           INTEGER PRIMARY KEY,
  experiment   INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trial        INTEGER,
  sent_at      REAL NOT NULL,
  done_turn    INTEGER
) STRICT;
CREATE INDEX command_waiting ON command(experiment) WHERE done_turn IS NULL;
)sql";

// Commands that take more than a kind and a trial; and the document that an edited experiment began with, from which
// its log is folded.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE command ADD COLUMN args TEXT NOT NULL DEFAULT '';
ALTER TABLE experiment ADD COLUMN began_as TEXT NOT NULL DEFAULT '';
)sql";

constexpr Migration kMigrations[] = {{1, kVersion1}, {2, kVersion2}};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<SchemaState> inspect_schema(const sql::Connection& connection, const std::string& path, std::int64_t newest) {
  // In one statement, so of one moment: another program may be making the tables.
  auto look = connection.prepare(
      "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema WHERE type = 'table') "
      "FROM pragma_application_id, pragma_user_version");
  if (!look) return pass_on(std::move(look));
  auto row = look->step();
  if (!row) return pass_on(std::move(row));
  const std::int64_t application = look->integer(0), version = look->integer(1), tables = look->integer(2);
  if (application != kApplicationId && tables > 0) {
    return fail(ErrorCode::kBadInput, fmt::format("{} is a SQLite database of another program", path),
                "--db FILE names another database");
  }
  if (application == kApplicationId && version > newest) {
    return fail(ErrorCode::kNewerVersion,
                fmt::format("{} was written by a newer tune (database version {}; this program knows {})", path,
                            version, newest),
                "use that newer program");
  }
  if (application == kApplicationId && version < 1 && tables > 0) {
    return fail(ErrorCode::kDamaged,
                fmt::format("{} says that it is of version {}, which there never was", path, version),
                "it was changed by something else than tune: restore a backup");
  }
  return SchemaState{application != kApplicationId, application == kApplicationId ? version : 0};
}

Result<void> migrate(const sql::Connection& connection, const std::string& path, std::span<const Migration> steps,
                     const char* views) {
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction) return pass_on(std::move(transaction));
  auto state = inspect_schema(connection, path, steps.back().to);
  if (!state) return pass_on(std::move(state));
  if (state->version == steps.back().to) return {};
  for (const Migration& step : steps) {
    if (step.to <= state->version) continue;
    auto taken = connection.execute(step.sql);
    if (!taken) {
      Error error = std::move(taken).error();
      error.message =
          fmt::format("{}: cannot go from database version {} to {}: {}", path, step.to - 1, step.to, error.message);
      return tl::unexpected<Error>(std::move(error));
    }
  }
  auto done = connection.execute(views);
  if (done) {
    done = connection.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, steps.back().to));
  }
  return done ? transaction->commit() : done;
}

}  // namespace tune

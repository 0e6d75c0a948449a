#include "experiments/store/database.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "experiments/store/locks.h"
#include "experiments/store/schema.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

/// Another program's transaction, such as a shell's that somebody forgot, may hold a run up so long before it begins.
constexpr std::chrono::seconds kPatienceToOpen{10};

tl::unexpected<Error> no_database(const std::string& db) {
  return fail(ErrorCode::kNotFound, fmt::format("there is no database {}", db),
              "tune run makes one; --db FILE or TUNE_DB names another");
}

/// To change the journal mode SQLite needs the file for itself and does not ask the busy handler.
Result<void> set_wal(const sql::Connection& connection) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (;;) {
    auto set = connection.execute("PRAGMA journal_mode = WAL");
    if (set || set.error().code != ErrorCode::kBusy || std::chrono::steady_clock::now() > end) return set;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Makes or upgrades the tables. Two programs may come here at once: the second finds nothing left to do.
Result<void> set_up(const std::string& db, const sql::Connection& connection, const SchemaState& state) {
  auto setup = take_setup_lock(db);
  if (!setup) return pass_on(std::move(setup));
  HeldLock all;
  if (!state.empty) {
    auto taken = take_all_experiments_lock(db);
    if (!taken) return pass_on(std::move(taken));
    all = *std::move(taken);
  } else {
    auto ready = connection.execute("PRAGMA auto_vacuum = NONE");
    if (ready) ready = set_wal(connection);
    if (!ready) return ready;
  }
  return migrate(connection, db, migrations(), views_sql());
}

Result<sql::Connection> check_to_read(Result<sql::Connection> connection, const std::string& db) {
  if (!connection) return connection;
  auto state = inspect_schema(*connection, db);
  if (!state) return pass_on(std::move(state));
  if (state->empty) return fail(ErrorCode::kNotFound, fmt::format("{} is empty: it holds no experiment", db));
  if (state->version < kSchemaVersion) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("{} was written by an older tune (database version {}, now {})", db, state->version,
                            kSchemaVersion),
                "tune resume upgrades it");
  }
  auto set = connection->execute("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000");
  if (!set) return pass_on(std::move(set));
  return connection;
}

bool holds_anything(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

}  // namespace

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

bool file_exists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

Result<sql::Connection> open_database(const std::string& db, bool create, const StoreOptions& options) {
  if (!create && !file_exists(db)) return no_database(db);
  auto connection = sql::Connection::open(db, create ? sql::Access::kCreate : sql::Access::kWrite, options.vfs);
  if (!connection) return connection;
  if (options.warn) {  // somebody hears what is waited for, so it may last
    connection->set_patience(kPatienceToOpen);
    connection->set_wait_notice(options.warn);
  }
  auto state = inspect_schema(*connection, db);
  if (!state) return pass_on(std::move(state));
  if (state->empty && !create)
    return fail(ErrorCode::kNotFound, fmt::format("{} is empty: it holds no experiment", db));
  // Deleted bytes need no overwriting.
  auto set = connection->execute(
      fmt::format("PRAGMA synchronous = {}; PRAGMA cache_size = -4000; "
                  "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; "
                  "PRAGMA journal_size_limit = 67108864",
                  options.sync == SyncMode::kFull ? "FULL" : "NORMAL"));
  if (set && state->version < kSchemaVersion) set = set_up(db, *connection, *state);
  if (set) set = set_wal(*connection);  // a restored backup is in another mode
  if (!set) return pass_on(std::move(set));
  return connection;
}

// With writing allowed SQLite can bring a WAL that a killed program left behind in order, and clean up after itself. On
// a full disk: alone, since there is no room for the -shm file that readers share. Where nothing may be written: as far
// as the file system lets it, and where no -wal file has anything in it nothing can be missing.
Result<sql::Connection> open_database_to_read(const std::string& db) {
  if (!file_exists(db)) return no_database(db);
  const auto is_final = [](const Result<sql::Connection>& tried) {
    return tried || (tried.error().code != ErrorCode::kIo && tried.error().code != ErrorCode::kDiskFull);
  };
  auto connection = check_to_read(sql::Connection::open(db, sql::Access::kWrite), db);
  if (!connection && connection.error().code == ErrorCode::kUnsupported) {
    // Of an older version: who reads a finished experiment has no other way to upgrade it.
    auto upgraded = open_database(db, false, {});
    if (upgraded) return check_to_read(*std::move(upgraded), db);
    connection.error().hint = fmt::format("it cannot be upgraded now: {}", upgraded.error().message);
  }
  if (is_final(connection)) return connection;
  if (connection.error().code == ErrorCode::kDiskFull) {
    auto alone = check_to_read(sql::Connection::open(db, sql::Access::kAlone), db);
    if (is_final(alone)) return alone;
  }
  auto plain = check_to_read(sql::Connection::open(db, sql::Access::kRead), db);
  if (is_final(plain)) return plain;
  if (!holds_anything(db + "-wal")) return check_to_read(sql::Connection::open(db, sql::Access::kImmutable), db);
  Error error = std::move(plain).error();
  if (error.code != ErrorCode::kDiskFull) {
    error.hint =
        "its folder takes no files and changes wait in the -wal file: copy both to a folder that can be written";
  }
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace tune

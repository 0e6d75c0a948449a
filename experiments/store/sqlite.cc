#include "experiments/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>
#include <utility>

#include "experiments/store/sql_error.h"

namespace tune::sql {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// --- Statement -------------------------------------------------------------------------------------------------------

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto error = sql_error(sqlite3_db_handle(statement_.get()), code);
  sqlite3_reset(statement_.get());
  return tl::unexpected<Error>(std::move(error));
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return pass_on(std::move(row));
    if (!*row) return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::put(int at, double value) { sqlite3_bind_double(statement_.get(), at, value); }
void Statement::put_integer(int at, std::int64_t value) { sqlite3_bind_int64(statement_.get(), at, value); }
void Statement::put_null(int at) { sqlite3_bind_null(statement_.get(), at); }

// A null pointer would bind NULL, hence the empty text.
void Statement::put(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::put(int at, Blob blob) {
  sqlite3_bind_blob64(statement_.get(), at, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                      SQLITE_STATIC);
}

namespace {

/// Others hold the database for milliseconds; a person hears of what takes longer.
constexpr milliseconds kSilentWait{1000};

}  // namespace

// --- Connection ------------------------------------------------------------------------------------------------------

struct Connection::State {
  sqlite3* db = nullptr;
  milliseconds patience{5000};
  steady_clock::time_point waiting_since;
  std::function<void(const std::string&)> notice;
  bool noticed = false;
  int wal_pages = 0;
  Statement begin, commit, rollback;  // made when first used: a turn must not compile SQL

  ~State() { sqlite3_close_v2(db); }

  /// SQLite's question whether to go on waiting. `count`: how often it has asked about this lock.
  bool goes_on_waiting(int count) {
    if (count == 0) {
      waiting_since = steady_clock::now();
      noticed = false;
    }
    const auto waited = steady_clock::now() - waiting_since;
    if (waited >= patience) return false;
    if (notice && !noticed && waited >= kSilentWait) {
      noticed = true;
      notice("waiting: " + sql_error(db, SQLITE_BUSY).message);
    }
    std::this_thread::sleep_for(count == 0 ? microseconds(50) : microseconds(200));
    return true;
  }
};

namespace {

/// `file:` form of a path, for the one parameter that only a URI can carry.
std::string to_uri(const std::string& path, std::string_view parameters) {
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      uri += c;
    }
  }
  return uri + "?" + std::string(parameters);
}

}  // namespace

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const std::string& path, Access access, const std::string& vfs) {
  std::error_code unknown;
  const auto kind = std::filesystem::status(path, unknown).type();
  if (kind == std::filesystem::file_type::fifo ||
      kind == std::filesystem::file_type::character) {  // would be waited for
    return fail(ErrorCode::kBadInput, path + " is no file", "a database is one");
  }
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
  if (access == Access::kCreate) flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (access == Access::kWrite || access == Access::kAlone) flags |= SQLITE_OPEN_READWRITE;
  if (access == Access::kRead || access == Access::kImmutable) flags |= SQLITE_OPEN_READONLY;
  const std::string name = to_uri(path, access == Access::kImmutable ? "immutable=1" : "");
  auto state = std::make_unique<State>();
  const int code = sqlite3_open_v2(name.c_str(), &state->db, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (state->db == nullptr) return fail(ErrorCode::kIo, "no memory to open " + path);
  if (code != SQLITE_OK) return tl::unexpected<Error>(sql_error(state->db, code, path));

  if (access == Access::kAlone) {  // the index of the WAL lies in our memory, and the WAL stays as it is at the end
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    const int set = sqlite3_exec(state->db, "PRAGMA locking_mode = EXCLUSIVE", nullptr, nullptr, nullptr);
    if (set != SQLITE_OK) return tl::unexpected<Error>(sql_error(state->db, set, path));
  }
  sqlite3_busy_handler(
      state->db, [](void* data, int count) { return static_cast<State*>(data)->goes_on_waiting(count) ? 1 : 0; },
      state.get());
  // Takes the place of SQLite's automatic checkpoint of the WAL, which would fall into a turn by chance (and so would
  // PRAGMA wal_autocheckpoint take the place of this).
  sqlite3_wal_hook(
      state->db,
      [](void* data, sqlite3*, const char*, int pages) {
        static_cast<State*>(data)->wal_pages = pages;
        return SQLITE_OK;
      },
      state.get());
  return Connection(std::move(state));
}

Result<Statement> Connection::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(state_->db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected<Error>(sql_error(state_->db, code));
  return Statement(statement);
}

Result<void> Connection::execute(const std::string& sql) const {
  const int code = sqlite3_exec(state_->db, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected<Error>(sql_error(state_->db, code));
  return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return pass_on(std::move(statement));
  auto row = statement->step();
  if (!row) return pass_on(std::move(row));
  return *row ? statement->integer(0) : 0;
}

void Connection::set_patience(milliseconds longest) { state_->patience = longest; }
void Connection::set_wait_notice(std::function<void(const std::string&)> notice) { state_->notice = std::move(notice); }

bool Connection::has_moved() const {
  int moved = 0;
  const int code = sqlite3_file_control(state_->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

std::int64_t Connection::wal_pages() const { return state_->wal_pages; }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(state_->db) == 0; }

Result<Connection::WalState> Connection::checkpoint(WalMode mode) const {
  const int how = mode == WalMode::kPassive ? SQLITE_CHECKPOINT_PASSIVE
                  : mode == WalMode::kFull  ? SQLITE_CHECKPOINT_FULL
                                            : SQLITE_CHECKPOINT_TRUNCATE;
  int pages = 0, moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(state_->db, nullptr, how, &pages, &moved);
  if (code != SQLITE_OK) return tl::unexpected<Error>(sql_error(state_->db, code));
  return WalState{pages, moved};
}

// --- Transaction -----------------------------------------------------------------------------------------------------

Result<void> Connection::run_kept(Statement& kept, std::string_view sql) const {
  if (!kept) {
    auto statement = prepare(sql);
    if (!statement) return pass_on(std::move(statement));
    kept = *std::move(statement);
  }
  return kept.run();
}

Result<Transaction> Transaction::begin(const Connection& connection) {
  auto begun = connection.run_kept(connection.state_->begin, "BEGIN IMMEDIATE");
  if (!begun) return pass_on(std::move(begun));
  return Transaction(connection);
}

Result<void> Transaction::commit() {
  auto committed = connection_->run_kept(connection_->state_->commit, "COMMIT");
  if (committed) connection_ = nullptr;
  return committed;
}

Transaction::~Transaction() {
  // What cannot be rolled back has been already, by the error that made it fail.
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  (void)connection_->run_kept(connection_->state_->rollback, "ROLLBACK");
}

}  // namespace tune::sql

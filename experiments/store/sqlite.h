#pragma once

// SQLite behind values: a connection and a statement that close themselves and speak Result. The only door to sqlite3.h
// for the rest of this folder, so that messages name the file and what was found everywhere in the same words.
//
// Waiting: SQLite's own busy_timeout backs off so far that one writer can starve another for half a second. Here a
// waiting connection asks again after 50, then every 200 microseconds, until its patience ends (kBusy, naming the
// process that holds the database).

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tune::sql {

struct Blob {
  std::string_view bytes;
};

/// A prepared statement. Texts and blobs are bound without a copy: they must live until the statement is reset.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  /// Binds parameters 1, 2, ... A real that is NaN becomes NULL, as does an empty optional.
  template <class... Values>
  Statement& bind(const Values&... values) {
    int at = 0;
    (put(++at, values), ...);
    return *this;
  }
  /// True: a row is there. False: the end, and the statement is reset.
  Result<bool> step();
  /// Steps to the end.
  Result<void> run();
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;            ///< NULL is NaN
  std::string_view text(int column) const;  ///< text or blob; until the next step
  explicit operator bool() const { return statement_ != nullptr; }

 private:
  template <std::integral Integer>
  void put(int at, Integer value) {
    put_integer(at, static_cast<std::int64_t>(value));
  }
  template <class T>
  void put(int at, const std::optional<T>& value) {
    value ? put(at, *value) : put_null(at);
  }
  void put(int at, double value);
  void put(int at, std::string_view text);
  void put(int at, const std::string& text) { put(at, std::string_view(text)); }
  void put(int at, const char* text) { put(at, std::string_view(text)); }
  void put(int at, Blob blob);
  void put_integer(int at, std::int64_t value);
  void put_null(int at);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Columns of the current row from left to right.
class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}
  bool is_null() const { return row_.is_null(at_); }
  std::int64_t integer() { return row_.integer(at_++); }
  int small() { return static_cast<int>(integer()); }
  double real() { return row_.real(at_++); }
  std::string text() { return std::string(row_.text(at_++)); }
  bool boolean() { return integer() != 0; }
  std::int64_t integer_or(std::int64_t if_null) {
    const bool null = is_null();
    const std::int64_t value = integer();
    return null ? if_null : value;
  }
  double real_or(double if_null) {
    const bool null = is_null();
    const double value = real();
    return null ? if_null : value;
  }

 private:
  const Statement& row_;
  int at_ = 0;
};

enum class Access {
  kCreate,  ///< read and write, made if missing
  kWrite,   ///< read and write
  kRead,
  kAlone,      ///< read, while no other process has it open (else kBusy): needs no -shm file, and no byte of disk space
  kImmutable,  ///< read, and nobody writes: a database in a directory that takes no -wal and -shm files
};

class Connection {
 public:
  static Result<Connection> open(const std::string& path, Access access, const std::string& vfs = {});
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Requires: `sql` is one statement and right; a mistake is kInternal.
  Result<Statement> prepare(std::string_view sql) const;
  /// Any number of statements without parameters.
  Result<void> execute(const std::string& sql) const;
  /// The first column of the first row; 0 if there is no row.
  Result<std::int64_t> integer(std::string_view sql) const;

  void set_patience(std::chrono::milliseconds longest);
  /// Hears after a second of waiting who is waited for; once a wait.
  void set_wait_notice(std::function<void(const std::string&)> notice);
  /// Whether the file that was opened no longer lies under its name: deleted, moved or replaced. One stat().
  bool has_moved() const;
  /// Pages in the WAL after the last commit of this connection.
  std::int64_t wal_pages() const;
  bool in_transaction() const;
  struct WalState {
    std::int64_t pages = 0, moved = 0;  ///< in the WAL; of these, moved into the database
    bool all() const { return pages == moved; }
  };
  enum class WalMode { kPassive, kFull, kTruncate };
  Result<WalState> checkpoint(WalMode mode) const;

 private:
  friend class Transaction;
  struct State;
  Result<void> run_kept(Statement& kept, std::string_view sql) const;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// BEGIN IMMEDIATE, and ROLLBACK unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(const Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(const Connection& connection) : connection_(&connection) {}
  const Connection* connection_;
};

}  // namespace tune::sql

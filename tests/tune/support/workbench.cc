#include "tests/tune/support/workbench.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "core/json.h"
#include "core/text.h"

namespace tune::testing {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

Database open_database(const std::string& path, int flags) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  Database opened(db);
  if (code != SQLITE_OK) return nullptr;
  sqlite3_busy_timeout(db, 5000);
  return opened;
}

std::string in_words(const std::vector<Process>& processes) {
  std::string words;
  for (const Process& process : processes) {
    words += std::to_string(process.pid) + " below " + std::to_string(process.parent) + ": " + process.command + "\n";
  }
  return words;
}

}  // namespace

Workbench::Workbench() { adopt_orphans(); }

Workbench::~Workbench() {
  for (int round = 0; round < 3; ++round) {
    for (const Process& process : processes_below(getpid())) kill(process.pid, SIGKILL);
    bury_orphans({});
  }
}

Program Workbench::start(const Arguments& arguments, const Environment& environment) {
  Start start;
  start.command = {TUNE_PROGRAM};
  start.command.insert(start.command.end(), arguments.begin(), arguments.end());
  start.folder = path();
  start.environment = environment;
  start.output = outputs_ / std::to_string(started_++);
  return Program(start);
}

Terminal Workbench::start_on_terminal(const Arguments& arguments, int columns, int rows,
                                      const Environment& environment) {
  Start start{{TUNE_PROGRAM}, path(), environment, {}};
  start.command.insert(start.command.end(), arguments.begin(), arguments.end());
  return Terminal(start, columns, rows);
}

Outcome Workbench::tune(const Arguments& arguments, const Environment& environment) {
  return start(arguments, environment).wait();
}

Outcome Workbench::run(const std::string& name, const std::string& text, const Arguments& more) {
  write(name + ".yaml", text);
  Arguments arguments{"run", name + ".yaml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return tune(arguments);
}

Rows Workbench::query(const std::string& sql, const std::string& db) const {
  Rows rows;
  const Database database = open_database(*this / db, SQLITE_OPEN_READONLY);
  sqlite3_stmt* statement = nullptr;
  if (!database || sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) return rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    auto& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (sqlite3_column_type(statement, i) == SQLITE_FLOAT) {  // SQLite's own text has 15 digits
        row.push_back(format_real(sqlite3_column_double(statement, i)));
        continue;
      }
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      row.emplace_back(text == nullptr ? "NULL" : text);
    }
  }
  sqlite3_finalize(statement);
  return rows;
}

std::string Workbench::value(const std::string& sql, const std::string& db) const {
  const Rows rows = query(sql, db);
  return rows.empty() ? std::string() : rows.front().front();
}

void Workbench::change(const std::string& sql, const std::string& db) const {
  const Database database = open_database(*this / db, SQLITE_OPEN_READWRITE);
  ASSERT_NE(database, nullptr) << db;
  char* complaint = nullptr;
  sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, &complaint);
  ASSERT_EQ(complaint, nullptr) << complaint;
  const bool counts = sql.starts_with("update") || sql.starts_with("delete") || sql.starts_with("insert");
  if (counts) {
    ASSERT_GT(sqlite3_total_changes(database.get()), 0) << sql;
  }
}

std::string Workbench::left_behind(double seconds) const {
  std::vector<Process> left;
  const bool gone = eventually(
      [&] {
        bury_orphans({});
        left = processes_below(getpid());
        return left.empty();
      },
      seconds);
  return gone ? std::string() : in_words(left);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

Value json(const std::string& text) {
  auto value = parse_json(text);
  if (!value) {
    ADD_FAILURE() << "no JSON: " << text << "\n" << value.error().message;
    return {};
  }
  return *std::move(value);
}

std::string at(const Value& value, const std::string& path) {
  const Value* found = &value;
  std::istringstream in(path);
  for (std::string key; found != nullptr && std::getline(in, key, '.');) found = found->find(key);
  if (found == nullptr) return "-";
  return found->is_text() ? found->text() : to_json(*found);
}

std::vector<std::vector<std::string>> csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines(text)) {
    auto& row = rows.emplace_back();
    std::size_t from = 0;
    for (std::size_t to = 0; to != std::string::npos; from = to + 1) {
      to = line.find(',', from);
      row.push_back(line.substr(from, to - from));
    }
  }
  return rows;
}

std::vector<std::string> column(const std::string& csv_text, const std::string& name) {
  const auto rows = csv(csv_text);
  std::vector<std::string> cells;
  if (rows.empty()) return cells;
  const auto found = std::ranges::find(rows.front(), name);
  if (found == rows.front().end()) {
    ADD_FAILURE() << "no column " << name << " in " << csv_text.substr(0, csv_text.find('\n'));
    return cells;
  }
  const auto index = static_cast<std::size_t>(found - rows.front().begin());
  for (std::size_t i = 1; i < rows.size(); ++i) cells.push_back(index < rows[i].size() ? rows[i][index] : "");
  return cells;
}

}  // namespace tune::testing

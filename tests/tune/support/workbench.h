#pragma once

// A folder in memory with `tune` at hand: experiments are written, run and looked at as a user does. Gone at the end,
// with every process that a test has left behind.

#include <string>
#include <vector>

#include "core/value.h"
#include "tests/trainables/scratch_directory.h"
#include "tests/tune/support/processes.h"
#include "tests/tune/support/program.h"
#include "tests/tune/support/terminal.h"

namespace tune::testing {

using Arguments = std::vector<std::string>;
using Rows = std::vector<std::vector<std::string>>;  ///< NULL: "NULL"

class Workbench {
 public:
  Workbench();
  ~Workbench();

  const std::string& path() const { return folder_.path(); }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& content) const { folder_.write(name, content); }
  std::string read(const std::string& name) const { return folder_.read(name); }

  /// Starts `tune ARGUMENTS` here.
  Program start(const Arguments& arguments, const Environment& environment = {});
  /// The same on a terminal of its own.
  Terminal start_on_terminal(const Arguments& arguments, int columns, int rows, const Environment& environment = {});
  /// Runs it to its end.
  Outcome tune(const Arguments& arguments, const Environment& environment = {});
  /// Writes `text` as NAME.yaml and runs it with more arguments.
  Outcome run(const std::string& name, const std::string& text, const Arguments& more = {});

  /// Rows of a query on tune.db; none while there is no database.
  Rows query(const std::string& sql, const std::string& db = "tune.db") const;
  /// The first cell, or an empty text.
  std::string value(const std::string& sql, const std::string& db = "tune.db") const;
  /// Changes the database behind the program's back.
  void change(const std::string& sql, const std::string& db = "tune.db") const;

  /// Whether all processes of this folder's runs end by themselves; what is left otherwise.
  std::string left_behind(double seconds = kPatience) const;

 private:
  ScratchDirectory folder_;
  ScratchDirectory outputs_;
  int started_ = 0;
};

/// Lines of a text, without the last empty one.
std::vector<std::string> lines(const std::string& text);
/// A JSON text as a value; a failure of the test if it is none.
Value json(const std::string& text);
/// The member of a map at this path (`a.b`), as text: text as it is, all else as JSON; `-` if absent.
std::string at(const Value& value, const std::string& path);
/// Splits a CSV without quoted cells: row by row.
std::vector<std::vector<std::string>> csv(const std::string& text);
/// One column of it by name, without the header.
std::vector<std::string> column(const std::string& csv_text, const std::string& name);

}  // namespace tune::testing

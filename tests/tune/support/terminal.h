#pragma once

// A program on a terminal of its own (a pseudo-terminal): what a person would see on the screen, and keys that are
// typed. The screen understands what `tune` writes: text, line ends, cursor up, erasing, the cursor's showing and
// hiding; colours are taken off.

#include <string>
#include <vector>

#include "tests/tune/support/program.h"

namespace tune::testing {

/// What stands on a screen after bytes were written to it. Lines that have left it at the top are kept.
class Screen {
 public:
  Screen(int columns, int rows) : columns_(columns), rows_(rows), lines_(1) {}
  void write(std::string_view bytes);

  /// All lines, those that have scrolled out first, with a line end each.
  std::string text() const;
  bool cursor_is_shown() const { return cursor_shown_; }
  /// A sequence that the screen does not understand; empty: none came.
  const std::string& not_understood() const { return not_understood_; }

 private:
  void sequence(char final, const std::string& parameters);
  void put(std::string_view character);
  void new_line();
  std::size_t top() const;

  std::size_t columns_, rows_;
  std::vector<std::vector<std::string>> lines_;  // a cell holds one character
  std::size_t line_ = 0, column_ = 0;
  std::string pending_;  // an unfinished sequence or character
  bool cursor_shown_ = true;
  std::string not_understood_;
};

class Terminal {
 public:
  Terminal(const Start& start, int columns, int rows);
  Terminal(const Terminal&) = delete;
  ~Terminal();  ///< kills the program if it still runs

  /// As from the keyboard: "\x03" is Ctrl-C.
  void type(std::string_view keys);
  /// Takes what the program has written, and looks for `text` on the screen or above it.
  bool shows(const std::string& text);
  bool is_over();
  /// Waits for its end; the texts of the outcome are empty.
  Outcome wait(double seconds = kPatience);

  std::string screen();
  bool cursor_is_shown();
  /// Every byte so far.
  const std::string& raw();

 private:
  void take();

  Screen screen_;
  std::string raw_;
  int master_ = -1;
  pid_t pid_ = 0;
  bool over_ = false;
  int status_ = 0;
};

}  // namespace tune::testing

#pragma once

// A text on stdout that is shown again and again: in place on a terminal, where only lines that changed are written, so
// that nothing flickers; elsewhere one after the other, and only when it has changed.

#include <string>
#include <vector>

namespace tune::cli {

class Redraw {
 public:
  Redraw();
  void show(const std::string& text);

 private:
  void show_in_place(const std::string& text);

  bool in_place_ = false;
  std::string last_;
  std::vector<std::string> drawn_;  // lines on the screen
};

}  // namespace tune::cli

#pragma once

// An Experiment of the C++ API as the text of the file that says the same: what the one validator reads, what is stored
// as its source, and what `tune run` takes. Each place in the text knows its path of keys, for messages.

#include <string>
#include <utility>
#include <vector>

#include "core/value.h"
#include "tune/api/include/tune/experiment.h"

namespace tune {

Value to_value(const Setting& setting);
Setting to_setting(const Value& value);

/// The document of an experiment. `trainable` is what stands under that key.
Value document_of(const Experiment& experiment, Value trainable);

class DocumentText {
 public:
  /// One key a line, parameters one a line, all deeper in braces. Requires: a map.
  explicit DocumentText(const Value& document);

  const std::string& text() const { return text_; }
  /// Path of keys of what stands at a one-based line and column (in characters); empty: nothing does.
  std::string path_at(int line, int column) const;

 private:
  struct Mark {
    int line, column;
    std::string path;
  };
  void write(const Value& value, const std::string& path);
  void write_members(const Map& map, const std::string& path, const std::string& indent);
  void put(const std::string& text);
  void mark(const std::string& path) { marks_.push_back({line_, column_, path}); }

  std::string text_;
  std::vector<Mark> marks_;  // in the order of the text
  int line_ = 1, column_ = 1;
};

}  // namespace tune

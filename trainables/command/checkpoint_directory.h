#pragma once

// ${checkpoint_dir} of one trial: the state that a program continues from, as bytes and back. It knows which of its
// states were captured before, so that the state of an old report is not taken for that of the newest.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "trainables/command/program_report.h"

namespace tune {

/// What a program had printed when it left for a pause, and tune had not taken yet.
struct HeldBack {
  std::vector<ProgramReport> reports;
  bool ended = false;  ///< it was through: only these reports are left
  /// Name of the checkpoint of the report before these, where that is exact: all that a clone is given. Empty: it is
  /// given the whole directory.
  std::string state;
};

class CheckpointDirectory {
 public:
  /// Makes `path` an empty directory.
  Result<void> make(std::string path);

  /// Unpacks what save_with() or capture() gave, and takes out what was held back. Another `config` than that of the
  /// program that left: a clone, which begins with its donor's state but not with its donor's reports.
  Result<HeldBack> restore(std::string_view bytes, const std::string& config);

  /// The bytes of all of it, or of the file or directory `only` in it. kNotFound if there is nothing, kIo if it cannot
  /// be read.
  Result<std::string> capture(const std::string& only);

  /// The same with what was held back of a program with these parameters.
  Result<std::string> capture_with(const std::string& only, const HeldBack& held_back, const std::string& config) const;

  /// Whether `name`, as capture() last gave it, has not been written again since. One that is gone has not.
  bool holds_still(const std::string& name) const;

  /// Whether the checkpoints that these reports name are there.
  bool has_all_of(const std::vector<ProgramReport>& reports) const;

  /// All that lies in it now belongs to a report whose program waits.
  void remember();

  /// The bytes of all of it with what was held back of a program with these parameters. Nothing: the program was not
  /// through, and left no state that is in no checkpoint yet.
  Result<std::optional<std::string>> save_with(const HeldBack& held_back, const std::string& config) const;

 private:
  bool is_empty() const;
  Result<void> keep_only(const std::string& name);  ///< all of it if that is empty

  std::string path_;
  std::optional<std::size_t> stored_;  ///< fingerprint of the last whole checkpoint
  std::size_t named_ = 0;              ///< of the last one that had a name
};

}  // namespace tune

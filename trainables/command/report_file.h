#pragma once

// $TUNE_REPORT_FILE: what a program appends to it, read from where the last reading ended.

#include <sys/types.h>

#include <string>

#include "core/result.h"
#include "trainables/command/line_splitter.h"

namespace tune {

class ReportFile {
 public:
  /// Makes `path` an empty file. kIo.
  Result<void> make(std::string path);

  const std::string& path() const { return path_; }

  /// Feeds what is new to `lines`, at most kHelping bytes of it; true if that was not all. A file that has become
  /// shorter, or is another one, is read from its beginning.
  bool read_new(LineSplitter& lines);

 private:
  static constexpr off_t kHelping = 4 << 20;  // keeps the caller awake
  std::string path_;
  off_t offset_ = 0;
  ino_t inode_ = 0;
};

}  // namespace tune

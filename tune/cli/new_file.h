#pragma once

// What a person names with -o: a file that appears whole or not at all.

#include <string>

#include "core/result.h"

namespace tune::cli {

/// Written beside its place, synced, renamed. A link is followed, so that what it leads to is replaced and not the
/// link; what is no ordinary file (a device, a pipe) is written to in place.
class NewFile {
 public:
  explicit NewFile(const std::string& path);
  ~NewFile();  ///< takes away what was not kept
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// Where the bytes go until keep().
  const std::string& draft() const { return draft_; }
  /// After the writer has closed draft(). kIo, kDiskFull: it is not there, and what stood in its place still is.
  Result<void> keep();
  /// errno as an error about the file that the person named.
  tl::unexpected<Error> failed() const;

 private:
  std::string path_, target_, draft_;
};

}  // namespace tune::cli

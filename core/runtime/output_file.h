#pragma once

// What a running attempt prints, as a file that others may follow while it runs. Positions in it are those in the whole
// output; only its end takes space on the disk, however much is printed. A convenience: what cannot be written is left
// out, and the database gets the output's head and tail at the attempt's end all the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/channel.h"
#include "core/ids.h"

namespace tune {

class OutputFile {
 public:
  static constexpr std::uint64_t kWindow = 1u << 20;  ///< bytes of the end that are there for sure

  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() { end(); }

  /// An attempt begins; its file is made with its first byte.
  void begin(std::string path);
  void add(std::string_view bytes);
  /// Takes the file away, and its folder if nothing else is in it.
  void end();

 private:
  void forget_beginning();

  std::string path_;
  Fd file_;
  std::uint64_t size_ = 0, forgotten_ = 0;
};

/// The folder of all attempts: beside the database.
std::string attempts_dir(const std::string& database);

/// The file of an attempt below it.
std::string output_file_path(const std::string& attempts_dir, const std::string& trial_name, Attempt attempt);

}  // namespace tune

#pragma once

// What a program prints, on its way through this process's own stdout and stderr to where output is kept: secrets
// masked, and its last word remembered.

#include <string>
#include <string_view>
#include <utility>

#include "trainables/command/last_line.h"
#include "trainables/command/secret_mask.h"

namespace tune {

class ProgramOutput {
 public:
  explicit ProgramOutput(SecretMask::Secrets secrets = {}) : printed_(std::move(secrets)), complained_(printed_) {}

  void print(std::string_view bytes);
  void complain(std::string_view bytes);
  /// Both streams are at their end.
  void finish();

  /// The last line on its stderr; empty: there is none.
  std::string complaint() const { return complaint_.text(); }
  /// A text about it, as it may be shown.
  std::string masked(std::string_view text) const { return printed_.masked(text); }
  std::string masked_json(std::string json) const { return printed_.masked_json(std::move(json)); }

  /// A line of ours among its output.
  static void note(const std::string& text);
  /// From now on stdout is not passed on: this process's own is somebody else's.
  static void keep_off_stdout();

 private:
  void pass_on_complaint(std::string_view shown);

  SecretMask printed_, complained_;
  LastLine complaint_;
};

}  // namespace tune

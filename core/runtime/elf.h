#pragma once

// What of an ELF file decides how it is run: whether it is a program, and which libraries it asks for.

#include <optional>
#include <string>
#include <vector>

namespace tune {

struct ElfFacts {
  bool is_program = false;          ///< it asks for a loader of programs, which shared libraries do not
  std::vector<std::string> needed;  ///< sonames, in order
};

/// Nothing: unreadable, or no ELF file of this kind of machine.
std::optional<ElfFacts> read_elf(const std::string& path);

/// What follows `mark` in the file, to the next byte that is no printable character; nothing if it is not there.
std::optional<std::string> text_after(const std::string& path, const std::string& mark);

}  // namespace tune

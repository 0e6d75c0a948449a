#pragma once

// A program that runs its own trials. tune::init, first in main, makes it one: when tune starts the program again to
// run trials of what it has registered (TUNE_TRAINABLE, TUNE_FUNCTION), init does that and does not return.
//
//   int main(int argc, char** argv) {
//     tune::init(argc, argv);
//     // and only then whatever the program does
//   }
//
// Its experiments can then be run and resumed by the command line as well: `trainable: ./program:Net`.
//
// What may change: TUNE_ABI (trial and trainable) and the program interface below are checked whenever a library or a
// program is started, which is refused by name and version if they differ. The library itself (libtune.so) has the
// version in its soname, so that a program built against another minor version is not started by the loader.

#include <tune/abi.h>
#include <tune/trainable.h>

namespace tune {

namespace registration {

/// Makes known to libtune what this module (program or library) has registered; called once by each.
int add_module(const tune_library* (*library)());
/// The other ends of init.
void enter(int argc, char** argv, const char* mark);

// Hidden, as what it reads: each module has its own.
__attribute__((visibility("hidden"))) inline const tune_library* of_this_module() {
  if (registered == nullptr) return nullptr;
  library = {TUNE_ABI, TUNE_HEADERS_VERSION, registered->size(), registered->data()};
  return &library;
}
__attribute__((visibility("hidden"), used)) inline const int module_added = add_module(&of_this_module);

}  // namespace registration

/// Call first in main, with its arguments. Threads: before any other is started.
inline void init(int argc, char** argv) {
  registration::enter(argc, argv, TUNE_PROGRAM_MARK "1:" TUNE_HEADERS_VERSION);
}

}  // namespace tune

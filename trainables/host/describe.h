#pragma once

// `tune-host --describe`: loads a trainable and prints what it is. A process of its own does this, so that a library
// that crashes while it loads takes nobody with it.

#include <functional>
#include <string>

#include "trainables/run/loader.h"

namespace tune {

/// Prints one line of JSON on stdout, whatever the library itself prints goes to stderr. 0, or 1 if it does not load.
int describe(const std::string& ref_json, const CompiledIn& compiled_in);

/// load_trainable, with one thread for OpenMP and BLAS, and with `last_words` called for an exception that a library
/// throws while the loader runs its constructors: no caller can catch that one, the process ends after it.
Result<LoadedTrainable> load_alone(const TrainableRef& ref, const CompiledIn& compiled_in,
                                   std::function<void(const Error&)> last_words);

}  // namespace tune

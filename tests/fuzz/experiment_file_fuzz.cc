// libFuzzer entry for the reader of experiment files: built with clang and -DTUNE_FUZZ=ON, run on a copy of
// tests/experiments/spec/good and bad as its corpus.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/reader_context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tune::ReaderContext context = tune::fuzz::reader_context({"branin", "iris", "empty"});
  const std::string text(reinterpret_cast<const char*>(data), size);
  const tune::ReadOutcome outcome = tune::read_experiment(text, "f", "/nowhere", "f", context);
  tune::format_diagnostics(outcome.diagnostics, true);
  if (outcome.spec && !tune::read_stored_experiment(outcome.spec->resolved_json, "/nowhere", context).spec)
    std::abort();
  return 0;
}

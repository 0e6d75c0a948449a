// `--set KEY=VALUE`, a line each: every fault is told with a message, and what is accepted is read back from its stored
// form.

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reader_context.h"

namespace {

constexpr const char* kBase = R"(version: 1
name: base
trainable: branin
objective: {metric: loss, mode: min}
search_space: {x1: {uniform: [-5, 10]}, x2: {uniform: [0, 15]}, deep: {lr: {loguniform: [1e-4, 1e-1]}}}
search: {algorithm: random, seed: 7}
scheduler: fifo
budget: {trials: 4}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tune::ReaderContext context = tune::fuzz::reader_context({"branin"});
  std::string_view lines = tune::fuzz::text_of(data, size);
  while (!lines.empty() && context.overrides.size() < 20) {
    std::string_view value = tune::fuzz::take_until(lines, '\n');
    const std::string key(tune::fuzz::take_until(value, '='));
    context.overrides.emplace_back(key, std::string(value));
  }
  const auto outcome = tune::read_experiment(kBase, "f", "/nowhere", "f", context);
  tune::format_diagnostics(outcome.diagnostics, true);
  tune::diagnostics_to_json(outcome.diagnostics);
  context.overrides.clear();
  if (outcome.spec) {
    tune::fuzz::require(tune::read_stored_experiment(outcome.spec->resolved_json, "/nowhere", context).spec.has_value(),
                        "what is accepted is read back from the store");
  }
  return 0;
}
